// Z85 (RFC 32): 4 bytes as 5 characters. The work is done on bytes, so that secrets need never be strings.

import { Buffer } from "node:buffer"
import { isUint8Array } from "node:util/types"

const characters = Buffer.from("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#")
const values = new Int8Array(256).fill(-1)
for (const [value, character] of characters.entries()) values[character] = value

/** Z85 as bytes. */
export function encodeToBytes(bytes: Uint8Array): Buffer {
  if (bytes.length % 4 !== 0) throw new RangeError(`Z85 encodes a multiple of 4 bytes, not ${bytes.length}`)
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

/** Decodes Z85 that comes as bytes. */
export function decodeBytes(text: Uint8Array): Buffer {
  if (text.length % 5 !== 0) throw new RangeError(`Z85 has a multiple of 5 characters, not ${text.length}`)
  const bytes = Buffer.alloc((text.length / 5) * 4)
  for (let from = 0, to = 0; from < text.length; from += 5, to += 4) {
    let number = 0
    for (let digit = 0; digit < 5; digit += 1) {
      const value = values[text[from + digit] as number] as number
      if (value < 0) throw new RangeError(`Z85 has no such character as that at ${from + digit}`)
      number = number * 85 + value
    }
    if (number > 0xffffffff) throw new RangeError(`Z85 at ${from} stands for more than 4 bytes`)
    bytes.writeUInt32BE(number, to)
  }
  return bytes
}

/** Bytes as Z85. Throws RangeError unless there is a multiple of 4 of them. */
export function z85Encode(bytes: Uint8Array): string {
  if (!isUint8Array(bytes)) throw new TypeError("Expected the bytes to be a Uint8Array")
  return encodeToBytes(bytes).toString("latin1")
}

/** The bytes of Z85. Throws RangeError for a wrong length, a wrong character, and five that are too much for four bytes. */
export function z85Decode(text: string): Buffer {
  if (typeof text !== "string") throw new TypeError("Expected Z85 to be a string")
  const foreign = /[^\x20-\x7e]/.exec(text)
  if (foreign !== null) throw new RangeError(`Z85 has no such character as that at ${foreign.index}`)
  // Of memory that other Buffers share.
  const bytes = Buffer.from(text, "latin1")
  try {
    return decodeBytes(bytes)
  } finally {
    bytes.fill(0)
  }
}
