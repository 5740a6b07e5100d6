// Decides each request: by which policy, how many at a time, within what time, and not for sources that fail again and again.

import type { Buffer } from "node:buffer"
import { checkPositive, checkTimeout } from "../../base/checks.js"
import { clearTimeout, setTimeout } from "../../base/timers.js"
import { plainAddress, sourceOf } from "./addresses.js"
import { type FailureLimit, Failures } from "./failure-limit.js"
import type { Claim, Policy, Verdict } from "./policy.js"
import type { ZapRequest } from "./zap.js"

export interface DecisionOptions {
  /** How long a decision may take, in milliseconds; then the peer is denied temporarily (status 300). Default 5000. */
  timeout?: number
  /**
   * After this many failures of an address (over ipc: of a system user), its peers are denied for a while. Functions and password files
   * are then not asked at all; certificate stores are, and known keys are still allowed. Attempts in progress count as failures, and
   * further ones wait for them. Denials beyond the limit are reported as one event. Default: 20 failures within 10,000 ms; null sets no
   * limit.
   */
  failureLimit?: FailureLimit | null
  /** How many decisions may be in progress or wait; one address may have half of them. Further peers are denied temporarily. Default 1000. */
  pending?: number
}

export const decisionOptions = ["timeout", "failureLimit", "pending"]

export const TOO_MANY_FAILURES = "too many failures"

const forNow = (denied: string): Verdict => ({ denied, temporary: true })

export class Decisions {
  readonly failures: Failures | undefined
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
    this.failures = failureLimit === null ? undefined : new Failures(failureLimit)
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
    const source = sourceOf(request.address)
    const isCostly = policy.isCostly(mechanism)
    if (isCostly && this.failures?.exceeds(source)) return forNow(TOO_MANY_FAILURES)
    const waiting = this.failures?.waiting(source) ?? 0
    if (this.#pending.size >= this.#most || waiting >= this.#most / 2) return forNow("too many decisions in progress")

    const decide = async (signal: AbortSignal): Promise<Verdict> => {
      const verdict = await policy.decide({ domain, address, mechanism }, claim, password, signal)
      // A mark may have been revoked while the decision was made.
      const isRevoked = !("denied" in verdict) && verdict.marks.some((mark) => this.#revoked.has(mark))
      return isRevoked ? { denied: "revoked" } : verdict
    }
    if (isCostly) return this.#within((signal) => this.#withinLimit(source, decide, signal))
    const verdict = await this.#within(decide)
    if (!isFailure(verdict) || this.failures === undefined) return verdict
    if (this.failures.exceeds(source)) return { denied: TOO_MANY_FAILURES }
    this.failures.add(source)
    return verdict
  }

  /** Decides when the source's failure limit has room. */
  async #withinLimit(
    source: string,
    decide: (signal: AbortSignal) => Promise<Verdict>,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const { failures } = this
    if (failures === undefined) return decide(signal)
    if (!(await failures.begin(source, signal))) return forNow(TOO_MANY_FAILURES)
    let isOver = false
    const end = (failed: boolean) => {
      if (!isOver) failures.end(source, failed)
      isOver = true
    }
    // A decision that times out makes room, because it may never end; and it counts as a failed attempt.
    signal.addEventListener("abort", () => end(true))
    let failed = false
    try {
      const verdict = await decide(signal)
      failed = isFailure(verdict)
      return verdict
    } finally {
      end(failed)
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
