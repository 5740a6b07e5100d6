// Remembers accepted messages, as long as they would otherwise be accepted again.

import { checkPositive } from "../../base/checks.js"
import { EnvelopeError } from "./envelope-error.js"

/** Where a Verifier remembers accepted messages. Implement it to share them between processes, or to keep them when a process ends. */
export interface NonceStore {
  /**
   * Adds a nonce of 43 characters and returns whether it is new, in one atomic step. The store may forget it after `expires` by its own
   * clock; `expires` allows for a clock that is ahead by `clockSkew`. In Redis: `SET nonce 1 NX PXAT expires`.
   */
  add(nonce: string, expires: Date): boolean | Promise<boolean>
}

/** Nonces that expire within the same second are forgotten together. Milliseconds. */
const SLICE = 1000

/** Keeps nonces in memory. Several Verifiers may share one. */
export class MemoryNonceStore implements NonceStore {
  readonly #limit: number
  /** By the second in which they expire. */
  readonly #slices = new Map<number, Set<string>>()
  #size = 0
  /** Nonces that expire in this second or earlier may be forgotten. */
  #forgotten = Number.NEGATIVE_INFINITY

  /** @param limit How many nonces to keep, 1,000,000 by default. Beyond it, the oldest are forgotten, and messages as old as they are rejected. */
  constructor(limit = 1_000_000) {
    this.#limit = checkPositive("limit", limit)
  }

  /** How many nonces it keeps. */
  get size(): number {
    return this.#size
  }

  /** Adds a nonce and returns whether it is new. */
  add(nonce: string, expires: Date): boolean {
    this.#forgetUntil(Math.floor(Date.now() / SLICE) - 1)
    const second = Math.floor(expires.getTime() / SLICE)
    if (second <= this.#forgotten) throw new EnvelopeError("ERR_ENVELOPE_EXPIRED")
    let slice = this.#slices.get(second)
    if (slice === undefined) {
      slice = new Set()
      this.#slices.set(second, slice)
    }
    if (slice.has(nonce)) return false
    slice.add(nonce)
    this.#size += 1
    if (this.#size > this.#limit) this.#forgetUntil(Math.min(...this.#slices.keys()))
    return true
  }

  /** This never goes back: if the clock is set back, forgotten messages must not be accepted again. */
  #forgetUntil(second: number): void {
    if (second <= this.#forgotten) return
    this.#forgotten = second
    for (const [key, slice] of this.#slices) {
      if (key > second) continue
      this.#slices.delete(key)
      this.#size -= slice.size
    }
  }
}
