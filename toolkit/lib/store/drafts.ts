// Records of the log, before they have a position.

import { type Draft, kinds, recordLength } from "./log/record.js"
import type { Gap, NewEvent } from "./store.js"
import type { EntryMeta } from "./subscription.js"

const draft = (kind: number, meta: string, event?: NewEvent): Draft => ({
  kind,
  time: event?.time ?? Date.now(),
  span: 1,
  sender: event?.sender ?? "",
  meta,
  frames: event?.frames ?? [],
})

/** An event as its receiver had it. */
export const plain = (event: NewEvent): Draft => draft(kinds.entry, "", event)

/** An event, or none, about which more is known. */
export const noted = (meta: EntryMeta, event?: NewEvent): Draft => draft(kinds.entry, JSON.stringify(meta), event)

export const gapOf = (gap: Gap, stream?: EntryMeta["stream"]): Draft =>
  draft(kinds.gap, JSON.stringify({ gap, ...(stream && { stream }) } satisfies EntryMeta))

export const sizeOf = (drafts: readonly Draft[]): number => drafts.reduce((sum, one) => sum + recordLength(one), 0)
