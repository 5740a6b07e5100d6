// What is decided on each request: by which policy, how many at a time, in what time, and not again for those who fail and fail.

import type { Buffer } from "node:buffer"

import { clearTimeout, setTimeout } from "../../base/timers.js"
import { checkPositive, checkTimeout } from "../check-options.js"
import { plainAddress, sourceOf } from "./addresses.js"
import { type FailureLimit, Failures } from "./failure-limit.js"
import type { Claim, Policy, Verdict } from "./policy.js"
import type { ZapRequest } from "./zap.js"

export interface DecisionOptions {
  /** How long a decision may take, in milliseconds; then it is "no, for now". Default 5000. */
  timeout?: number
  /**
   * After so many failures of an address (over ipc: of a user of the system's), its peers are turned away for a while: unseen, where a
   * function or a password file would be asked; those with keys that a store does not know at once, and those that it knows get
   * in. Attempts under way count, and others wait for them. Denials beyond it are told as one. Null: no limit.
   */
  failureLimit?: FailureLimit | null
  /** How many decisions may be under way or wait, of one address half of them; more are turned away for now. Default 1000. */
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
  /** Answers those who wait, when it closes. */
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

  /** Keeps those with any of these marks out. */
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

  /** Decides. What the program's functions throw comes out of here. */
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
    if (this.#pending.size >= this.#most || waiting >= this.#most / 2) return forNow("too many decisions under way")

    const decide = async (signal: AbortSignal): Promise<Verdict> => {
      const verdict = await policy.decide({ domain, address, mechanism }, claim, password, signal)
      // Those that came to be revoked while it was decided are among these.
      const isRevoked = !("denied" in verdict) && verdict.marks.some((mark) => this.#revoked.has(mark))
      return isRevoked ? { denied: "revoked" } : verdict
    }
    if (isCostly) return this.#within((signal) => this.#inTurn(source, decide, signal))
    const verdict = await this.#within(decide)
    if (!isFailure(verdict) || this.failures === undefined) return verdict
    if (this.failures.exceeds(source)) return { denied: TOO_MANY_FAILURES }
    this.failures.add(source)
    return verdict
  }

  async #inTurn(
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
    // Whoever it takes too long for makes room, since it may take for ever; and it was an attempt.
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

  /** A decision, or "no, for now" when it takes too long or the authenticator closes; then nobody wants it any more. */
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
