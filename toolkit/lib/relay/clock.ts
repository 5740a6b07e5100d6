// The time, which a program that tries out hours can replace.

import { performance } from "node:perf_hooks"
import { setTimeout } from "node:timers/promises"

/** A clock that never goes back. */
export interface Clock {
  /** Milliseconds since some time. */
  now(): number
  /** Resolves after a time, or once the signal is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>
}

/** The longest that a timer of Node waits: what is longer is not waited for at all. In milliseconds. */
export const longestWaitMs = 2 ** 31 - 1

/** That of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wait: async (milliseconds, signal) => {
    await setTimeout(Math.min(milliseconds, longestWaitMs), undefined, { signal }).catch(() => {})
  },
}
