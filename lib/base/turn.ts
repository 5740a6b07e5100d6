// One budget for each turn of the event loop, shared by all sockets of the thread.
//
// A consumer of resolved promises continues in the same turn. A loop over a busy socket would thus keep timers and other I/O waiting as long
// as messages arrive. So operations that need not wait settle at once only until the turn's budget is spent; later ones settle in the next
// turn.

import { addon, hasUv } from "../native/addon.js"
import { clock, setImmediate } from "./timers.js"

/** The time after which operations are deferred to the next turn, in milliseconds. */
const BUDGET = 3

/** If the operations between two checks of the clock took longer than this, in milliseconds, each one is checked. */
const SLOW = 1

/** The maximum number of operations between two checks of the clock. It is lower while they are slow. */
const STRIDE = 8

// Read from the modules once, because each access to a module costs time.
const { now } = clock
const immediate = setImmediate
const { turns } = addon

/** The turn to which `started` and `looked` belong. */
let turn = -1
let started = 0
let operations = 0
let stride = 1
/** The time of the last check of the clock, since the start of the turn. */
let looked = 0
let boundary: Promise<void> | undefined

function countTurn(): void {
  turns[0] = (turns[0] as number) + 1
}

/** A number that changes when the event loop turns. */
export function currentTurn(): number {
  const current = turns[0] as number
  if (current !== turn) {
    turn = current
    started = now()
    operations = 0
    looked = 0
    if (!hasUv) immediate(countTurn)
  }
  return turn
}

/** Counts operations. Returns undefined while the budget lasts, then a promise for the next turn. */
export function spend(count: number): Promise<void> | undefined {
  if (boundary !== undefined) return boundary
  operations += count
  if (operations < stride) return undefined
  operations = 0
  currentTurn()
  const elapsed = now() - started
  stride = elapsed - looked > SLOW ? 1 : Math.min(stride * 2, STRIDE)
  looked = elapsed
  if (elapsed < BUDGET) return undefined
  boundary = new Promise((resolve) => {
    immediate(() => {
      boundary = undefined
      resolve()
    })
  })
  return boundary
}

/** Whether the turn's budget is spent. For callers that do not count operations. */
export function outOfTime(): boolean {
  currentTurn()
  return now() - started >= BUDGET
}

/** The next turn, if an operation was deferred to it: later ones must not overtake that one. */
export const nextTurnIfPending = (): Promise<void> | undefined => boundary

const done = Promise.resolve()

/** The result of an operation without a value: the same promise each time. `count` is the number of messages. */
export const settled = (count = 1): Promise<void> => spend(count) ?? done

/** The result of an operation with a value. */
export function settledWith<T>(value: T, count = 1): Promise<T> {
  const later = spend(count)
  return later === undefined ? Promise.resolve(value) : later.then(() => value)
}
