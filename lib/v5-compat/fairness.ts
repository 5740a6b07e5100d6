// One allowance for each turn of the event loop, which all sockets of this API share: listeners are called one after the
// other for as long as it lasts, then timers and other I/O have their turn.

/** Milliseconds. */
const ALLOWANCE = 3

/** Taken now: a test that replaces the timers must not stop the sockets. */
export const immediate = setImmediate
export const nextTick = process.nextTick
export const interval = setInterval

let counting = false
let ends = 0

/** Whether this turn has lasted long enough. */
export function outOfTime(): boolean {
  const now = performance.now()
  if (!counting) {
    counting = true
    ends = now + ALLOWANCE
    immediate(() => {
      counting = false
    })
  }
  return now >= ends
}
