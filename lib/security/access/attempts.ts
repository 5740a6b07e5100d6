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

/**
 * How many places of an address are taken, of those that all addresses share: by attempts that wait, and by those in progress with keys that
 * have counted for it. Attempts in progress with other keys take none, because the limit bounds them.
 */
interface Places {
  all: number
  /** By keys that were allowed. */
  known: number
}

/** How many keys that were allowed are remembered. */
const MOST = 10_000

export class Attempts {
  readonly #sources: Failures
  readonly #keys: Failures
  /** The keys whose last decision was to allow them, the latest last. An attacker cannot add one. */
  readonly #known = new Set<string>()
  readonly #places = new Map<string, Places>()

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

  /** Whether a key has failed within the window, and so has counted for its address, even if it was allowed since. */
  #hasFailed(key: string | undefined): key is string {
    return key !== undefined && this.#keys.hasFailed(key)
  }

  /** Counts a failure. */
  add({ source, key }: Attempt): void {
    if (!this.#hasFailed(key)) this.#sources.add(source)
    if (key !== undefined) this.#keys.add(key)
  }

  /**
   * Whether an attempt is refused, so that its address leaves places to others: it may take half of them. A key that was allowed must not
   * suffer from unknown ones, so a quarter is for those if the half is taken; and it passes if it does not have to wait.
   */
  isCrowded(attempt: Attempt, places: number): boolean {
    const taken = this.#places.get(attempt.source)
    if (taken === undefined || taken.all < places / 2) return false
    return !this.isKnown(attempt) || (taken.known >= places / 4 && !this.#keys.hasRoom(attempt.key as string))
  }

  /**
   * Waits until an attempt may be examined. Returns undefined if it may not be, or the signal was aborted; otherwise a function to call
   * with the outcome, of which the first call counts.
   */
  async begin(attempt: Attempt, signal: AbortSignal): Promise<((outcome: Outcome) => void) | undefined> {
    const { source, key } = attempt
    const ownPlace = key === undefined || this.#keys.begin(key, signal)
    if (!(typeof ownPlace === "boolean" ? ownPlace : await this.#wait(attempt, ownPlace))) return undefined
    const isKnown = this.isKnown(attempt)
    let countsForSource = !isKnown && !this.#hasFailed(key)
    const leave = isKnown || countsForSource ? undefined : this.#takePlace(attempt)
    const place = !countsForSource || this.#sources.begin(source, signal)
    if (!(typeof place === "boolean" ? place : await this.#wait(attempt, place))) {
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
      leave?.()
      if (key !== undefined) this.#keys.end(key)
    }
  }

  async #wait(attempt: Attempt, place: Promise<boolean>): Promise<boolean> {
    const leave = this.#takePlace(attempt)
    const hasPlace = await place
    leave()
    return hasPlace
  }

  /** Takes a place, and returns a function that gives it back. */
  #takePlace(attempt: Attempt): () => void {
    const { source } = attempt
    const taken = this.#places.get(source) ?? { all: 0, known: 0 }
    this.#places.set(source, taken)
    const known = this.isKnown(attempt) ? 1 : 0
    taken.all += 1
    taken.known += known
    return () => {
      taken.all -= 1
      taken.known -= known
      if (taken.all === 0) this.#places.delete(source)
    }
  }

  #note(attempt: Attempt, outcome: Outcome): void {
    const { key } = attempt
    if (outcome === "open") return
    if (outcome === "allowed") {
      if (key === undefined) return
      this.#known.delete(key)
      this.#known.add(key)
      if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value as string)
      this.#keys.forgive(key)
      return
    }
    // That the policy is slow says nothing against a peer that it has allowed.
    if (outcome === "timed out" && this.isKnown(attempt)) return
    if (key !== undefined) this.#known.delete(key)
    this.add(attempt)
  }
}
