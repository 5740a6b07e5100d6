// Reading a log from a position on.

import { Buffer } from "node:buffer"
import { type FileHandle, open } from "node:fs/promises"
import { join } from "node:path"
import { DamageError, systemError } from "./errors.js"
import { resynchronise } from "./inspection.js"
import type { Log } from "./log.js"
import { claimedLength, isPlausible, kinds, type Position, readRecord, type Stored } from "./record.js"
import { SEGMENT_HEADER, segmentName } from "./segment.js"

const CHUNK = 1 << 18

/** Reads durable records in order. One call at a time. */
export class LogReader {
  readonly #log: Log
  /** The position that comes next. */
  #next: Position
  #file: FileHandle | undefined
  /** The segment that is open. */
  #segment: Position = 0
  #offset = 0
  /** The position of the record at `#offset`: below `#next` while it looks for its place. */
  #at: Position = 0
  #ready: Stored[] = []
  #taken = 0
  readonly #reuse: boolean
  /** Memory of which nobody needs anything any more: the next chunk gets it. */
  #spare: Buffer | undefined

  /** @param reuse Whether the bytes of records are good only until the next ones are asked for: then all chunks share memory. */
  constructor(log: Log, next: Position, { reuse = false } = {}) {
    this.#log = log
    this.#next = next
    this.#reuse = reuse
  }

  /** The next records, at most `max`. None if there are no more durable ones yet. */
  async next(max: number): Promise<Stored[]> {
    while (this.#taken >= this.#ready.length) if (!(await this.#fill())) return []
    const records = this.#ready.slice(this.#taken, this.#taken + max)
    this.#taken += records.length
    return records
  }

  async #fill(): Promise<boolean> {
    const log = this.#log
    if (this.#next < log.first) this.#next = log.first
    if (this.#next >= log.durable) return false
    const { segment, end } = log.segmentOf(this.#next)
    if ((this.#file === undefined || this.#segment !== segment.first) && !(await this.#open(segment.first))) return true
    const file = this.#file as FileHandle
    // Taken once: the segment grows and the log is cut while this waits.
    const limit = segment.size
    this.#ready = []
    this.#taken = 0
    const bytes = await this.#read(file, Math.min(CHUNK, limit - this.#offset), limit)
    let at = 0
    while (at < bytes.length) {
      let record = readRecord(bytes, at)
      if (typeof record !== "string" && record.position !== this.#at) {
        record = `position ${record.position} instead of ${this.#at}`
      }
      if (typeof record === "string") {
        const length = claimedLength(bytes, at)
        const isCut =
          this.#offset + bytes.length < limit &&
          (length === undefined || (isPlausible(length) && at + length > bytes.length))
        // What comes before the damage is delivered first.
        if ((isCut && at > 0) || this.#ready.length > 0) break
        // Nobody asked for what is damaged.
        const found = resynchronise(bytes, at + 1, this.#at + 1, this.#next + 1)
        if (found === undefined) throw this.#damage(record, at, segment.first)
        at = found.at
        record = found.record
        this.#at = record.position
      }
      at += record.length
      this.#at += record.span
      if (record.kind === kinds.carry || this.#at <= this.#next) continue
      this.#ready.push(record)
      this.#next = this.#at
    }
    // Nothing of a chunk is kept while it looks for its place, which may be far behind the beginning of the segment.
    if (this.#reuse || this.#ready.length === 0) this.#spare = Buffer.from(bytes.buffer)
    this.#offset += at
    if (at === 0) throw this.#damage("the file is too short", 0, segment.first, end === undefined ? undefined : end - 1)
    return true
  }

  /** Reads a chunk, or the whole record if one is longer. */
  async #read(file: FileHandle, size: number, limit: number): Promise<Buffer> {
    const spare = this.#spare
    this.#spare = undefined
    const room = Math.max(size, 0)
    const chunk = spare !== undefined && spare.length >= room ? spare.subarray(0, room) : Buffer.allocUnsafeSlow(room)
    const { bytesRead } = await file.read(chunk, 0, chunk.length, this.#offset)
    const length = claimedLength(chunk.subarray(0, bytesRead), 0) ?? 0
    if (bytesRead < size || length <= size || !isPlausible(length) || this.#offset + length > limit)
      return chunk.subarray(0, bytesRead)
    // The chunk is read again, so its memory is free.
    const { buffer } = chunk
    const whole = buffer.byteLength >= length ? Buffer.from(buffer, 0, length) : Buffer.allocUnsafeSlow(length)
    const again = await file.read(whole, 0, length, this.#offset)
    return whole.subarray(0, again.bytesRead)
  }

  /** Opens a segment. False if it was dropped meanwhile. */
  async #open(first: Position): Promise<boolean> {
    await this.close()
    try {
      this.#file = await open(join(this.#log.folder, segmentName(first)), "r")
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") throw systemError(error, this.#log.folder)
      if (this.#log.first > first) return false
      this.#offset = 0
      this.#at = first
      throw this.#damage("the file is missing", 0, first)
    }
    this.#segment = first
    this.#offset = SEGMENT_HEADER
    this.#at = first
    return true
  }

  #damage(reason: string, at: number, segment: Position, last?: Position): DamageError {
    const file = `${this.#log.name}/${segmentName(segment)}`
    return new DamageError({ file, offset: this.#offset + at, first: Math.max(this.#at, 1), last, reason })
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}
