// Remembers which messages were accepted, for as long as they could be accepted again.

import { checkPositive } from "../check-options.js"
import { EnvelopeError } from "./envelope-error.js"

/** Where a Verifier remembers what it accepted. Write one to share it between processes, or to outlive one. */
export interface NonceStore {
  /**
   * Adds a nonce, of 43 characters, and tells whether it is new, in one atomic step. It need not be kept after `expires` by the
   * store's own clock, which may be ahead of the Verifier's by its `clockSkew`: so much is added. In Redis:
   * `SET nonce 1 NX PXAT expires`.
   */
  add(nonce: string, expires: Date): boolean | Promise<boolean>
}

/** Nonces are forgotten together with all of their second. */
const SLICE = 1000

/** Keeps nonces in this process's memory. Several Verifiers may share one. */
export class MemoryNonceStore implements NonceStore {
  readonly #limit: number
  /** By the second in which they expire. */
  readonly #slices = new Map<number, Set<string>>()
  #size = 0
  /** What expires in this second or before is forgotten, or may be. */
  #forgotten = Number.NEGATIVE_INFINITY

  /** How many nonces to keep at most. Beyond it the oldest are forgotten, and messages as old as they are refused. */
  constructor(limit = 1_000_000) {
    this.#limit = checkPositive("limit", limit)
  }

  /** How many nonces it keeps. */
  get size(): number {
    return this.#size
  }

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

  /** A clock that is set back must not let in again what was forgotten, so this only ever advances. */
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
