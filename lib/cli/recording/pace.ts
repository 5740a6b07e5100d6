// Gives the messages of a recording when they are due.

import { setTimeout as sleep } from "node:timers/promises"

import type { Batch, Recorded } from "./reader.js"

/** What is due within this time is due now, in milliseconds: about the accuracy of timers. */
const SLACK = 0.5
/** The longest wait at a time, in milliseconds. */
const LONGEST = 2 ** 30

/**
 * The messages in groups, each group when its messages are due: as far apart as they came, divided by the speed. Recordings of one file
 * follow each other without a gap.
 *
 * @param speed Infinity gives all at once.
 */
export async function* paced(
  batches: Iterable<Batch>,
  speed: number,
  signal: AbortSignal,
): AsyncGenerator<readonly Recorded[]> {
  if (speed === Number.POSITIVE_INFINITY) {
    for (const { messages } of batches) {
      if (signal.aborted) return
      yield messages
    }
    return
  }
  let current = -1
  /** When the recording began, by its own clock and by ours. */
  let [first, begin] = [0, 0]
  for (const { recording, messages } of batches) {
    if (recording !== current) {
      current = recording
      first = messages[0]?.time ?? 0
      begin = performance.now()
    }
    const due = (message: Recorded) => begin + (message.time - first) / 1000 / speed
    for (let at = 0; at < messages.length; ) {
      const next = due(messages[at] as Recorded)
      for (let wait = next - performance.now(); wait > SLACK; wait = next - performance.now()) {
        try {
          await sleep(Math.min(Math.max(wait, 1), LONGEST), undefined, { signal })
        } catch {
          return
        }
      }
      if (signal.aborted) return
      const now = performance.now() + SLACK
      let end = at + 1
      while (end < messages.length && due(messages[end] as Recorded) <= now) end += 1
      yield messages.slice(at, end)
      at = end
    }
  }
}
