// A record: the unit that is written, checked and read. docs/store.md has the layout.

import { Buffer } from "node:buffer"
import { crc32 } from "node:zlib"

/** A place in a log. Positions are dense and begin at 1. */
export type Position = number

/** What a record holds. */
export const kinds = { entry: 0, gap: 1, carry: 2 } as const

/** A record to write. Its position is known only when it is written. */
export interface Draft {
  kind: number
  /** Milliseconds since 1970. */
  time: number
  /** How many positions it takes: 1, but for gaps in place of damaged entries, and 0 for a carry. */
  span: number
  sender: string
  /** JSON, or empty. */
  meta: string
  frames: readonly Uint8Array[]
}

/** A record that was read. */
export interface Stored extends Draft {
  position: Position
  /** Whether records follow that are only valid together with this one. */
  more: boolean
  frames: Buffer[]
  /** Its bytes on disk. */
  length: number
}

const HEADER = 40
/** The longest record that is believed: past it, a length is damaged. */
export const MAX_RECORD = 1 << 30

export const recordLength = ({ sender, meta, frames }: Draft): number => {
  let length = HEADER + 4 * frames.length
  if (sender) length += Buffer.byteLength(sender)
  if (meta) length += Buffer.byteLength(meta)
  for (const frame of frames) length += frame.byteLength
  return length
}

/** Writes a record into a buffer with enough room. */
export function writeRecord(into: Buffer, at: number, length: number, draft: Draft, position: Position, more: boolean) {
  const { kind, time, span, sender, meta, frames } = draft
  into.writeUInt32LE(length, at + 4)
  into.writeUInt32LE(position % 0x1_0000_0000, at + 8)
  into.writeUInt32LE(Math.floor(position / 0x1_0000_0000), at + 12)
  into.writeDoubleLE(time, at + 16)
  into[at + 24] = kind
  into[at + 25] = more ? 1 : 0
  into.writeUInt16LE(frames.length, at + 26)
  into.writeUInt32LE(span, at + 28)
  let next = at + HEADER + 4 * frames.length
  let senderLength = 0
  if (sender) {
    senderLength = into.write(sender, next)
    next += senderLength
  }
  let metaLength = 0
  if (meta) {
    metaLength = into.write(meta, next)
    next += metaLength
  }
  into.writeUInt32LE(senderLength, at + 32)
  into.writeUInt32LE(metaLength, at + 36)
  for (let i = 0; i < frames.length; i++) {
    const frame = frames[i] as Uint8Array
    into.writeUInt32LE(frame.byteLength, at + HEADER + 4 * i)
    into.set(frame, next)
    next += frame.byteLength
  }
  into.writeUInt32LE(crc32(into.subarray(at + 4, next)), at)
}

/** The length that the bytes at this place claim, or undefined if there are fewer than eight. */
export const claimedLength = (from: Buffer, at: number): number | undefined =>
  at + 8 <= from.length ? from.readUInt32LE(at + 4) : undefined

export const isPlausible = (length: number): boolean => length >= HEADER && length <= MAX_RECORD

/**
 * Reads the record at a place, if all of it is there. The frames are views on the buffer.
 *
 * @returns What is wrong, as text, if the bytes are no record.
 */
export function readRecord(from: Buffer, at: number): Stored | string {
  const length = claimedLength(from, at)
  if (length === undefined || !isPlausible(length)) return "an invalid length"
  if (at + length > from.length) return "an incomplete record"
  if (crc32(from.subarray(at + 4, at + length)) !== from.readUInt32LE(at)) return "a wrong checksum"
  const count = from.readUInt16LE(at + 26)
  const senderLength = from.readUInt32LE(at + 32)
  const metaLength = from.readUInt32LE(at + 36)
  let next = at + HEADER + 4 * count
  const sender = senderLength === 0 ? "" : from.toString("utf8", next, next + senderLength)
  next += senderLength
  const meta = metaLength === 0 ? "" : from.toString("utf8", next, next + metaLength)
  next += metaLength
  const frames: Buffer[] = []
  for (let i = 0; i < count; i++) {
    const end = next + from.readUInt32LE(at + HEADER + 4 * i)
    frames.push(from.subarray(next, end))
    next = end
  }
  // The checksum holds, so this is a mistake of the program that wrote it.
  if (next !== at + length) return "lengths that contradict each other"
  return {
    kind: from[at + 24] as number,
    time: from.readDoubleLE(at + 16),
    span: from.readUInt32LE(at + 28),
    sender,
    meta,
    frames,
    position: from.readUInt32LE(at + 8) + from.readUInt32LE(at + 12) * 0x1_0000_0000,
    more: from[at + 25] === 1,
    length,
  }
}
