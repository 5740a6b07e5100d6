// Who may be examined: an address that fails too often is not, but a peer that fails harms no other peer of its address (NAT, a Kubernetes
// node). A peer that authenticates with CURVE has proven its key, so its failures count once for its address, and then only for the key.

import { type FailureLimit, Failures } from "./failure-limit.js"

/** Whose attempt it is. */
export interface Attempt {
  /** The address, or over ipc the system user. */
  source: string
  /** The domain and the proven key. Undefined if the mechanism proves nothing before the decision. */
  key: string | undefined
}

/** How an attempt ended. After "open" (an error, a temporary denial) nothing is known about the peer. */
export type Outcome = "allowed" | "failed" | "timed out" | "open"

/** How many keys that were allowed are remembered. */
const MOST = 10_000

export class Attempts {
  readonly #sources: Failures
  readonly #keys: Failures
  /** The keys whose last decision was to allow them, the latest last. An attacker cannot add one. */
  readonly #known = new Set<string>()
  /** How many attempts of an address wait for others. */
  readonly #waiting = new Map<string, number>()

  constructor(options: FailureLimit) {
    this.#sources = new Failures(options)
    this.#keys = new Failures(options)
  }

  get limit(): number {
    return this.#sources.limit
  }

  get window(): number {
    return this.#sources.window
  }

  /** Whether the peer was allowed when it was last examined. It is then always examined. */
  isKnown({ key }: Attempt): boolean {
    return key !== undefined && this.#known.has(key)
  }

  /** Whether a peer is not to be examined now, because it or unknown peers of its address have failed too often. */
  exceeds(attempt: Attempt): boolean {
    if (this.isKnown(attempt)) return false
    const { source, key } = attempt
    return this.#hasFailed(key) ? this.#keys.exceeds(key) : this.#sources.exceeds(source)
  }

  /** Whether a key has failed, and so has counted for its address. */
  #hasFailed(key: string | undefined): key is string {
    return key !== undefined && this.#keys.count(key) > 0
  }

  /** Counts a failure. */
  add({ source, key }: Attempt): void {
    if (!this.#hasFailed(key)) this.#sources.add(source)
    if (key !== undefined) this.#keys.add(key)
  }

  /** How many other attempts of its address wait. What waits there does not hold up a key that was allowed. */
  waiting(attempt: Attempt): number {
    return this.isKnown(attempt) ? 0 : (this.#waiting.get(attempt.source) ?? 0)
  }

  /**
   * Waits until an attempt may be examined. Returns undefined if it may not be, or the signal was aborted; otherwise a function to call
   * with the outcome, of which the first call counts.
   */
  async begin(attempt: Attempt, signal: AbortSignal): Promise<((outcome: Outcome) => void) | undefined> {
    const { source, key } = attempt
    if (key !== undefined && !(await this.#wait(source, this.#keys.begin(key, signal)))) return undefined
    let countsForSource = !this.isKnown(attempt) && !this.#hasFailed(key)
    if (countsForSource && !(await this.#wait(source, this.#sources.begin(source, signal)))) {
      countsForSource = false
      // Another attempt with the key may have been allowed meanwhile.
      if (signal.aborted || !this.isKnown(attempt)) {
        if (key !== undefined) this.#keys.end(key)
        return undefined
      }
    }
    let isOver = false
    return (outcome) => {
      if (isOver) return
      isOver = true
      this.#note(attempt, outcome)
      if (countsForSource) this.#sources.end(source)
      if (key !== undefined) this.#keys.end(key)
    }
  }

  async #wait(source: string, place: Promise<boolean> | boolean): Promise<boolean> {
    if (typeof place === "boolean") return place
    this.#waiting.set(source, (this.#waiting.get(source) ?? 0) + 1)
    const hasPlace = await place
    const left = (this.#waiting.get(source) as number) - 1
    if (left === 0) this.#waiting.delete(source)
    else this.#waiting.set(source, left)
    return hasPlace
  }

  #note(attempt: Attempt, outcome: Outcome): void {
    const { key } = attempt
    if (outcome === "open") return
    if (outcome === "allowed") {
      if (key === undefined) return
      this.#known.delete(key)
      this.#known.add(key)
      if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value as string)
      this.#keys.clear(key)
      return
    }
    // That the policy is slow says nothing against a peer that it has allowed.
    if (outcome === "timed out" && this.isKnown(attempt)) return
    if (key !== undefined) this.#known.delete(key)
    this.add(attempt)
  }
}
