// How fast and how many messages pass.

import { setTimeout as sleep } from "node:timers/promises"

/** The time between two groups of messages at high rates, in milliseconds. */
const STEP = 5

/** Ends after a number of messages. */
export async function* limited<T>(batches: AsyncIterable<T[]>, limit: number): AsyncGenerator<T[]> {
  let left = limit
  for await (const batch of batches) {
    if (batch.length >= left) {
      yield batch.slice(0, left)
      return
    }
    left -= batch.length
    yield batch
  }
}

/** Holds messages back so that no more than `rate` pass in a second, evenly. Ends when the signal is aborted. */
export async function* paced<T>(batches: AsyncIterable<T[]>, rate: number, signal: AbortSignal): AsyncGenerator<T[]> {
  const group = Math.max(1, Math.floor((rate * STEP) / 1000))
  let start = performance.now()
  let passed = 0
  for await (const batch of batches) {
    for (let at = 0; at < batch.length; at += group) {
      const due = start + (passed * 1000) / rate
      const now = performance.now()
      if (due > now) {
        try {
          await sleep(due - now, undefined, { signal })
        } catch {
          return
        }
      } else if (now - due > 1000) {
        // The input was slow. It does not catch up with a burst.
        start = now
        passed = 0
      }
      const piece = batch.slice(at, at + group)
      passed += piece.length
      yield piece
    }
  }
}
