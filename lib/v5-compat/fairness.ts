// One allowance for each turn of the event loop, which all sockets of this API share: listeners are called one after the
// other for as long as it lasts, then timers and other I/O have their turn.

import { clock, setImmediate } from "../base/timers.js"

/** Milliseconds. */
const ALLOWANCE = 3

let counting = false
let ends = 0

/** Whether this turn has lasted long enough. */
export function outOfTime(): boolean {
  const now = clock.now()
  if (!counting) {
    counting = true
    ends = now + ALLOWANCE
    setImmediate(() => {
      counting = false
    })
  }
  return now >= ends
}
