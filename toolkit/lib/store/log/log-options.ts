// What a log needs to know of its owner.

import type { Stored } from "./record.js"

/** How a log behaves, and whom it tells. */
export interface LogOptions {
  folder: string
  /** A segment that has this many bytes is complete. */
  segmentBytes: number
  /** A segment that has this many positions is complete. */
  segmentEntries?: number
  /** JSON of all that must be known of the durable records when the next segment begins. */
  carry(): string
  /** Called for each record of the last segment when the log is opened; the first is the carry. */
  visit(record: Stored): void
  /** Called when records could not be written: the log ends with its last durable record again. */
  rolledBack?(): void
  /** Called after each group. */
  grown?(): void
  /** Called when a new segment begins. */
  rolled?(): void
  /** Called with the time that a durable write took, in milliseconds. */
  written?(milliseconds: number, bytes: number): void
}
