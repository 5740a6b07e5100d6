// A log: records in segments, written by groups, each durable before its callers hear of it.

import { closeSync, constants, ftruncateSync, openSync, write } from "node:fs"
import { rm } from "node:fs/promises"
import { basename, join } from "node:path"
import { performance } from "node:perf_hooks"
import { setImmediate } from "node:timers"
import { isDiskFull, StoreError, systemError } from "./errors.js"
import { DURABLE_WRITE, makeFolder } from "./file-system.js"
import { Group } from "./group.js"
import { type Draft, type Position, recordLength, type Stored } from "./record.js"
import { recover } from "./recovery.js"
import { createSegment, type Segment, segmentName } from "./segment.js"
import { Watermark } from "./watermark.js"

/** What a log needs to know of its owner. */
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

/** Segments of records in a folder. Only one process may have it open. */
export class Log {
  readonly folder: string
  readonly #options: LogOptions
  readonly #segments: Segment[]
  readonly #mark: Watermark
  #file: number
  /** The position after the last durable record. */
  #durable: Position
  /** The position after the last record that was accepted. */
  #accepted: Position
  /** The bytes of all segments, with what was accepted. */
  #bytes = 0
  #groups: Group[] = []
  #running = false
  #idle: (() => void)[] = []
  #failure: StoreError | undefined
  #closed = false
  #wantsRoll = false
  /** Resolves when the files of dropped segments are gone. */
  #removals: Promise<void> = Promise.resolve()

  constructor(options: LogOptions) {
    this.#options = options
    this.folder = options.folder
    makeFolder(options.folder)
    const { segments, next } = recover(options.folder, options.visit)
    this.#segments = segments
    this.#durable = next
    this.#accepted = next
    try {
      this.#mark = new Watermark(options.folder)
      const last = segments.at(-1)
      this.#file = last
        ? openSync(join(options.folder, segmentName(last.first)), DURABLE_WRITE & ~constants.O_CREAT)
        : this.#begin(next, 0)
      this.#noteMark()
    } catch (error) {
      throw systemError(error, options.folder)
    }
    this.#bytes = segments.reduce((sum, { size }) => sum + size, 0)
  }

  /** The position of the oldest record. */
  get first(): Position {
    return (this.#segments[0] as Segment).first
  }

  /** The position after the last durable record. */
  get durable(): Position {
    return this.#durable
  }

  /** The position that the next record gets. */
  get accepted(): Position {
    return this.#accepted
  }

  get bytes(): number {
    return this.#bytes
  }

  get segments(): readonly Segment[] {
    return this.#segments
  }

  get failure(): StoreError | undefined {
    return this.#failure
  }

  get #active(): Segment {
    return this.#segments.at(-1) as Segment
  }

  #begin(first: Position, previous: Position): number {
    const { file, size } = createSegment(this.folder, first, previous, this.#options.carry())
    this.#segments.push({ first, size })
    return file
  }

  #noteMark(): void {
    const { first, size } = this.#active
    this.#mark.write({ head: this.first, segment: first, offset: size, next: this.#durable })
  }

  /**
   * Adds records that are valid together only. They have their positions at once, and are durable when `waiting` is resolved.
   *
   * @returns The position of the first record.
   */
  append(drafts: readonly Draft[], resolve: () => void, reject: (error: unknown) => void): Position {
    if (this.#closed) throw new StoreError("CLOSED", "The store is closed")
    if (this.#failure) throw this.#failure
    let length = 0
    const lengths = drafts.map((draft) => {
      const one = recordLength(draft)
      length += one
      return one
    })
    let group = this.#groups.at(-1)
    if (!group?.hasRoom(length)) {
      group = new Group(this.#accepted, length)
      this.#groups.push(group)
    }
    const first = group.next
    const last = drafts.length - 1
    for (let i = 0; i <= last; i++) group.add(drafts[i] as Draft, lengths[i] as number, i < last)
    this.#accepted = group.next
    this.#bytes += length
    group.waiting.push({ resolve, reject })
    this.#start()
    return first
  }

  /** Begins a new segment with the next group, or now if there is none. */
  roll(): Promise<void> {
    this.#wantsRoll = true
    return this.settled()
  }

  /** Resolves when the space of dropped segments is free. */
  get removed(): Promise<void> {
    return this.#removals
  }

  /** Resolves when nothing is being written. */
  settled(): Promise<void> {
    if (!this.#running && this.#groups.length === 0 && !this.#wantsRoll) return Promise.resolve()
    this.#start()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #start(): void {
    if (this.#running) return
    this.#running = true
    // Callers that append in the same turn of the event loop share a write.
    setImmediate(() => this.#next())
  }

  #next(): void {
    const group = this.#groups[0]
    let cause: unknown
    try {
      if (!this.#failure) this.#rollIfDue(group?.length ?? 0)
    } catch (error) {
      cause = error
      this.#wantsRoll = false
    }
    if (group === undefined || this.#failure) this.#rest()
    else if (cause !== undefined) this.#fail(cause)
    else {
      this.#groups.shift()
      this.#write(group, group.bytes, this.#active.size, performance.now())
    }
  }

  #rest(): void {
    this.#running = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #write(group: Group, bytes: Uint8Array, at: number, since: number): void {
    write(this.#file, bytes, 0, bytes.byteLength, at, (error, count) => {
      if (error) {
        this.#groups.unshift(group)
        this.#fail(error)
      } else if (count < bytes.byteLength) {
        this.#write(group, bytes.subarray(count), at + count, since)
      } else {
        this.#done(group, performance.now() - since)
      }
    })
  }

  #done(group: Group, milliseconds: number): void {
    this.#active.size += group.length
    this.#durable = group.next
    this.#noteMark()
    this.#options.written?.(milliseconds, group.length)
    group.release()
    for (const { resolve } of group.waiting) resolve()
    this.#options.grown?.()
    // Those whose appends have just resolved may join the next group.
    setImmediate(() => this.#next())
  }

  #rollIfDue(length: number): void {
    const { size, first } = this.#active
    if (this.#durable === first) {
      this.#wantsRoll = false
      return
    }
    const { segmentBytes, segmentEntries = Number.POSITIVE_INFINITY } = this.#options
    if (!this.#wantsRoll && size + length <= segmentBytes && this.#durable - first < segmentEntries) return
    if (!this.#wantsRoll && length === 0) return
    const file = this.#begin(this.#durable, first)
    this.#wantsRoll = false
    closeSync(this.#file)
    this.#file = file
    this.#bytes += this.#active.size
    this.#noteMark()
    this.#options.rolled?.()
  }

  /** Nothing that is not durable stays: neither in the file nor in the counts. */
  #fail(cause: unknown): void {
    const error = systemError(cause, this.folder)
    const waiting = this.#groups.flatMap((group) => group.waiting)
    for (const group of this.#groups.splice(0)) {
      this.#bytes -= group.length
      group.release()
    }
    this.#accepted = this.#durable
    if (isDiskFull(cause)) {
      try {
        ftruncateSync(this.#file, this.#active.size)
      } catch (failure) {
        this.#failure = systemError(failure, this.folder)
      }
    } else {
      // Linux may drop what it could not write and report success next time, so only reading it again shows what is on disk:
      // https://wiki.postgresql.org/wiki/Fsync_Errors
      this.#failure = error
    }
    this.#options.rolledBack?.()
    for (const { reject } of waiting) reject(error)
    this.#rest()
  }

  /** Removes the segments whose records all have positions below this one. Returns how many went. */
  dropBefore(position: Position): number {
    let count = 0
    while (count + 1 < this.#segments.length && (this.#segments[count + 1] as Segment).first <= position) count++
    if (count === 0) return 0
    const gone = this.#segments.splice(0, count)
    for (const { size } of gone) this.#bytes -= size
    // The mark goes first: a missing segment that it still counts would be damage.
    this.#noteMark()
    this.#removals = this.#removals.then(async () => {
      try {
        await this.#mark.sync()
        for (const { first } of gone) await rm(join(this.folder, segmentName(first)), { force: true })
      } catch (error) {
        this.#failure ??= systemError(error, this.folder)
      }
    })
    return count
  }

  /** The segment that holds a position, and where the next one begins. */
  segmentOf(position: Position): { segment: Segment; end: Position; isActive: boolean } {
    let low = 0
    let high = this.#segments.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#segments[middle] as Segment).first <= position) low = middle
      else high = middle - 1
    }
    const following = this.#segments[low + 1]
    return {
      segment: this.#segments[low] as Segment,
      end: following?.first ?? this.#durable,
      isActive: following === undefined,
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.settled()
    await this.#removals
    try {
      await this.#mark.sync()
    } finally {
      this.#mark.close()
      closeSync(this.#file)
    }
  }

  /** A name for messages. */
  get name(): string {
    return basename(this.folder)
  }
}
