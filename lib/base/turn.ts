// One budget for each turn of the event loop, shared by all sockets of the thread.
//
// A promise that is resolved already lets its consumer go on in the same turn. A loop over a busy socket would so keep
// timers and other I/O waiting for as long as messages come. Operations that need not wait are therefore settled at once
// only while the turn's time lasts; then they are settled in the next turn.

import { addon, hasUv } from "../native/addon.js"
import { clock, setImmediate } from "./timers.js"

/** How long a turn may last before operations are put off to the next one, in milliseconds. */
const BUDGET = 3

/** Operations that took longer than this together are looked at one by one, in milliseconds. */
const SLOW = 1

/** The most operations that pass between two looks at the clock; fewer where they have been slow. */
const STRIDE = 8

// Taken out of the module, which is slow to look into.
const { now } = clock
const immediate = setImmediate
const { turns } = addon

/** The turn that `started` and `looked` are of. */
let turn = -1
let started = 0
let operations = 0
let stride = 1
/** When the clock was looked at last, from the turn's start. */
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

/** Counts operations. Undefined while the turn's time lasts, else a promise for the next turn. */
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

/** Whether the turn's time is used up. For callers that do not count operations. */
export function outOfTime(): boolean {
  currentTurn()
  return now() - started >= BUDGET
}

/** The next turn, if something was put off to it: what settles later must not overtake that. */
export const nextTurnIfPending = (): Promise<void> | undefined => boundary

const done = Promise.resolve()

/** The result of an operation without a value: the same promise each time. `count` is how many messages it was. */
export const settled = (count = 1): Promise<void> => spend(count) ?? done

/** The result of an operation with a value. */
export function settledWith<T>(value: T, count = 1): Promise<T> {
  const later = spend(count)
  return later === undefined ? Promise.resolve(value) : later.then(() => value)
}
