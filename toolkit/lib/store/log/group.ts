// A group: appends of several callers that are written, and become durable, together.

import { Buffer } from "node:buffer"
import { type Draft, type Position, writeRecord } from "./record.js"

/** An append that waits for its group. */
export interface Waiting {
  resolve(): void
  reject(error: unknown): void
}

/** Groups this long share buffers. Longer appends get their own. */
export const GROUP_BYTES = 1 << 20
const spare: Buffer[] = []
const MAX_SPARE = 4

/** Records that are encoded, one behind the other, as they will be on disk. */
export class Group {
  readonly #buffer: Buffer
  readonly waiting: Waiting[] = []
  length = 0
  /** The position after its last record. */
  next: Position

  constructor(next: Position, atLeast: number) {
    this.next = next
    this.#buffer =
      atLeast <= GROUP_BYTES ? (spare.pop() ?? Buffer.allocUnsafeSlow(GROUP_BYTES)) : Buffer.allocUnsafeSlow(atLeast)
  }

  hasRoom(length: number): boolean {
    return this.length + length <= this.#buffer.length
  }

  /** Adds a record. The bytes of the frames are copied, so the caller may reuse them. */
  add(draft: Draft, length: number, more: boolean): void {
    writeRecord(this.#buffer, this.length, length, draft, this.next, more)
    this.length += length
    this.next += draft.span
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.length)
  }

  /** Gives the buffer back. */
  release(): void {
    if (this.#buffer.length === GROUP_BYTES && spare.length < MAX_SPARE) spare.push(this.#buffer)
  }
}
