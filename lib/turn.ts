// One budget for each turn of the event loop, shared by all sockets of the thread.
//
// A promise that is resolved already lets its consumer go on in the same turn. A loop over a busy socket would so keep
// timers and other I/O waiting for as long as messages come. Operations that need not wait are therefore settled at once
// only while the turn's time lasts; then they are settled in the next turn.

/** How long a turn may last before operations are put off to the next one, in milliseconds. */
const BUDGET = 3

/** How many operations pass between two looks at the clock. */
const STRIDE = 16

let turn = 0
let armed = false
let started = 0
let operations = 0
let boundary: Promise<void> | undefined
let pass: (() => void) | undefined

function nextTurn(): void {
  turn += 1
  armed = false
  operations = 0
  const resolve = pass
  pass = undefined
  boundary = undefined
  resolve?.()
}

/** A number that changes when the event loop turns, for as long as somebody keeps asking for it. */
export function currentTurn(): number {
  if (!armed) {
    armed = true
    started = performance.now()
    setImmediate(nextTurn)
  }
  return turn
}

/** Counts operations. Undefined while the turn's time lasts, else a promise for the next turn. */
function spend(count: number): Promise<void> | undefined {
  if (boundary !== undefined) return boundary
  operations += count
  if (operations < STRIDE) return undefined
  operations = 0
  currentTurn()
  if (performance.now() - started < BUDGET) return undefined
  boundary = new Promise((resolve) => {
    pass = resolve
  })
  return boundary
}

const done = Promise.resolve()

/** The result of an operation without a value: the same promise each time. `count` is how many messages it was. */
export const settled = (count = 1): Promise<void> => spend(count) ?? done

/** The result of an operation with a value. */
export function settledWith<T>(value: T, count = 1): Promise<T> {
  const later = spend(count)
  return later === undefined ? Promise.resolve(value) : later.then(() => value)
}
