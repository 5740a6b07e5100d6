// At most so many things in any period: the times of the last ones are kept, so that the limit is exact, whenever the period begins.

/** A limit, and what it has let through. */
export class RateLimit {
  readonly limit: number
  readonly period: number
  #times: Float64Array | undefined
  #next = 0

  /** @param period In milliseconds. */
  constructor(limit: number, period: number) {
    this.limit = limit
    this.period = period
  }

  /** When the next one may pass: a time that is over, if that is now. */
  get freeAt(): number {
    return this.#times === undefined ? Number.NEGATIVE_INFINITY : (this.#times[this.#next] as number) + this.period
  }

  /** Whether one may pass now. If so, it counts. */
  passes(now: number): boolean {
    this.#times ??= new Float64Array(this.limit).fill(Number.NEGATIVE_INFINITY)
    // The oldest of the last `limit` ones.
    if (now - (this.#times[this.#next] as number) < this.period) return false
    this.#times[this.#next] = now
    this.#next = (this.#next + 1) % this.limit
    return true
  }

  /** The same limit, with nothing counted. */
  unused(): RateLimit {
    return new RateLimit(this.limit, this.period)
  }

  /** Whether another limit is the same, so that a reload can keep this one with its count. */
  equals(other: RateLimit): boolean {
    return other.limit === this.limit && other.period === this.period
  }
}
