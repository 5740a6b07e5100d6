// Decides each request: by which policy, how many at a time, within what time, and not for sources that fail again and again.

import type { Buffer } from "node:buffer"
import { checkPositive, checkTimeout } from "../../base/checks.js"
import { clearTimeout, setTimeout } from "../../base/timers.js"
import { plainAddress, sourceOf } from "./addresses.js"
import { type Attempt, Attempts, type Outcome } from "./attempts.js"
import type { FailureLimit } from "./failure-limit.js"
import type { Claim, Policy, Verdict } from "./policy.js"
import type { ZapRequest } from "./zap.js"

export interface DecisionOptions {
  /** How long a decision may take, in milliseconds; then the peer is denied temporarily (status 300). Default 5000. */
  timeout?: number
  /**
   * After this many failures of an address (over ipc: of a system user), its peers are denied for a while. Functions and password files
   * are then not asked at all; certificate stores are. A CURVE key counts once for its address, and is denied after as many failures of
   * its own; one that is in the store, or that the function allowed when it was last asked, is never denied by this limit. Attempts in
   * progress count as failures, and further ones wait for them. Denials beyond the limit are reported as one event. Default: 20 failures
   * within 10,000 ms; null sets no limit.
   */
  failureLimit?: FailureLimit | null
  /**
   * How many decisions may be in progress or wait. Half of them may wait for others of one address, and keys of that address that a
   * function allowed in a further quarter. Further peers are denied temporarily. Default 1000.
   */
  pending?: number
}

export const decisionOptions = ["timeout", "failureLimit", "pending"]

export const TOO_MANY_FAILURES = "too many failures"

const forNow = (denied: string): Verdict => ({ denied, temporary: true })

export class Decisions {
  readonly attempts: Attempts | undefined
  readonly #timeout: number
  readonly #most: number
  readonly #policyOf: (domain: string) => Policy
  readonly #general: Policy
  readonly #revoked = new Set<string>()
  /** Denies the waiting requests when the authenticator closes. */
  readonly #pending = new Set<() => void>()
  #closed = false

  constructor(general: Policy, domains: ReadonlyMap<string, Policy>, options: DecisionOptions) {
    const { timeout = 5000, failureLimit = {}, pending = 1000 } = options
    this.#general = general
    this.#policyOf = (domain) => domains.get(domain) ?? general
    this.#timeout = checkTimeout("timeout", timeout)
    this.#most = checkPositive("pending", pending)
    this.attempts = failureLimit === null ? undefined : new Attempts(failureLimit)
  }

  /** Denies whoever has one of these marks. */
  revoke(marks: string[]): void {
    for (const mark of marks) this.#revoked.add(mark)
  }

  reinstate(marks: string[]): void {
    for (const mark of marks) this.#revoked.delete(mark)
  }

  close(): void {
    this.#closed = true
    for (const answer of this.#pending) answer()
  }

  /** Decides. Rejects with whatever a handler of the program throws. */
  async decide(request: ZapRequest, claim: Claim, password: Buffer): Promise<Verdict> {
    const { domain, mechanism } = request
    const address = plainAddress(request.address)
    if (this.#closed) return forNow("the authenticator is closed")
    const policy = this.#policyOf(domain)
    const objection = this.#general.addresses.objection(address) ?? policy.addresses.objection(address)
    if (objection !== undefined) return { denied: objection }
    const { publicKey } = claim
    const attempt = { source: sourceOf(request.address), key: publicKey && `${domain}\n${publicKey}` }
    const isCostly = policy.isCostly(mechanism)
    if (isCostly && this.attempts?.exceeds(attempt)) return forNow(TOO_MANY_FAILURES)
    // What only looks something up does not wait for others of its address, so it does not leave places to others either.
    const isCrowded = isCostly && this.attempts?.isCrowded(attempt, this.#most)
    if (this.#pending.size >= this.#most || isCrowded) return forNow("too many decisions in progress")

    const decide = async (signal: AbortSignal): Promise<Verdict> => {
      const verdict = await policy.decide({ domain, address, mechanism }, claim, password, signal)
      // A mark may have been revoked while the decision was made.
      const isRevoked = !("denied" in verdict) && verdict.marks.some((mark) => this.#revoked.has(mark))
      return isRevoked ? { denied: "revoked" } : verdict
    }
    if (isCostly) return this.#within((signal) => this.#withinLimit(attempt, decide, signal))
    const verdict = await this.#within(decide)
    if (!isFailure(verdict) || this.attempts === undefined) return verdict
    if (this.attempts.exceeds(attempt)) return { denied: TOO_MANY_FAILURES }
    this.attempts.add(attempt)
    return verdict
  }

  /** Decides when the failure limit has room. */
  async #withinLimit(
    attempt: Attempt,
    decide: (signal: AbortSignal) => Promise<Verdict>,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const { attempts } = this
    if (attempts === undefined) return decide(signal)
    const end = await attempts.begin(attempt, signal)
    if (end === undefined) return forNow(TOO_MANY_FAILURES)
    // A decision that times out makes room, because it may never end; and it counts as a failed attempt.
    signal.addEventListener("abort", () => end("timed out"))
    let outcome: Outcome = "open"
    try {
      const verdict = await decide(signal)
      outcome = !("denied" in verdict) ? "allowed" : isFailure(verdict) ? "failed" : "open"
      return verdict
    } finally {
      end(outcome)
    }
  }

  /** A decision, or a temporary denial if it times out or the authenticator closes. The signal then aborts it. */
  #within(decide: (signal: AbortSignal) => Promise<Verdict>): Promise<Verdict> {
    const given = new AbortController()
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer)
        this.#pending.delete(onClose)
        end()
      }
      const deny = (denied: string) => {
        settle(() => resolve(forNow(denied)))
        given.abort()
      }
      const onClose = () => deny("the authenticator is closed")
      const timer = setTimeout(() => deny(`no decision within ${this.#timeout} ms`), this.#timeout).unref()
      this.#pending.add(onClose)
      decide(given.signal).then(
        (verdict) => settle(() => resolve(verdict)),
        (error) => settle(() => reject(error)),
      )
    })
  }
}

const isFailure = (verdict: Verdict) => "denied" in verdict && verdict.temporary !== true
