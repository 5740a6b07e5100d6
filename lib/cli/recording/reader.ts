// Reads a recording, and checks every byte of it.

import { Buffer } from "node:buffer"
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs"
import { crc32 } from "node:zlib"

import { CommandError } from "../command/exit.js"
import { HEADER_START, type Header, headerChecksum, MAGIC, RECORD_START, VarintReader, VERSION } from "./layout.js"

/** How much is read at a time, in bytes. */
const WINDOW = 1024 * 1024
/** How many messages are given at a time. */
const BATCH = 256

/** A message and when it came. */
export interface Recorded {
  /** Microseconds since 1970. */
  readonly time: number
  readonly parts: Buffer[]
}

/** The error of the system, with the name of the file. */
export function problemOf(file: string, error: unknown): Error {
  if (error instanceof CommandError) return error
  const { code, message } = error as NodeJS.ErrnoException
  const reasons: Record<string, string> = {
    ENOENT: "no such file or folder",
    EACCES: "permission denied",
    EISDIR: "it is a folder",
    ENOSPC: "the disk is full",
  }
  return new CommandError(`${file}: ${(code !== undefined && reasons[code]) || message}`)
}

/** Messages of one recording of a file: a file may have several, one after the other. */
export interface Batch {
  /** The number of the recording, from 0. */
  readonly recording: number
  readonly messages: readonly Recorded[]
}

/** Reads the messages of a file. */
export class RecordingReader {
  readonly #file: string
  readonly #fd: number
  readonly #owns: boolean
  readonly #size: number
  /** What was read of the file, from #offset + #at on not used yet. */
  #window = Buffer.alloc(0)
  #offset = 0
  #at = 0
  #records = 0
  /** The header of the recording that is being read. */
  header: Header | undefined
  /** The last record, if the end of the file cut it off: where it begins, and how much of it is there. */
  torn: { readonly at: number; readonly bytes: number } | undefined

  /** @param fd The file, if it is open already. */
  constructor(file: string, fd?: number) {
    this.#file = file
    this.#owns = fd === undefined
    try {
      // A pipe without a writer must not block this process: it is refused below.
      this.#fd = fd ?? openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    } catch (error) {
      throw problemOf(file, error)
    }
    const stat = fstatSync(this.#fd)
    this.#size = stat.size
    if (stat.isFile()) return
    this.close()
    throw new CommandError(`${file} is not a regular file`)
  }

  close(): void {
    if (this.#owns) closeSync(this.#fd)
  }

  get #position(): number {
    return this.#offset + this.#at
  }

  #damaged(what: string): CommandError {
    return new CommandError(`${this.#file} is damaged: record ${this.#records + 1}, at byte ${this.#position}, ${what}`)
  }

  /** Has so many bytes in the window. False if the file ends before, which is then what is torn. */
  #need(bytes: number): boolean {
    const have = this.#window.length - this.#at
    if (have >= bytes) return true
    const left = this.#size - this.#position
    if (left < bytes) {
      if (left > 0) this.torn = { at: this.#position, bytes: left }
      return false
    }
    // A new one each time: parts of the last one are still in use.
    const window = Buffer.allocUnsafe(Math.min(Math.max(WINDOW, bytes), left))
    this.#window.copy(window, 0, this.#at)
    let filled = have
    while (filled < window.length) {
      const count = readSync(this.#fd, window, filled, window.length - filled, this.#position + filled)
      if (count === 0) throw new CommandError(`${this.#file} became shorter while it was read`)
      filled += count
    }
    this.#offset = this.#position
    this.#at = 0
    this.#window = window
    return true
  }

  get #isHeader(): boolean {
    return this.#window.compare(MAGIC, 0, MAGIC.length, this.#at, this.#at + MAGIC.length) === 0
  }

  /** Reads a header. False if it is torn. */
  #readHeader(): boolean {
    if (!this.#need(HEADER_START)) return false
    const size = this.#window.readUInt16LE(this.#at + 10)
    if ((~size & 0xffff) !== this.#window.readUInt16LE(this.#at + 12))
      throw this.#damaged("which is a header, has a wrong size")
    if (!this.#need(HEADER_START + size)) return false
    const header = this.#window.subarray(this.#at, this.#at + HEADER_START + size)
    const version = header.readUInt16LE(8)
    if (headerChecksum(header) !== header.readUInt32LE(HEADER_START - 4))
      throw this.#damaged("which is a header, has a wrong checksum")
    if (version !== VERSION) {
      throw new CommandError(`${this.#file} has version ${version} of the format, but this ohmq knows only ${VERSION}`)
    }
    const length = size < 9 ? Number.POSITIVE_INFINITY : header.readUInt8(HEADER_START + 8)
    const start = size < 9 ? 0 : Number(header.readBigUInt64LE(HEADER_START))
    if (9 + length > size || start > 8.64e18 / 1000) throw this.#damaged("which is a header, has wrong contents")
    this.header = { start, type: header.toString("latin1", HEADER_START + 9, HEADER_START + 9 + length) }
    this.#at += header.length
    return true
  }

  /** Reads a record. Undefined if it is torn. */
  #readRecord(before: number): Recorded | undefined {
    if (!this.#need(RECORD_START)) return undefined
    const size = this.#window.readUInt32LE(this.#at)
    if (~size >>> 0 !== this.#window.readUInt32LE(this.#at + 4)) throw this.#damaged("has a wrong size")
    if (!this.#need(RECORD_START + size)) return undefined
    const window = this.#window
    const start = this.#at + RECORD_START
    const end = start + size
    if (crc32(window.subarray(start, end)) !== window.readUInt32LE(this.#at + 8))
      throw this.#damaged("has a wrong checksum")
    const numbers = new VarintReader(window, start, end)
    const [delta, count] = [numbers.next(), numbers.next()]
    // Each part has a length of at least a byte.
    if (delta === undefined || count === undefined || count < 1 || count > size) throw this.#damaged("has no parts")
    const lengths: number[] = []
    let total = 0
    for (let index = 0; index < count; index += 1) {
      const length = numbers.next()
      if (length === undefined) throw this.#damaged("has fewer parts than it says")
      total += length
      lengths.push(length)
    }
    if (numbers.position + total !== end) throw this.#damaged("has parts of another length than it says")
    let at = numbers.position
    const parts = lengths.map((length) => {
      at += length
      return window.subarray(at - length, at)
    })
    const time = before + delta
    if (time > 8.64e18 / 1000) throw this.#damaged("has a time that is out of range")
    this.#at = end
    this.#records += 1
    return { time, parts }
  }

  /**
   * The messages, in groups.
   * @throws {CommandError} for a file that is damaged or not a recording, after the messages before that place.
   */
  *batches(): Generator<Batch> {
    if (this.#size === 0) throw new CommandError(`${this.#file} is empty`)
    const magic = Buffer.alloc(Math.min(MAGIC.length, this.#size))
    readSync(this.#fd, magic, 0, magic.length, 0)
    if (!magic.equals(MAGIC.subarray(0, magic.length))) {
      throw new CommandError(`${this.#file} is not a recording. Make one with: ohmq record FILE ENDPOINT`)
    }
    let recording = -1
    let time = 0
    let size = 0
    let messages: Recorded[] = []
    try {
      while (this.#position < this.#size) {
        // A header at the end may be cut off before it can be told from a record.
        if (!this.#need(MAGIC.length)) break
        if (this.#isHeader) {
          if (messages.length > 0) yield { recording, messages }
          messages = []
          if (!this.#readHeader()) break
          recording += 1
          time = this.header?.start ?? 0
          continue
        }
        const position = this.#position
        const record = this.#readRecord(time)
        if (record === undefined) break
        time = record.time
        messages.push(record)
        size += this.#position - position
        if (messages.length < BATCH && size < WINDOW) continue
        yield { recording, messages }
        messages = []
        size = 0
      }
    } catch (error) {
      if (messages.length > 0) yield { recording, messages }
      throw error
    }
    if (messages.length > 0) yield { recording, messages }
  }
}
