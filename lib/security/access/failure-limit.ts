// Counts failures by source, to limit guessing and flooding.

import { checkOptions, checkPositive, unexpected } from "../../base/checks.js"
import { clock } from "../../base/timers.js"

/** How many failures of one address, and of one CURVE key, an Authenticator examines. */
export interface FailureLimit {
  /** How many failures of one address are examined within `window`, and how many of one CURVE key, which count once for its address. Default 20. */
  failures?: number
  /** In milliseconds; also how long an address or key that has reached the limit is denied. Default 10,000. */
  window?: number
}

interface FailureCount {
  count: number
  ends: number
}

/** The attempts of a source that are in progress, and those that wait for them. */
interface Line {
  running: number
  waiting: Set<(admitted: boolean) => void>
}

/** How many sources are remembered. An attacker with more addresses than this is not slowed down. */
const MOST = 10_000

export class Failures {
  readonly limit: number
  readonly window: number
  readonly #counts = new Map<string, FailureCount>()
  readonly #lines = new Map<string, Line>()

  constructor(options: FailureLimit = {}) {
    const { failures = 20, window = 10_000 } = checkOptions("failureLimit", options, ["failures", "window"])
    this.limit = checkPositive("failures", failures)
    if (!(Number.isFinite(window) && window > 0)) throw unexpected("window", "a number of milliseconds above 0", window)
    this.window = window
  }

  /** Whether a source has failed too often. */
  exceeds(source: string): boolean {
    return this.count(source) >= this.limit
  }

  /** How many failures of a source count now. */
  count(source: string): number {
    return this.#current(source)?.count ?? 0
  }

  /** Whether a source has failed within the window, even if its failures no longer count. */
  hasFailed(source: string): boolean {
    return this.#current(source) !== undefined
  }

  /** From now on, the failures of a source up to now do not count. */
  forgive(source: string): void {
    const known = this.#current(source)
    if (known !== undefined) known.count = 0
  }

  /** Counts a failure. */
  add(source: string): void {
    const known = this.#current(source)
    const count = (known?.count ?? 0) + 1
    // When the count reaches the limit, the pause begins.
    const ends = known === undefined || count === this.limit ? clock.now() + this.window : known.ends
    this.#counts.delete(source)
    this.#counts.set(source, { count, ends })
    if (this.#counts.size > MOST) this.#counts.delete(this.#counts.keys().next().value as string)
  }

  /** Whether an attempt of a source need not wait. */
  hasRoom(source: string): boolean {
    return this.count(source) + (this.#lines.get(source)?.running ?? 0) < this.limit
  }

  /**
   * Waits until an attempt of a source may be examined. An attempt in progress counts as a failure until it succeeds, so that a burst
   * cannot exceed the limit. Returns false if the source has failed too often or the signal was aborted. After true, call `end`.
   */
  begin(source: string, signal: AbortSignal): Promise<boolean> | boolean {
    if (this.exceeds(source)) return false
    const line = this.#lines.get(source) ?? { running: 0, waiting: new Set() }
    this.#lines.set(source, line)
    if (this.hasRoom(source)) {
      line.running += 1
      return true
    }
    return new Promise((resolve) => {
      line.waiting.add(resolve)
      signal.addEventListener("abort", () => {
        if (line.waiting.delete(resolve)) resolve(false)
      })
    })
  }

  /** Ends an attempt. If it failed, call `add` before. */
  end(source: string): void {
    const line = this.#lines.get(source) as Line
    line.running -= 1
    const exceeds = this.exceeds(source)
    for (const admit of line.waiting) {
      if (!exceeds && !this.hasRoom(source)) break
      line.waiting.delete(admit)
      if (!exceeds) line.running += 1
      admit(!exceeds)
    }
    // With no attempt in progress, none can be waiting: each one that ended has admitted or refused them.
    if (line.running === 0) this.#lines.delete(source)
  }

  #current(source: string): FailureCount | undefined {
    const known = this.#counts.get(source)
    if (known === undefined || known.ends > clock.now()) return known
    this.#counts.delete(source)
    return undefined
  }
}
