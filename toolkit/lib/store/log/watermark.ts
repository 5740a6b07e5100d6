// What is known to be durable, beside the log. It tells an entry that was never confirmed, and is cut off after a crash, from a confirmed
// one that was damaged later. It is written after each durable write but is not synchronized itself: after a kill it is exact, and after a
// power cut it may be older than the log, never newer.

import { Buffer } from "node:buffer"
import { closeSync, constants, fdatasync, openSync, readSync, writeSync } from "node:fs"
import { join } from "node:path"
import { crc32 } from "node:zlib"
import type { Position } from "./record.js"

/** The confirmed part of a log. */
export interface Mark {
  /** The first position of the first segment. */
  head: Position
  /** The first position of the last segment. */
  segment: Position
  /** The valid bytes of the last segment. */
  offset: number
  /** The position that comes next. */
  next: Position
}

const SIZE = 36
/** Two places are written in turn, so that a torn write leaves the other. A sector each. */
const PLACES = [0, 512] as const
const NAME = "durable"

const parse = (bytes: Buffer): Mark | undefined =>
  bytes.length === SIZE && crc32(bytes.subarray(4)) === bytes.readUInt32LE(0)
    ? {
        head: bytes.readDoubleLE(4),
        segment: bytes.readDoubleLE(12),
        offset: bytes.readDoubleLE(20),
        next: bytes.readDoubleLE(28),
      }
    : undefined

/** Reads the newest mark in a folder, if there is a valid one. */
export function readMark(folder: string): Mark | undefined {
  let file: number
  try {
    file = openSync(join(folder, NAME), "r")
  } catch {
    return undefined
  }
  try {
    const marks = PLACES.map((place) => {
      const bytes = Buffer.alloc(SIZE)
      return parse(bytes.subarray(0, readSync(file, bytes, 0, SIZE, place)))
    }).filter((mark) => mark !== undefined)
    // Both grow only.
    return marks.sort((a, b) => b.next - a.next || b.offset - a.offset || b.head - a.head)[0]
  } finally {
    closeSync(file)
  }
}

/** The file with the marks, open for writing. */
export class Watermark {
  readonly #file: number
  readonly #bytes = Buffer.alloc(SIZE)
  #turn = 0

  constructor(folder: string) {
    this.#file = openSync(join(folder, NAME), constants.O_RDWR | constants.O_CREAT, 0o600)
  }

  write({ head, segment, offset, next }: Mark): void {
    const bytes = this.#bytes
    bytes.writeDoubleLE(head, 4)
    bytes.writeDoubleLE(segment, 12)
    bytes.writeDoubleLE(offset, 20)
    bytes.writeDoubleLE(next, 28)
    bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0)
    this.#turn ^= 1
    writeSync(this.#file, bytes, 0, SIZE, PLACES[this.#turn as 0 | 1])
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => fdatasync(this.#file, (error) => (error ? reject(error) : resolve())))
  }

  close(): void {
    closeSync(this.#file)
  }
}
