// A time budget for each turn of the event loop, which all sockets of this API share. Once listeners have used it up, the rest waits for
// the next turn, so that timers and other I/O can run.

import { clock, setImmediate } from "../base/timers.js"

/** Milliseconds. */
const BUDGET = 3

let counting = false
let ends = 0

/** Whether the budget of this turn is used up. */
export function outOfTime(): boolean {
  const now = clock.now()
  if (!counting) {
    counting = true
    ends = now + BUDGET
    setImmediate(() => {
      counting = false
    })
  }
  return now >= ends
}
