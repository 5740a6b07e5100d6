// The callbacks of sends that succeeded. Each is called before its message, and those sent after it, are emitted in the same thread.

import { callSoon } from "../base/timers.js"

let pending = 0

/** Calls back as soon as the code that is running has finished. */
export function callBack(call: () => void): void {
  pending += 1
  callSoon(() => {
    pending -= 1
    call()
  })
}

/** Whether some are still to be called. */
export const arePending = (): boolean => pending > 0
