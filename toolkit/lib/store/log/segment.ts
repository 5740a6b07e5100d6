// A segment: one file of a log, named by the position of its first record.

import { Buffer } from "node:buffer"
import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs"
import { join } from "node:path"
import { crc32 } from "node:zlib"
import { DURABLE_WRITE, syncFolder } from "./file-system.js"
import {
  claimedLength,
  isPlausible,
  kinds,
  type Position,
  readRecord,
  recordLength,
  type Stored,
  writeRecord,
} from "./record.js"

/** A file of a log. */
export interface Segment {
  /** The position of its first record. */
  first: Position
  /** Its valid bytes. */
  size: number
}

const MAGIC = Buffer.from("OHMQSEG\n")
export const SEGMENT_HEADER = 32
const CHUNK = 1 << 20

export const segmentName = (first: Position): string => `${String(first).padStart(16, "0")}.seg`

/** The first positions of the segments in a folder, in order. */
export const listSegments = (folder: string): Position[] =>
  readdirSync(folder)
    .filter((name) => /^\d{16}\.seg$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b)

function writeAll(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, at)
}

/** What a segment begins with. */
export function segmentHeader(first: Position, previous: Position): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER)
  MAGIC.copy(bytes)
  bytes.writeDoubleLE(first, 16)
  bytes.writeDoubleLE(previous, 24)
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8)
  return bytes
}

/**
 * Creates a segment whose first record is a carry: what a reader has to know of all records before it. It appears under its name only when
 * all of that is on disk.
 *
 * @returns The open file, and its size.
 */
export function createSegment(folder: string, first: Position, previous: Position, carry: string) {
  const draft = { kind: kinds.carry, time: Date.now(), span: 0, sender: "", meta: carry, frames: [] }
  const length = recordLength(draft)
  const bytes = Buffer.alloc(SEGMENT_HEADER + length)
  segmentHeader(first, previous).copy(bytes)
  writeRecord(bytes, SEGMENT_HEADER, length, draft, first, false)
  const path = join(folder, segmentName(first))
  const file = openSync(`${path}.new`, DURABLE_WRITE | constants.O_CREAT | constants.O_TRUNC, 0o600)
  try {
    writeAll(file, bytes)
    fsyncSync(file)
    renameSync(`${path}.new`, path)
    syncFolder(folder)
  } catch (error) {
    closeSync(file)
    rmSync(`${path}.new`, { force: true })
    throw error
  }
  return { file, size: bytes.length }
}

/** What is wrong with a header, if anything. */
export function headerProblem(header: Buffer, first: Position): string | undefined {
  if (header.length < SEGMENT_HEADER) return "an incomplete header"
  if (header.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) !== 0) return "no segment header"
  if (crc32(header.subarray(12, SEGMENT_HEADER)) !== header.readUInt32LE(8)) return "a wrong checksum of the header"
  return header.readDoubleLE(16) === first ? undefined : "the header of another segment"
}

/** Where a scan ended. */
export interface ScanEnd {
  /** The end of the last complete append. */
  offset: number
  /** The position that comes next. */
  next: Position
  /** What is wrong with the bytes after it, if there are any. */
  problem: string | undefined
}

/**
 * Reads a segment from its beginning, and stops at the first bytes that are no valid record, or at `limit`.
 *
 * @param visit Called for each record of a complete append. The frames are valid only during the call.
 */
export function scanSegment(
  folder: string,
  first: Position,
  limit: number,
  visit: (record: Stored, offset: number) => void,
): ScanEnd {
  const file = openSync(join(folder, segmentName(first)), "r")
  try {
    const header = Buffer.alloc(SEGMENT_HEADER)
    const end: ScanEnd = { offset: 0, next: first, problem: undefined }
    end.problem = headerProblem(header.subarray(0, readSync(file, header, 0, SEGMENT_HEADER, 0)), first)
    if (end.problem !== undefined) return end
    end.offset = SEGMENT_HEADER
    let chunk = Buffer.allocUnsafe(CHUNK)
    let start = SEGMENT_HEADER
    let next = first
    let held: [Stored, number][] = []
    for (;;) {
      const wanted = Math.min(chunk.length, limit - start)
      const got = wanted > 0 ? readSync(file, chunk, 0, wanted, start) : 0
      const bytes = chunk.subarray(0, got)
      let at = 0
      while (at < got) {
        const record = readRecord(bytes, at)
        if (typeof record === "string") {
          const length = claimedLength(bytes, at) ?? 0
          // It may only be cut off by the end of this chunk.
          if (
            got === wanted &&
            start + got < limit &&
            at + Math.max(length, 8) > got &&
            (length === 0 || isPlausible(length))
          )
            break
          end.problem = record
          return end
        }
        if (record.position !== next) {
          end.problem = `position ${record.position} instead of ${next}`
          return end
        }
        next += record.span
        held.push([record, start + at])
        at += record.length
        if (record.more) continue
        for (const [one, offset] of held) visit(one, offset)
        held = []
        end.offset = start + at
        end.next = next
      }
      if (got === 0 || (at === 0 && got < wanted)) break
      if (at === 0) {
        const length = claimedLength(bytes, 0) ?? 0
        if (length <= chunk.length) {
          end.problem = "an incomplete record"
          return end
        }
        chunk = Buffer.allocUnsafe(length)
      }
      // Records of an incomplete append are views on this chunk.
      if (held.length > 0) chunk = Buffer.allocUnsafe(chunk.length)
      start += at
    }
    if (held.length > 0) end.problem = "an incomplete append"
    return end
  } finally {
    closeSync(file)
  }
}
