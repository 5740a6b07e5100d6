// Counts failures by address, so that guessing and flooding are cut short.

import { sourceOf } from "./addresses.js"
import { checkOptions } from "./check-options.js"

export interface FailureLimit {
  /** How many failures of one address are looked into within `window`. Default 20. */
  failures?: number
  /** Milliseconds. Also how long the address then is not looked at. Default 10,000. */
  window?: number
}

interface Record {
  count: number
  ends: number
}

/** As many addresses are remembered. Whoever has more of them is not held up by this. */
const MOST = 10_000

export class Failures {
  readonly #limit: number
  readonly #window: number
  readonly #records = new Map<string, Record>()

  constructor(limit: FailureLimit = {}) {
    checkOptions("failureLimit", limit, "failures", "window")
    const { failures = 20, window = 10_000 } = limit
    if (!(Number.isSafeInteger(failures) && failures > 0))
      throw new TypeError("Expected failures to be a whole number above 0")
    if (!(Number.isFinite(window) && window > 0)) throw new TypeError("Expected window to be a number of milliseconds")
    this.#limit = failures
    this.#window = window
  }

  /** Whether an address has failed too often. */
  exceeds(address: string): boolean {
    const source = sourceOf(address)
    const record = this.#records.get(source)
    if (record === undefined) return false
    if (record.ends > performance.now()) return record.count >= this.#limit
    this.#records.delete(source)
    return false
  }

  /** Counts a failure. */
  add(address: string): void {
    const source = sourceOf(address)
    const now = performance.now()
    const record = this.#records.get(source)
    const count = record !== undefined && record.ends > now ? record.count + 1 : 1
    // The limit is reached: the pause begins now.
    const ends = count === 1 || count === this.#limit ? now + this.#window : (record as Record).ends
    this.#records.delete(source)
    this.#records.set(source, { count, ends })
    if (this.#records.size > MOST) this.#records.delete(this.#records.keys().next().value as string)
  }
}
