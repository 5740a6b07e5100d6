// How messages follow each other on a connection: RFC 6587. A message that begins with a digit has its length in front (octet counting); one
// that begins with `<` ends with a line feed.

import { Buffer } from "node:buffer"

/** A frame, or what was wrong with the bytes. */
export type Frame = { readonly message: Buffer } | { readonly error: "too-long" | "length" }

const newline = 0x0a
const maxDigits = 10

/** Splits what comes over a connection into messages. */
export class Deframer {
  readonly #maxBytes: number
  #buffer: Buffer = Buffer.alloc(0)
  /** How many bytes of a message that is too long are still to come; all up to a line feed if Infinity. */
  #skip = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Buffer): Frame[] {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
    const frames: Frame[] = []
    for (;;) {
      if (this.#skip > 0 && !this.#skipped()) return frames
      const first = this.#buffer[0]
      if (first === undefined) return frames
      // Some senders end counted messages with a line feed, too.
      if (first === newline) {
        this.#buffer = this.#buffer.subarray(1)
        continue
      }
      const frame = first >= 0x30 && first <= 0x39 ? this.#counted() : this.#line()
      if (frame === undefined) return frames
      frames.push(frame)
    }
  }

  /** The last message of a connection that has ended, if it has no end. A counted one was cut off. */
  end(): Frame | undefined {
    const rest = this.#buffer
    this.#buffer = Buffer.alloc(0)
    if (rest.length === 0 || this.#skip > 0) return undefined
    const first = rest[0] as number
    return first >= 0x30 && first <= 0x39 ? { error: "length" } : { message: rest }
  }

  /** Drops the rest of a message that is too long. Returns whether it has ended. */
  #skipped(): boolean {
    if (this.#skip === Number.POSITIVE_INFINITY) {
      const end = this.#buffer.indexOf(newline)
      this.#buffer = end < 0 ? Buffer.alloc(0) : this.#buffer.subarray(end + 1)
      if (end >= 0) this.#skip = 0
    } else {
      const count = Math.min(this.#skip, this.#buffer.length)
      this.#buffer = this.#buffer.subarray(count)
      this.#skip -= count
    }
    return this.#skip === 0
  }

  #counted(): Frame | undefined {
    const space = this.#buffer.subarray(0, maxDigits + 1).indexOf(0x20)
    const digits = this.#buffer.toString("latin1", 0, space < 0 ? Math.min(this.#buffer.length, maxDigits + 1) : space)
    if (!/^[1-9]\d*$/.test(digits) || (space < 0 && digits.length > maxDigits)) {
      // It was no length. The next line may be a message.
      this.#skip = Number.POSITIVE_INFINITY
      return { error: "length" }
    }
    if (space < 0) return undefined
    const length = Number(digits)
    if (length > this.#maxBytes) {
      this.#buffer = this.#buffer.subarray(space + 1)
      this.#skip = length
      return { error: "too-long" }
    }
    if (this.#buffer.length < space + 1 + length) return undefined
    const message = this.#buffer.subarray(space + 1, space + 1 + length)
    this.#buffer = this.#buffer.subarray(space + 1 + length)
    return { message }
  }

  #line(): Frame | undefined {
    const end = this.#buffer.indexOf(newline)
    if (end < 0 && this.#buffer.length <= this.#maxBytes) return undefined
    if (end < 0 || end > this.#maxBytes) {
      this.#skip = Number.POSITIVE_INFINITY
      return { error: "too-long" }
    }
    const message = this.#buffer.subarray(0, end)
    this.#buffer = this.#buffer.subarray(end + 1)
    return { message }
  }
}
