// Where a session begins: what the receiver says that it has, compared with what the sender has.

import type { Entry, Store } from "../store/index.js"
import { LinkError } from "./link-error.js"
import { markOf } from "./mark.js"
import { type Loss, type LossReason, MARK_BYTES, type Ready } from "./protocol.js"

/** Where there is no entry. It is not verified, because the store does not have what is there. */
const noMark = Buffer.alloc(MARK_BYTES)

async function entryAt(store: Store, cursor: string, position: number): Promise<Entry | undefined> {
  for await (const [entry] of store.read(cursor, { from: position, max: 1, follow: false }))
    return entry?.position === position ? entry : undefined
  return undefined
}

const restored = (what: string): LinkError =>
  new LinkError(
    "RESTORED",
    `${what} This store was restored from a backup, or a copy of it sends the same stream. Events that were stored since would be ` +
      `taken for those that the receiver has. Give the sender a new stream name, and the same cursor`,
  )

/**
 * Finds out whether the last event that the receiver has is one of this store. A receiver acknowledges only what it was sent, and a store
 * sends only what is durable. So if it is not, the store has lost its history since.
 */
export async function verify(
  store: Store,
  cursor: string,
  { last, mark }: Pick<Ready, "last" | "mark">,
): Promise<void> {
  const stats = store.stats()
  const acknowledged = stats.cursors[cursor]?.position ?? 0
  if (last > stats.last)
    throw restored(`The receiver has event ${last}, but the last one of this store is ${stats.last}.`)
  // What was acknowledged before may be gone, and what follows it has never been sent.
  if (last <= acknowledged || last < stats.first || mark === undefined) return
  const entry = await entryAt(store, cursor, last)
  if (entry === undefined || !markOf(entry).equals(mark))
    throw restored(`The receiver has another event ${last} than this store.`)
}

/** Where to begin if the receiver has less than it had acknowledged, and what cannot be sent again. */
export function behind(
  store: Store,
  last: number,
  lowest: number,
): { from: number; loss?: Omit<Loss, "kind" | "previous"> } {
  const { first } = store.stats()
  const from = Math.max(first, lowest + 1)
  if (from === last + 1 || lowest > last) return { from }
  return {
    from,
    loss: { sequence: from - 1, mark: noMark, reason: "not-held", from: last + 1, to: from - 1 },
  }
}

/**
 * The announcement of a gap record in the sender's store. What the store has dropped is announced when the reading skips it, because later
 * drops may have taken its gap record, too.
 */
export function lossOf(entry: Entry, cursor: string): Omit<Loss, "kind" | "previous"> | undefined {
  const { gap, position } = entry
  if (gap === undefined || gap.reason === "dropped" || gap.reason === "expired") return undefined
  // It says whose events are missing, if that is known.
  if (gap.cursors !== undefined && gap.cursors[cursor] === undefined) return undefined
  const reason: LossReason = gap.reason
  return { sequence: position, mark: markOf(entry), reason, from: gap.from, to: gap.to }
}

/** What the store has removed between the last entry that was read and the next one. */
export function removedBetween(store: Store, seen: number, next: number): Omit<Loss, "kind" | "previous"> | undefined {
  if (next <= seen + 1) return undefined
  const to = Math.min(store.stats().first, next) - 1
  if (to <= seen) return undefined
  return { sequence: to, mark: noMark, reason: "dropped", from: seen + 1, to }
}
