// Bounds of the store, and what happens when one is reached.

import { statSync } from "node:fs"
import { join } from "node:path"
import { setImmediate } from "node:timers/promises"
import { Line, unlessAborted } from "./line.js"
import { StoreError } from "./log/errors.js"
import type { Log } from "./log/log.js"
import type { Position } from "./log/record.js"
import { segmentName } from "./log/segment.js"
import type { Gap, WhenFull } from "./store.js"

/** How much a store keeps. */
export interface Bounds {
  /** At most this many bytes of events on disk. */
  maxBytes: number
  /** At most this many entries. */
  maxCount: number
  /** Entries that all cursors have passed are kept this long, in milliseconds, while there is room. */
  retention: number
  /** Entries that are older, in milliseconds, are dropped even if a cursor has not passed them. A gap record says so. */
  maxAge: number
}

/** Positions that were dropped. */
export type Dropped = Pick<Gap, "from" | "to" | "cursors">

/** Makes room in a log, and lines up the appends that wait for it. */
export class Room {
  readonly #log: Log
  readonly #bounds: Bounds
  readonly #cursors: () => ReadonlyMap<string, Position>
  readonly #waiting = new Line()
  readonly #dropping = new Line()
  /** Room that was made and is not yet used. */
  #keptBytes = 0
  #keptCount = 0
  /** Wakes the first append that waits. */
  #change = () => {}
  #closed = false
  /** Events that a cursor has lost. */
  readonly dropped = new Map<string, number>()
  /** What gap records say that was lost, by their positions: those since the store was opened. */
  readonly #gaps = new Map<Position, Readonly<Record<string, number>>>()

  constructor(log: Log, bounds: Bounds, cursors: () => ReadonlyMap<string, Position>) {
    this.#log = log
    this.#bounds = bounds
    this.#cursors = cursors
  }

  get waiting(): number {
    return this.#waiting.length
  }

  has(bytes: number, count: number): boolean {
    const { maxBytes, maxCount } = this.#bounds
    return (
      this.#log.bytes + this.#keptBytes + bytes <= maxBytes &&
      this.#log.accepted - this.#log.first + this.#keptCount + count <= maxCount
    )
  }

  /** The oldest position that some cursor has not passed. Without cursors, that is everything. */
  needed(): Position {
    let least = Number.POSITIVE_INFINITY
    for (const position of this.#cursors().values()) if (position < least) least = position
    return least === Number.POSITIVE_INFINITY ? this.#log.first : least + 1
  }

  /** The bytes of the segments that have a position which some cursor has not passed. */
  get neededBytes(): number {
    const needed = this.needed()
    const { segments, bytes, accepted } = this.#log
    if (needed >= accepted) return 0
    let passed = 0
    for (const [index, { size }] of segments.entries()) {
      const next = segments[index + 1]
      if (next === undefined || next.first > needed) break
      passed += size
    }
    return bytes - passed
  }

  /** Removes segments that are passed, and old enough or in the way. Returns whether there were some. */
  prune(regardless: boolean): boolean {
    const { retention } = this.#bounds
    const second = this.#log.segments[1]
    let until = this.needed()
    if (second === undefined || second.first > until) return false
    if (!regardless && retention > 0) until = this.#olderThan(retention, until)
    const count = this.#log.dropBefore(until)
    if (count > 0) this.admit()
    return count > 0
  }

  /** The first position of the first segment that is younger than this. */
  #olderThan(age: number, until: Position): Position {
    const oldest = Date.now() - age
    for (const { first } of this.#log.segments) {
      // The time of its last write is that of its newest entry.
      const written = statSync(join(this.#log.folder, segmentName(first)), { throwIfNoEntry: false })?.mtimeMs ?? 0
      if (first >= until || written > oldest) return first
    }
    return until
  }

  /** Drops what is older than maxAge, whoever needs it. */
  expire(): Dropped | undefined {
    const { maxAge } = this.#bounds
    if (maxAge === Number.POSITIVE_INFINITY || this.#log.segments.length < 2) return undefined
    return this.#drop(this.#olderThan(maxAge, this.#log.durable))
  }

  /** Drops the oldest segment. */
  async #dropOldest(): Promise<Dropped | undefined> {
    if (this.#log.segments.length < 2) await this.#log.roll()
    const second = this.#log.segments[1]
    return second === undefined ? undefined : this.#drop(second.first)
  }

  #drop(until: Position): Dropped | undefined {
    const from = this.#log.first
    if (this.#log.dropBefore(until) === 0) return undefined
    const to = this.#log.first - 1
    const cursors: Record<string, number> = {}
    for (const [name, position] of this.#cursors()) {
      const lost = to - Math.max(position, from - 1)
      if (lost <= 0) continue
      cursors[name] = lost + this.#untold(name, position, to)
      this.dropped.set(name, (this.dropped.get(name) ?? 0) + lost)
    }
    for (const position of this.#gaps.keys()) if (position <= to) this.#gaps.delete(position)
    this.admit()
    return Object.keys(cursors).length === 0 ? undefined : { from, to, cursors }
  }

  /** How many events were lost according to gap records that a cursor has not passed, and that are dropped now. */
  #untold(cursor: string, passed: Position, to: Position): number {
    let events = 0
    // A record is a position, which is counted as such.
    for (const [position, cursors] of this.#gaps)
      if (position > passed && position <= to) events += (cursors[cursor] ?? 1) - 1
    return events
  }

  /** Notes the gap records that follow each other from a position on. */
  noteGaps(first: Position, dropped: readonly Dropped[]): void {
    for (const [index, { cursors = {} }] of dropped.entries()) this.#gaps.set(first + index, cursors)
  }

  /**
   * Makes room for an append, and keeps it until `release` is called.
   *
   * @returns What was dropped for it.
   */
  async make(bytes: number, count: number, whenFull: WhenFull, signal: AbortSignal | undefined): Promise<Dropped[]> {
    const { maxBytes, maxCount } = this.#bounds
    if (bytes > maxBytes || count > maxCount) {
      throw new StoreError(
        "FULL",
        `The append has ${bytes} bytes and ${count} events, which is more than the store may ever hold`,
      )
    }
    if (whenFull === "wait") await this.#waiting.serve(signal, () => this.#wait(bytes, count, signal))
    else if (whenFull === "drop-oldest") return this.#dropping.serve(signal, () => this.#makeByDropping(bytes, count))
    else if (!(await this.#free(bytes, count))) {
      // In a later turn: a caller that tries again and again must not keep cursors from making room.
      await setImmediate()
      throw this.#full()
    }
    return []
  }

  release(bytes: number, count: number): void {
    this.#keptBytes -= bytes
    this.#keptCount -= count
  }

  #keep(bytes: number, count: number): boolean {
    if (!this.has(bytes, count)) return false
    this.#keptBytes += bytes
    this.#keptCount += count
    return true
  }

  async #wait(bytes: number, count: number, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      if (this.#closed) throw new StoreError("CLOSED", "The store was closed while the append waited for room")
      let wake = () => {}
      const change = new Promise<void>((resolve) => {
        wake = resolve
      })
      this.#change = wake
      if (await this.#free(bytes, count)) return
      await unlessAborted(change, signal)
    }
  }

  async #makeByDropping(bytes: number, count: number): Promise<Dropped[]> {
    const dropped: Dropped[] = []
    while (!(await this.#free(bytes, count))) {
      // What is still being written cannot be dropped.
      await this.#log.written()
      const gap = await this.#dropOldest()
      if (gap !== undefined) dropped.push(gap)
      if (this.#log.failure) throw this.#log.failure
      if (this.#closed) throw new StoreError("CLOSED", "The store was closed while the append waited for room")
    }
    return dropped
  }

  /** Keeps room for an append, if there is some or will be without what all have passed. */
  async #free(bytes: number, count: number): Promise<boolean> {
    if (this.#keep(bytes, count)) return true
    this.prune(true)
    if (this.#keep(bytes, count)) return true
    const active = this.#log.segments.at(-1)?.first as Position
    if (this.needed() < this.#log.durable || this.#log.durable === active) return false
    await this.#log.roll()
    this.prune(true)
    return this.#keep(bytes, count)
  }

  #full(): StoreError {
    const { maxBytes, maxCount } = this.#bounds
    const count = this.#log.accepted - this.#log.first
    const [slowest] = [...this.#cursors()].sort((a, b) => a[1] - b[1])
    const hint =
      slowest === undefined
        ? "It has no cursor"
        : `Cursor "${slowest[0]}" has not passed ${this.#log.accepted - 1 - slowest[1]} of them`
    const limits = [
      Number.isFinite(maxBytes) ? `${this.#log.bytes} of ${maxBytes} bytes` : "",
      Number.isFinite(maxCount) ? `${count} of ${maxCount} entries` : "",
    ]
    return new StoreError("FULL", `The store is full: it has ${limits.filter(Boolean).join(", ")}. ${hint}`)
  }

  /** Lets the first in line try again. Call this when there may be room. */
  admit(): void {
    this.#change()
  }

  /** Ends all waits: the store closes. */
  leave(): void {
    this.#closed = true
    this.#change()
  }
}
