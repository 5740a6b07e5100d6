// Divides a stream of bytes into messages.

import { Buffer } from "node:buffer"

import { CommandError } from "../command/exit.js"

/** Takes chunks of a stream, and gives the messages that are complete. */
export interface Splitter {
  /** The messages that end in this chunk. */
  push(chunk: Buffer): Buffer[]
  /** The last message, which the end of the stream completes. */
  end(): Buffer[]
}

/** The most that a length in front of a message may say. */
const LARGEST = 1 << 30

/** Joins what is left of earlier chunks only when a message is complete, so that a long one costs no more than its length. */
class Rest {
  #chunks: Buffer[] = []
  length = 0

  add(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.length += chunk.length
  }

  take(): Buffer {
    const [only = Buffer.alloc(0)] = this.#chunks
    const all = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : only
    this.#chunks = []
    this.length = 0
    return all
  }
}

/** Messages that end with a byte, which does not belong to them. The last one need not have it. */
export function byEnd(end: number): Splitter {
  const rest = new Rest()
  return {
    push(chunk) {
      const messages: Buffer[] = []
      let start = 0
      for (let at = chunk.indexOf(end); at >= 0; at = chunk.indexOf(end, start)) {
        const piece = chunk.subarray(start, at)
        if (rest.length > 0) {
          rest.add(piece)
          messages.push(rest.take())
        } else messages.push(piece)
        start = at + 1
      }
      rest.add(chunk.subarray(start))
      return messages
    },
    end: () => (rest.length > 0 ? [rest.take()] : []),
  }
}

/** Messages of a size. The last one may be smaller. */
export function bySize(size: number): Splitter {
  const rest = new Rest()
  return {
    push(chunk) {
      rest.add(chunk)
      if (rest.length < size) return []
      const all = rest.take()
      const messages: Buffer[] = []
      let start = 0
      for (; start + size <= all.length; start += size) messages.push(all.subarray(start, start + size))
      rest.add(all.subarray(start))
      return messages
    },
    end: () => (rest.length > 0 ? [rest.take()] : []),
  }
}

/** Where a message with a length before it starts and ends. Undefined if more bytes are needed. */
type Measure = (bytes: Buffer, at: number) => { start: number; end: number; next: number } | undefined

function byLength(format: string, measure: Measure): Splitter {
  const rest = new Rest()
  let wanted = 0
  let position = 0
  return {
    push(chunk) {
      rest.add(chunk)
      if (rest.length < wanted) return []
      const all = rest.take()
      const messages: Buffer[] = []
      let at = 0
      for (;;) {
        let found: ReturnType<Measure>
        try {
          found = measure(all, at)
        } catch (error) {
          throw new CommandError(`Invalid ${format} at byte ${position + at} of the input: ${(error as Error).message}`)
        }
        wanted = found === undefined ? 0 : found.next - at
        if (found === undefined || found.next > all.length) break
        messages.push(all.subarray(found.start, found.end))
        at = found.next
      }
      position += at
      rest.add(all.subarray(at))
      return messages
    },
    end() {
      if (rest.length > 0) throw new CommandError(`The input ends within a message, at byte ${position + rest.length}`)
      return []
    },
  }
}

function checkLength(length: number): number {
  if (length > LARGEST) throw new Error(`a message of ${length} bytes is too large`)
  return length
}

/** http://cr.yp.to/proto/netstrings.txt: the length in decimal, a colon, the message, a comma. */
export const byNetstring = (): Splitter =>
  byLength("netstring", (bytes, at) => {
    const colon = bytes.subarray(at, at + 12).indexOf(0x3a)
    const digits = bytes.toString("latin1", at, colon < 0 ? Math.min(at + 12, bytes.length) : at + colon)
    if (!/^(?:0|[1-9]\d{0,9})?$/.test(digits) || (colon < 0 && digits.length > 10) || colon === 0) {
      throw new Error("expected a length and a colon")
    }
    if (colon < 0) return undefined
    const start = at + colon + 1
    const end = start + checkLength(Number(digits))
    if (end < bytes.length && bytes[end] !== 0x2c) throw new Error("expected a comma after the message")
    return { start, end, next: end + 1 }
  })

/** Four bytes with the length, big-endian, before each message. */
export const byU32 = (): Splitter =>
  byLength("length", (bytes, at) => {
    if (at + 4 > bytes.length) return undefined
    const end = at + 4 + checkLength(bytes.readUInt32BE(at))
    return { start: at + 4, end, next: end }
  })
