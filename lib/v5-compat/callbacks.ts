// The callbacks of successful sends. Each is called before a socket of this thread emits its message or a later one.

import { callSoon } from "../base/timers.js"

let pending = 0

/** Calls a function as soon as the running code has finished. */
export function callBack(call: () => void): void {
  pending += 1
  callSoon(() => {
    pending -= 1
    call()
  })
}

/** Whether callbacks are waiting to be called. */
export const arePending = (): boolean => pending > 0
