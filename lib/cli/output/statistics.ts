// Rates on standard error, and lost messages by their sequence numbers.

import type { Buffer } from "node:buffer"
import process from "node:process"

import { UsageError } from "../command/exit.js"

const units = ["B", "kB", "MB", "GB"] as const

/** A size for people, such as "1.2 MB". */
export function readable(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000
  return `${unit === 0 ? Math.round(value) : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`
}

const grouped = (number: number) => Math.round(number).toLocaleString("en-US")

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
    const lost = this.lost === 0 ? "" : `, ${grouped(this.lost - this.#last.lost)} lost (${grouped(this.lost)} in all)`
    process.stderr.write(
      `${grouped(rate)} messages/s, ${readable(speed)}/s, ${grouped(this.messages)} messages, ${readable(this.bytes)} in all${lost}\n`,
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
