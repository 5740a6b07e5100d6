// A log: records in segments, written by groups, each durable before its callers hear of it.

import { closeSync, ftruncateSync, openSync } from "node:fs"
import { rm } from "node:fs/promises"
import { basename, join } from "node:path"
import { performance } from "node:perf_hooks"
import { setImmediate } from "node:timers"
import { isDiskFull, StoreError, systemError } from "./errors.js"
import { DURABLE_WRITE, makeFolder, writeAt } from "./file-system.js"
import { Group } from "./group.js"
import type { LogOptions } from "./log-options.js"
import { type Draft, type Position, recordLength } from "./record.js"
import { recover } from "./recovery.js"
import { createSegment, type Segment, segmentName } from "./segment.js"
import { SegmentList } from "./segment-list.js"
import { Watermark } from "./watermark.js"

/** Segments of records in a folder. Only one process may have it open. */
export class Log {
  readonly folder: string
  readonly #options: LogOptions
  readonly #segments: SegmentList
  readonly #mark: Watermark
  #file: number
  /** The position after the last durable record. */
  #durable: Position
  /** The position after the last record that was accepted. */
  #accepted: Position
  /** The bytes of all segments, with what was accepted. */
  #bytes = 0
  /** Those that wait, behind the one that is being written. */
  #groups: Group[] = []
  #writing: Group | undefined
  #running = false
  #idle: (() => void)[] = []
  #failure: StoreError | undefined
  #closed = false
  #wantsRoll = false
  #rolls: (() => void)[] = []
  /** Resolves when the files of dropped segments are gone. */
  #removals: Promise<void> = Promise.resolve()

  constructor(options: LogOptions) {
    this.#options = options
    this.folder = options.folder
    makeFolder(options.folder)
    const { segments, next } = recover(options.folder, options.visit)
    this.#segments = new SegmentList(segments)
    this.#durable = next
    this.#accepted = next
    try {
      this.#mark = new Watermark(options.folder)
    } catch (error) {
      throw systemError(error, options.folder)
    }
    try {
      const last = segments.at(-1)
      this.#file = last ? openSync(join(options.folder, segmentName(last.first)), DURABLE_WRITE) : this.#begin(next, 0)
      this.#noteMark()
    } catch (error) {
      this.#mark.close()
      throw systemError(error, options.folder)
    }
    this.#bytes = this.#segments.bytes
  }

  /** The position of the oldest record. */
  get first(): Position {
    return this.#segments.first.first
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
    return this.#segments.all
  }

  get failure(): StoreError | undefined {
    return this.#failure
  }

  get #active(): Segment {
    return this.#segments.last
  }

  #begin(first: Position, previous: Position): number {
    const { file, size } = createSegment(this.folder, first, previous, this.#options.carry())
    this.#segments.all.push({ first, size })
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

  /** Begins a new segment, if this one has records. */
  roll(): Promise<void> {
    this.#wantsRoll = true
    this.#start()
    return new Promise((resolve) => this.#rolls.push(resolve))
  }

  /** Resolves when all that was accepted is durable. */
  written(): Promise<void> {
    const group = this.#groups.at(-1) ?? this.#writing
    if (group === undefined) return Promise.resolve()
    return new Promise((resolve, reject) => group.waiting.push({ resolve, reject }))
  }

  /** Resolves when the space of dropped segments is free. */
  get removed(): Promise<void> {
    return this.#removals
  }

  /** Resolves when nothing is being written, and nothing waits. */
  #settled(): Promise<void> {
    return this.#running ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve()
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
    if (!this.#wantsRoll) for (const resolve of this.#rolls.splice(0)) resolve()
    if (group === undefined || this.#failure) this.#rest()
    else if (cause !== undefined) this.#fail(cause)
    else {
      this.#groups.shift()
      this.#writing = group
      this.#write(group)
    }
  }

  #rest(): void {
    this.#running = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #write(group: Group): void {
    const since = performance.now()
    writeAt(this.#file, group.bytes, this.#active.size, (error) => {
      this.#writing = undefined
      if (error) {
        this.#groups.unshift(group)
        this.#fail(error)
      } else this.#done(group, performance.now() - since)
    })
  }

  #done(group: Group, milliseconds: number): void {
    this.#active.size += group.length
    this.#durable = group.next
    try {
      this.#noteMark()
    } catch (error) {
      // This group is durable. But a log that was not closed, and has an old mark, is taken for one after a power cut.
      this.#failure = systemError(error, this.folder)
    }
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
    const gone = this.#segments.cut(position)
    if (gone.length === 0) return 0
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
    return gone.length
  }

  /** The segment that holds a position, and where it ends if it does not grow any more. */
  segmentOf(position: Position): { segment: Segment; end: Position | undefined } {
    const { segment, following } = this.#segments.find(position)
    return { segment, end: following?.first }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#settled()
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
