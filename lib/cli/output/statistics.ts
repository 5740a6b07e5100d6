// Rates on standard error, and lost messages by their sequence numbers.

import type { Buffer } from "node:buffer"
import process from "node:process"

import { UsageError } from "../command/exit.js"
import { figure, readable } from "../command/figures.js"

/** Counts what passes, and says it once a second if it is asked to. */
export class Statistics {
  messages = 0
  bytes = 0
  /** Messages that are known to be lost. */
  lost = 0
  readonly #timer: NodeJS.Timeout | undefined
  #last = { at: performance.now(), messages: 0, bytes: 0, lost: 0 }

  /** @param isShown Whether --stats is given. */
  constructor(isShown: boolean | undefined) {
    if (isShown === true) this.#timer = setInterval(() => this.#show(), 1000).unref()
  }

  add(messages: number, bytes: number): void {
    this.messages += messages
    this.bytes += bytes
  }

  #show(): void {
    const now = performance.now()
    const seconds = (now - this.#last.at) / 1000
    const rate = (this.messages - this.#last.messages) / seconds
    const speed = (this.bytes - this.#last.bytes) / seconds
    const lost = this.lost === 0 ? "" : `, ${figure(this.lost - this.#last.lost)} lost (${figure(this.lost)} in all)`
    process.stderr.write(
      `${figure(rate)} messages/s, ${readable(speed)}/s, ${figure(this.messages)} messages, ${readable(this.bytes)} in all${lost}\n`,
    )
    this.#last = { at: now, messages: this.messages, bytes: this.bytes, lost: this.lost }
  }

  /** Says the rest, and ends. */
  end(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#show()
  }
}

/** Finds gaps in the numbers that a part of each message holds. */
export class Sequence {
  readonly #index: number
  #next: bigint | undefined

  /** @param part Counted from 1, or from the end: -1. */
  constructor(part: string) {
    const index = Number(part)
    if (!Number.isInteger(index) || index === 0) {
      throw new UsageError(
        `--sequence: expected the number of a part, such as 1 or -1, but received ${JSON.stringify(part)}`,
      )
    }
    this.#index = index > 0 ? index - 1 : index
  }

  /** How many messages are missing before this one. */
  gap(parts: readonly Buffer[]): number {
    const number = numberOf(parts.at(this.#index))
    if (number === undefined) return 0
    const expected = this.#next
    this.#next = number + 1n
    // A smaller number: the sender has started again.
    return expected === undefined || number <= expected ? 0 : Number(number - expected)
  }
}

/** A number as text, or as 4 or 8 bytes, little-endian, as Bitcoin's node sends it. */
function numberOf(part: Buffer | undefined): bigint | undefined {
  if (part === undefined || part.length === 0) return undefined
  const text = part.toString("latin1")
  if (/^\d{1,18}$/.test(text)) return BigInt(text)
  if (part.length === 4) return BigInt(part.readUInt32LE())
  return part.length === 8 ? part.readBigUInt64LE() : undefined
}
