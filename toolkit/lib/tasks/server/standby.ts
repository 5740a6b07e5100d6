// Waiting to take a queue over, of a store that several machines share.

import type { Store } from "../../store/index.js"
import { checkOption } from "./options.js"

/** How to wait. Times are in milliseconds. */
export interface StandbyOptions {
  /** For how long nothing must be written. More than twice the `beat` of the queue that serves. */
  silence: number
  /** Ends the wait. */
  signal?: AbortSignal | undefined
}

const CURSOR = "tasks standby"

/**
 * Waits until nothing is written to a store for some time: the process that served the queue is gone. Then serve it. If that process was only
 * slow, it acknowledges nothing more once this one serves.
 *
 * ```typescript
 * await waitToTakeOver(store, { silence: 5000 })
 * const server = await serveTasks(store, { bind: "tcp://127.0.0.1:5580", beat: 1000 })
 * ```
 *
 * @returns Whether the store was silent. False if the signal was aborted before.
 * @throws TaskError `INVALID`
 */
export async function waitToTakeOver(store: Store, { silence, signal }: StandbyOptions): Promise<boolean> {
  checkOption("silence", silence, 1)
  const silent = new AbortController()
  let timer = setTimeout(() => silent.abort(), silence)
  await store.addCursor(CURSOR, "end")
  try {
    const either = signal === undefined ? silent.signal : AbortSignal.any([signal, silent.signal])
    for await (const _ of store.read(CURSOR, { from: store.stats().last + 1, signal: either })) {
      clearTimeout(timer)
      timer = setTimeout(() => silent.abort(), silence)
    }
    return silent.signal.aborted && !signal?.aborted
  } finally {
    clearTimeout(timer)
    // It holds nothing back.
    await store.removeCursor(CURSOR).catch(() => {})
  }
}
