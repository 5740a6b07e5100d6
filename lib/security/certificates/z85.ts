// Z85 (RFC 32): 4 bytes as 5 characters. It works on bytes, so that secrets never become strings.

import { Buffer } from "node:buffer"
import { isUint8Array } from "node:util/types"

import { unexpected } from "../../base/checks.js"

const characters = Buffer.from("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#")
const values = new Int8Array(256).fill(-1)
for (const [value, character] of characters.entries()) values[character] = value

/** Encodes bytes as Z85, which is returned as bytes too. */
export function encodeToBytes(bytes: Uint8Array): Buffer {
  if (bytes.length % 4 !== 0)
    throw new RangeError(`Z85 encodes multiples of 4 bytes, but received ${bytes.length} bytes`)
  const text = Buffer.alloc((bytes.length / 4) * 5)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let from = 0, to = 0; from < bytes.length; from += 4, to += 5) {
    let number = view.getUint32(from)
    for (let digit = 4; digit >= 0; digit -= 1) {
      text[to + digit] = characters[number % 85] as number
      number = Math.floor(number / 85)
    }
  }
  return text
}

/** Decodes Z85 that is given as bytes. */
export function decodeBytes(text: Uint8Array): Buffer {
  if (text.length % 5 !== 0)
    throw new RangeError(`Z85 text must have a multiple of 5 characters, but has ${text.length}`)
  const bytes = Buffer.alloc((text.length / 5) * 4)
  for (let from = 0, to = 0; from < text.length; from += 5, to += 4) {
    let number = 0
    for (let digit = 0; digit < 5; digit += 1) {
      const value = values[text[from + digit] as number] as number
      if (value < 0) throw new RangeError(`Invalid Z85 character at index ${from + digit}`)
      number = number * 85 + value
    }
    if (number > 0xffffffff)
      throw new RangeError(`Invalid Z85 group at index ${from}: its value does not fit into 4 bytes`)
    bytes.writeUInt32BE(number, to)
  }
  return bytes
}

/** Encodes bytes as Z85. Throws a RangeError unless their number is a multiple of 4. */
export function z85Encode(bytes: Uint8Array): string {
  if (!isUint8Array(bytes)) throw unexpected("bytes", "a Uint8Array", bytes)
  return encodeToBytes(bytes).toString("latin1")
}

/** Decodes Z85. Throws a RangeError for a wrong length, an invalid character, or 5 characters whose value does not fit into 4 bytes. */
export function z85Decode(text: string): Buffer {
  if (typeof text !== "string") throw unexpected("text", "a string", text)
  const foreign = /[^\x20-\x7e]/.exec(text)
  if (foreign !== null) throw new RangeError(`Invalid Z85 character at index ${foreign.index}`)
  // Other Buffers share this memory, so it is zeroed afterwards.
  const bytes = Buffer.from(text, "latin1")
  try {
    return decodeBytes(bytes)
  } finally {
    bytes.fill(0)
  }
}
