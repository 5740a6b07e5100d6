// What a store is, whatever holds its bytes.

import type { Position } from "./log/record.js"

export type { Position }

/** An event to store: opaque frames, and what the receiver knows about them. */
export interface NewEvent {
  /** The bytes to store. They come back as they are. */
  frames: readonly Uint8Array[]
  /** The authenticated sender. */
  sender?: string | undefined
  /** When it was received, in milliseconds since 1970. Now, by default. */
  time?: number | undefined
}

/** Why events are missing. */
export interface Gap {
  /**
   * - `dropped`: the store was full, and an append asked to drop the oldest events.
   * - `expired`: they were older than `maxAge`.
   * - `damaged`: they could not be read when the store was repaired.
   * - `stream`: the sender of a stream announced that it lost them. They never had a position here.
   */
  reason: "dropped" | "expired" | "damaged" | "stream"
  /** The first missing position, or sequence of the stream. */
  from: number
  /** The last one. */
  to: number
  /** How many each cursor had not passed. A cursor that lost none is not listed. */
  cursors?: Record<string, number>
  /** The stream, if the reason is `stream`. */
  stream?: string
}

/** An event that is stored, or a gap record in its place. */
export interface Entry {
  /** Its number in the log, from 1. */
  position: Position
  /** When it was received, in milliseconds since 1970. */
  time: number
  /** The authenticated sender, if there is one. */
  sender: string | undefined
  /** The bytes as they were stored. Empty for a gap. */
  frames: Uint8Array[]
  /** What is missing here, if this is not an event. */
  gap?: Gap
  /** The reason of the dead letter that this event was replayed from. */
  replayed?: string
}

/** What to do if a bound of the store is reached. */
export type WhenFull = "refuse" | "wait" | "drop-oldest"

/** How to append. */
export interface AppendOptions {
  /**
   * - `refuse` (default): reject with `FULL`.
   * - `wait`: wait until there is room. Appends that wait are served in order.
   * - `drop-oldest`: drop the oldest events, and store a gap record that says how many, of which cursors.
   */
  whenFull?: WhenFull | undefined
  /** Ends the wait for room. */
  signal?: AbortSignal | undefined
  /** The stream that the events come from: those that were stored before are not stored again. */
  stream?: string | undefined
  /** The sequence of the first event in its stream; the others follow without gaps. Streams begin at 1. */
  sequence?: number | undefined
  /** Whether sequences may be missing before the first event. A gap record says which. By default that is an error, `SEQUENCE_GAP`. */
  allowGap?: boolean | undefined
  /** Whether sequences that are missing before the first event have no events, so that nothing is lost. Then there is no gap record. */
  skip?: boolean | undefined
  /** The sequence that was appended before, if there is one: an error, `SEQUENCE_GAP`, if that append has failed. */
  after?: number | undefined
  /** Sequences that the sender of the stream has lost, and what each cursor misses. A gap record before the events says so. */
  lost?: { from: number; to: number; cursors?: Record<string, number> } | undefined
  /** Kept with the sequence of the last event, for `markOf`. */
  mark?: string | undefined
  /**
   * A cursor of a store that several processes share. `NOT_OWNER`, and nothing is stored, if another process serves it by the time that the
   * events get into the log. Other stores have one process.
   */
  serving?: string | undefined
}

/** How to read. */
export interface ReadOptions {
  /** Where to begin. By default behind what the cursor has committed. */
  from?: Position | undefined
  /** At most this many entries at a time. 256 by default. */
  max?: number | undefined
  /** Whether to wait for new entries at the end. True by default. */
  follow?: boolean | undefined
  /** Whether the frames of entries are good only until the next ones are asked for. To read much of the store takes less memory then. False by default. */
  reuse?: boolean | undefined
  /** Ends the iteration. */
  signal?: AbortSignal | undefined
}

/** An event that a cursor could not deliver. */
export interface DeadLetter {
  /** Its number among the dead letters. */
  id: Position
  /** The cursor that gave up on it. */
  cursor: string
  /** Why the cursor gave up. */
  reason: string
  /** The position that the event had. */
  position: Position
  /** When the event was received. */
  time: number
  /** When the cursor gave up. */
  since: number
  /** The authenticated sender, if there was one. */
  sender: string | undefined
  /** The bytes of the event, as they were stored. */
  frames: Uint8Array[]
}

/** Which dead letters. All of the cursor's, by default. */
export interface Selection {
  /** Only those with these ids. */
  ids?: readonly Position[] | undefined
  /** Only those with a greater id: what comes after a page of a list. */
  after?: Position | undefined
  /** Only those that were given up at or after this time, in milliseconds since 1970. */
  since?: number | undefined
  /** Only those that were given up before this time. */
  until?: number | undefined
  /** At most this many. */
  max?: number | undefined
}

/** The state of a cursor. */
export interface CursorStats {
  /** The last position that it has passed. */
  position: Position
  /** How many positions it has not passed. */
  waiting: number
  /** Its dead letters. */
  dead: number
  /** How many events it lost because the store dropped them, since the store was opened. */
  dropped: number
  /** What was committed with its position. */
  note?: string
}

/** The state of a store. */
export interface StoreStats {
  /** The oldest position. */
  first: Position
  /** The last durable position. 0 if nothing was ever stored. */
  last: Position
  /** Bytes on disk of the log. */
  bytes: number
  /** Those of them in files that some cursor has not passed. They cannot be freed to make room. */
  neededBytes: number
  /** Bytes on disk of the dead letters. */
  deadBytes: number
  /** Files of the log. */
  segments: number
  /** Streams whose last sequence is remembered. */
  streams: number
  /** The cursors, by name. */
  cursors: Record<string, CursorStats>
  /** Appends that were refused because the store was full, since it was opened. */
  refused: number
  /** Appends that wait for room. */
  waitingForRoom: number
  /** Why events that come now would not be stored, if there is a reason beside the bounds. */
  problem?: string
}

/** What `check` found. */
export interface CheckReport {
  /** Entries that can be read. */
  entries: number
  /** Bytes that were read. */
  bytes: number
  /** Files that were read. */
  segments: number
  /** What cannot be read. Empty if the store is intact. */
  damage: import("./log/errors.js").Damage[]
}

/** An append-only log of events with dense positions, and cursors that read it. */
export interface Store {
  /**
   * Stores events, all or none. Resolves once they are on disk, to the position of the last one.
   * Without events, an append to a stream passes the sequences before `sequence`.
   * If all of them had been stored before, by their stream and sequence, it resolves to the last position of the store.
   */
  append(events: readonly NewEvent[], options?: AppendOptions): Promise<Position>
  /** The last sequence of a stream that is on disk. 0 if there is none. */
  sequenceOf(stream: string): number
  /** The mark of the append that brought the last sequence, if it had one. */
  markOf(stream: string): string | undefined
  /** Forgets a stream: it begins at 1 again. */
  forgetStream(stream: string): Promise<void>

  /** Adds a cursor, unless there is one with this name. It begins at the oldest entry, or behind the newest. */
  addCursor(name: string, from?: "start" | "end"): Promise<void>
  /** Removes a cursor: nothing is kept for it any more. Its dead letters stay. */
  removeCursor(name: string): Promise<void>
  /** Entries in order, in batches. */
  read(cursor: string, options?: ReadOptions): AsyncIterable<Entry[]>
  /**
   * Notes that the cursor is done with all entries up to a position. Resolves once that is on disk. Lower positions have no effect.
   *
   * @param note A short text of the reader, which is kept with the cursor in the same write until the next one. `stats` has it.
   */
  commit(cursor: string, position: Position, note?: string): Promise<void>
  /** Sets a cursor back, so that it reads entries again that are still there. */
  rewind(cursor: string, position: Position): Promise<void>

  /** Keeps an event that a cursor gives up on. Resolves once it is on disk; commit the position after that. */
  deadLetter(cursor: string, entry: Entry, reason: string): Promise<void>
  /** Lists dead letters, oldest first. */
  deadLetters(cursor?: string, selection?: Selection): AsyncIterable<DeadLetter>
  /** Gives dead letters back to their cursor, which reads them at the end of the log. Resolves to how many. */
  replay(cursor: string, selection?: Selection): Promise<number>
  /** Deletes dead letters. Resolves to how many. */
  discard(cursor: string, selection?: Selection): Promise<number>

  /** The state of the store and of its cursors. */
  stats(): StoreStats
  /** Reads all bytes and verifies them. Appends and reads go on meanwhile. */
  check(): Promise<CheckReport>
  /** Copies the store to a new folder. Appends and reads go on meanwhile. */
  backup(folder: string): Promise<void>
  /** Frees the space of entries that all cursors have passed, whatever the retention. Resolves to the bytes that were freed. */
  compact(): Promise<number>
  /** Waits for what is being written, then closes. */
  close(): Promise<void>
  /** Closes it, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
