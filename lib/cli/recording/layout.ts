// The layout of a recording. All numbers are little-endian.
//
// A file is one or more recordings, one after the other, each a header and its records:
//
//   header   8 bytes  89 6F 68 6D 71 0D 0A 1A
//            u16      version of the format: 1
//            u16      n, the size of the rest of the header after the checksum
//            u16      n with all bits inverted
//            u16      0
//            u32      CRC-32 of the 16 bytes before and of the rest
//            u64      when it began, in microseconds since 1970
//            u8       length of the name that follows
//            bytes    the type of the socket that received, such as "sub"; then whatever a later version adds, up to n
//
//   record   u32      n, the size of the rest of the record after the checksum
//            u32      n with all bits inverted
//            u32      CRC-32 of the rest
//            varint   microseconds since the record before, or since the recording began
//            varint   number of parts
//            varint   length of each part
//            bytes    the parts
//
// A varint has 7 bits a byte, the lowest first; all bytes but the last have the high bit set. A record that was cut off by the end of the
// file is recognised by its size, which has its own check; a damaged one by its checksum.

import { Buffer } from "node:buffer"
import { crc32 } from "node:zlib"

/** As in PNG: a byte that is not text, and line ends that a transfer as text would change. */
export const MAGIC = Buffer.from([0x89, 0x6f, 0x68, 0x6d, 0x71, 0x0d, 0x0a, 0x1a])
export const VERSION = 1
/** Up to and with the checksum. */
export const HEADER_START = 20
/** The sizes and the checksum. */
export const RECORD_START = 12
/** The longest varint of a whole number that JavaScript can hold. */
export const VARINT_MAX = 8

/** What a header says. */
export interface Header {
  /** Microseconds since 1970. */
  readonly start: number
  /** The type of the socket. */
  readonly type: string
}

export function encodeHeader({ start, type }: Header): Buffer {
  const header = Buffer.alloc(HEADER_START + 9 + type.length)
  MAGIC.copy(header)
  header.writeUInt16LE(VERSION, 8)
  header.writeUInt16LE(header.length - HEADER_START, 10)
  header.writeUInt16LE(~(header.length - HEADER_START) & 0xffff, 12)
  header.writeBigUInt64LE(BigInt(start), HEADER_START)
  header.writeUInt8(type.length, HEADER_START + 8)
  header.write(type, HEADER_START + 9, "latin1")
  header.writeUInt32LE(headerChecksum(header), HEADER_START - 4)
  return header
}

/** The checksum of a whole header. */
export const headerChecksum = (header: Buffer) =>
  crc32(header.subarray(HEADER_START), crc32(header.subarray(0, HEADER_START - 4)))

/** Writes a varint, and gives the position after it. */
export function writeVarint(bytes: Buffer, at: number, value: number): number {
  let [position, rest] = [at, value]
  while (rest >= 0x80) {
    bytes[position++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  bytes[position++] = rest
  return position
}

/** Reads varints. */
export class VarintReader {
  readonly #bytes: Buffer
  #at: number
  readonly #end: number

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  /** Where the next one begins. */
  get position(): number {
    return this.#at
  }

  /** The next one. Undefined if there is none that is complete and safe. */
  next(): number | undefined {
    let [value, factor] = [0, 1]
    for (let length = 0; length < VARINT_MAX && this.#at < this.#end; length += 1) {
      const byte = this.#bytes[this.#at++] as number
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return Number.isSafeInteger(value) ? value : undefined
      factor *= 0x80
    }
    return undefined
  }
}
