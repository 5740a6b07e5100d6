// Counts failures by source, so that guessing and flooding are cut short.

import { clock } from "../../base/timers.js"
import { checkOptions } from "../check-options.js"

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

/** The attempts of a source that are under way, and those that wait for them. */
interface Line {
  running: number
  waiting: Set<(admitted: boolean) => void>
}

/** As many sources are remembered. Whoever has more of them is not held up by this. */
const MOST = 10_000

export class Failures {
  readonly limit: number
  readonly window: number
  readonly #records = new Map<string, Record>()
  readonly #lines = new Map<string, Line>()

  constructor(options: FailureLimit = {}) {
    const { failures = 20, window = 10_000 } = checkOptions("failureLimit", options, ["failures", "window"])
    if (!(Number.isSafeInteger(failures) && failures > 0))
      throw new TypeError("Expected failures to be a whole number above 0")
    if (!(Number.isFinite(window) && window > 0)) throw new TypeError("Expected window to be a number of milliseconds")
    this.limit = failures
    this.window = window
  }

  /** Whether a source has failed too often. */
  exceeds(source: string): boolean {
    return this.#countOf(source) >= this.limit
  }

  /** Counts a failure. */
  add(source: string): void {
    const now = clock.now()
    const record = this.#records.get(source)
    const count = record !== undefined && record.ends > now ? record.count + 1 : 1
    // The limit is reached: the pause begins now.
    const ends = count === 1 || count === this.limit ? now + this.window : (record as Record).ends
    this.#records.delete(source)
    this.#records.set(source, { count, ends })
    if (this.#records.size > MOST) this.#records.delete(this.#records.keys().next().value as string)
  }

  /** How many attempts of a source wait for others of it. */
  waiting(source: string): number {
    return this.#lines.get(source)?.waiting.size ?? 0
  }

  /**
   * Waits until an attempt of a source may be looked into: one that is under way counts as a failure until it is none, so a burst
   * does not pass the limit. False if the source has failed too often, or nobody wants to know any more. If true, `end` must follow.
   */
  begin(source: string, signal: AbortSignal): Promise<boolean> | boolean {
    if (this.exceeds(source)) return false
    const line = this.#lines.get(source) ?? { running: 0, waiting: new Set() }
    this.#lines.set(source, line)
    if (this.#admits(source, line)) {
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

  /** An attempt is over. */
  end(source: string, failed: boolean): void {
    if (failed) this.add(source)
    const line = this.#lines.get(source) as Line
    line.running -= 1
    const exceeds = this.exceeds(source)
    for (const admit of line.waiting) {
      if (!exceeds && !this.#admits(source, line)) break
      line.waiting.delete(admit)
      if (!exceeds) line.running += 1
      admit(!exceeds)
    }
    // Nobody waits for nobody: who fails takes the place that another could have.
    if (line.running === 0) this.#lines.delete(source)
  }

  #admits(source: string, { running }: Line): boolean {
    return this.#countOf(source) + running < this.limit
  }

  /** How many failures of a source count now. */
  #countOf(source: string): number {
    const record = this.#records.get(source)
    if (record === undefined) return 0
    if (record.ends > clock.now()) return record.count
    this.#records.delete(source)
    return 0
  }
}
