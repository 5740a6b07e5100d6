// What a command writes, up to a limit.

import { Buffer } from "node:buffer"
import type { Readable } from "node:stream"

/** Keeps the first bytes of a stream, and reads the rest, so that the command does not wait. */
export class Capture {
  readonly #limit: number
  readonly #chunks: Buffer[] = []
  #size = 0
  #total = 0

  /** @param limit In bytes. */
  constructor(stream: Readable, limit: number) {
    this.#limit = limit
    stream.on("data", (chunk: Buffer) => {
      this.#total += chunk.length
      const room = this.#limit - this.#size
      if (room <= 0) return
      const kept = chunk.subarray(0, room)
      this.#chunks.push(kept)
      this.#size += kept.length
    })
    // It ends with the command.
    stream.on("error", () => {})
  }

  get isTruncated(): boolean {
    return this.#total > this.#size
  }

  /** As text. What is not UTF-8, and control characters except of lines, become U+FFFD. */
  get text(): string {
    return Buffer.concat(this.#chunks)
      .toString()
      .replace(/(?![\n\r\t])\p{Cc}/gu, "\ufffd")
  }
}
