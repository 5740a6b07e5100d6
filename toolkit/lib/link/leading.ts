// What comes first in a store for a sender that has no session.

import type { Entry, Store } from "../store/index.js"
import type { Progress } from "./progress.js"
import { lossOf, removedBetween } from "./resumption.js"
import type { ReadSenderOptions } from "./sender-options.js"

/**
 * Passes the entries of which nothing is sent, so that the store need not keep them while the receiver is away. Ends at the first other one.
 *
 * @param found Called with that entry.
 */
export async function passLeading(
  store: Store,
  { cursor, select }: Pick<ReadSenderOptions, "cursor" | "select">,
  progress: Progress,
  signal: AbortSignal,
  found: (entry: Entry) => void,
): Promise<void> {
  let seen = progress.acknowledged
  for await (const entries of store.read(cursor, { from: seen + 1, max: 64, signal })) {
    for (const entry of entries) {
      const isSent = entry.gap
        ? lossOf(entry, cursor) !== undefined
        : select === undefined || select(entry) !== undefined
      if (isSent || removedBetween(store, seen, entry.position)) {
        progress.acknowledge(seen)
        found(entry)
        return
      }
      seen = entry.position
    }
    if (signal.aborted) return
    progress.acknowledge(seen)
  }
}
