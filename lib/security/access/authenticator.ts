// The handler of authentication (ZAP, RFC 27): decides who may connect to the servers of a context, and says so.

import { Buffer } from "node:buffer"
import { isIP } from "node:net"
import { isNativeError } from "node:util/types"

import { asyncDispose } from "../../base/dispose.js"
import { Emitter } from "../../base/emitter.js"
import { clock, setTimeout, type Timer, throwLater } from "../../base/timers.js"
import { Context, context as defaultContext, type Guard, Router, type Socket } from "../../index.js"
import { Certificate } from "../certificates/certificate.js"
import { z85Encode } from "../certificates/z85.js"
import { checkOptions } from "../check-options.js"
import { AddressList, plainAddress, sourceOf } from "./addresses.js"
import { type AuditEvent, type AuthenticatorEvents, channels, type RevokedEvent } from "./audit.js"
import { Connections } from "./connections.js"
import { type DecisionOptions, Decisions, decisionOptions, TOO_MANY_FAILURES } from "./decisions.js"
import { type Claim, type DomainPolicy, keyMark, Policy, policyOptions, userMark, type Verdict } from "./policy.js"
import { Repeats } from "./repeats.js"
import { encodeReply, endpoint, type MalformedRequest, parseRequest, type Status, type ZapRequest } from "./zap.js"

/** What is asked of all domains that `domains` does not name, and the rest. */
export interface AuthenticatorOptions extends DomainPolicy, DecisionOptions {
  /** The context whose servers are guarded. Default: the default context. */
  context?: Context
  /** Policies of single domains. A domain that is named here has nothing of the general policy but its addresses. */
  domains?: Record<string, DomainPolicy>
}

const names = ["context", "domains", ...decisionOptions, ...policyOptions]

/** When no request has come for so long, none is under way. Milliseconds. */
const QUIET = 10

/** Also of another realm, and the DOMExceptions that signals are aborted with. */
const isError = (value: unknown): value is Error =>
  value instanceof Error || isNativeError(value) || Object.prototype.toString.call(value) === "[object DOMException]"

/** What a handler throws may be anything. */
const asError = (error: unknown) => (isError(error) ? error : new Error("A handler threw something that is no Error"))

const marksOf = (who: string) => [keyMark(who), userMark(who)]

/**
 * Decides who may connect to the servers of a context.
 *
 * ```typescript
 * await using authenticator = new Authenticator({ curve: "/etc/app/clients", addresses: { allow: ["10.0.0.0/8"] } })
 * authenticator.on("denied", ({ reason, address }) => log.warn(`refused ${address}: ${reason}`))
 * const server = new Reply({ security: { server: certificate, authenticator } })
 * ```
 *
 * There is one for each context, for any number of sockets. When it is closed, nobody new gets in. It does not keep the process
 * alive.
 */
export class Authenticator extends Emitter<AuthenticatorEvents> implements Guard {
  readonly context: Context
  readonly #router: Router
  readonly #general: Policy
  readonly #domains = new Map<string, Policy>()
  readonly #connections = new Connections()
  readonly #decisions: Decisions
  readonly #repeats: Repeats | undefined
  readonly #subscriptions: (() => void)[] = []
  readonly #serving: Promise<void>
  #closed = false
  /** Counts what may turn a decision over: revocations, denials, the end. */
  #changes = 0
  /** Runs while it closes, until no requests come any more. */
  #closing: Timer | undefined

  constructor(options: AuthenticatorOptions = {}) {
    super()
    checkOptions("the options of an Authenticator", options, names)
    const { context = defaultContext, domains = {}, timeout, failureLimit, pending, ...policy } = options
    if (!(context instanceof Context)) throw new TypeError("Expected context to be a Context")
    if (typeof domains !== "object" || domains === null || Array.isArray(domains))
      throw new TypeError("Expected domains to be an object, with a policy by the name of each domain")
    this.context = context
    try {
      this.#general = this.#prepare("the policy", policy)
      for (const [domain, own] of Object.entries(domains)) {
        this.#domains.set(domain, this.#prepare(`the policy of domain ${JSON.stringify(domain)}`, own))
      }
      this.#decisions = new Decisions(this.#general, this.#domains, { timeout, failureLimit, pending })
      const { failures } = this.#decisions
      if (failures !== undefined) {
        this.#repeats = new Repeats(failures.limit, failures.window, (event) => this.#publish(event))
      }
      this.#router = this.#open()
    } catch (error) {
      this.#closePolicies()
      throw error
    }
    this.#serving = this.#serve()
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Resolves when folders of certificates were read for the first time. Until then peers wait. */
  async ready(): Promise<void> {
    for (const { store } of this.#policies()) await store?.ready
  }

  /**
   * Takes a server under its care, so that its connections can be ended when a key is revoked. The `security` option of sockets
   * calls this. The socket must be of the same context, have a `zapDomain`, and not be bound or connected yet.
   */
  guard(socket: Socket): void {
    if (this.#closed) throw new Error("The authenticator is closed; make another one")
    if (!this.context.equals(socket.context)) {
      throw new TypeError("The socket and the authenticator must be of one context: new Authenticator({ context: … })")
    }
    if (socket.zapDomain === null) throw new TypeError(`The socket needs a domain: set zapDomain, such as "global"`)
    // Also after an unbind: connections outlast it.
    if (socket.lastEndpoint !== null) throw new TypeError("The socket was bound or connected already; guard it before")
    this.#connections.add(socket)
  }

  /**
   * Lets peers from an address or network connect, beside those that are allowed already. Where no list was given, all may until then,
   * and afterwards none but these.
   */
  allow(...addresses: string[]): void {
    for (const address of addresses) this.#general.addresses.allow(address)
  }

  /** Keeps peers from an address or network out, and ends their connections. Says how many. */
  deny(...addresses: string[]): number {
    let ended = 0
    for (const address of addresses) {
      const list = new AddressList([address])
      this.#general.addresses.deny(address)
      const connections = this.#connections.revokeAddresses((peer) => list.has(peer))
      ended += connections
      this.#tellRevoked(address, connections)
    }
    return ended
  }

  /**
   * Keeps a public key or a user id out from now on, whatever certificates and handlers say, and ends its connections. Says
   * how many. Connections of others may be among them, and come again; see docs/security.md.
   */
  revoke(who: string | Certificate): number {
    const name = who instanceof Certificate ? who.publicKey : who
    if (typeof name !== "string" || name === "")
      throw new TypeError("Expected a certificate, a public key or a user id")
    this.#decisions.revoke(marksOf(name))
    return this.#end(name, marksOf(name))
  }

  /** Takes back `revoke`. */
  reinstate(who: string | Certificate): void {
    this.#decisions.reinstate(marksOf(who instanceof Certificate ? who.publicKey : who))
  }

  /**
   * Closes it: those who wait are turned away for now, and nobody new gets in, since servers insist on authentication.
   * Connections that there are remain.
   */
  async close(): Promise<void> {
    if (!this.#closed) this.#shut()
    await this.#serving
  }

  [asyncDispose](): Promise<void> {
    return this.close()
  }

  #shut(): void {
    this.#closed = true
    this.#changes += 1
    this.#decisions.close()
    this.#repeats?.flush()
    this.#closePolicies()
    this.#connections.close()
    if (this.#router.closed) return
    // libzmq lets a peer whose request gets no answer wait for half a minute. So nobody new can ask from here on, and those
    // who have asked, or are about to, are answered.
    try {
      this.#router.unbindSync(endpoint)
    } catch {
      // The context was terminated.
    }
    this.#closing = setTimeout(() => this.#router.close(), QUIET)
  }

  #closePolicies(): void {
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe()
    for (const policy of this.#policies()) policy.close()
  }

  // Also of a constructor that failed half way.
  #policies(): Policy[] {
    return [this.#general, ...this.#domains.values()].filter((policy) => policy !== undefined)
  }

  #prepare(what: string, given: DomainPolicy): Policy {
    const policy = new Policy(what, given)
    const { store, passwords } = policy
    const onProblem = (error: Error) => this.#tell("problem", error)
    if (store !== undefined) {
      const onChange = ({ removed }: { removed: string[] }) => {
        for (const key of removed) this.#end(key, [keyMark(key)])
      }
      store.on("change", onChange).on("problem", onProblem)
      this.#subscriptions.push(() => store.off("change", onChange).off("problem", onProblem))
    }
    if (passwords !== undefined) {
      const onChange = ({ removed }: { removed: string[] }) => {
        for (const user of removed) this.#end(user, [userMark(user)])
      }
      passwords.on("change", onChange).on("problem", onProblem)
      this.#subscriptions.push(() => passwords.off("change", onChange).off("problem", onProblem))
    }
    return policy
  }

  #open(): Router {
    const router = new Router({ context: this.context, linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 })
    try {
      router.bindSync(endpoint)
    } catch (error) {
      router.close()
      if ((error as { code?: string }).code !== "EADDRINUSE") throw error
      throw Object.assign(error as Error, {
        message: "The context has an authenticator already; there can be one only",
      })
    }
    return router.unref()
  }

  // --- Requests

  async #serve(): Promise<void> {
    try {
      for await (const frames of this.#router) void this.#answer(frames)
    } catch (error) {
      // The context was terminated, and the socket with it.
      if (!this.#router.closed) this.#tell("problem", error as Error)
    } finally {
      if (!this.#closed) this.#shut()
    }
  }

  /** Answers exactly once: libzmq ends the process when it gets a second reply, and lets the peer wait when it gets none. */
  async #answer(frames: Buffer[]): Promise<void> {
    this.#closing?.refresh()
    const began = clock.now()
    const request = parseRequest(frames)
    if (request === undefined) return
    const { claim, password } = readCredentials(request)
    let verdict: Verdict
    try {
      verdict = await this.#admit(request, claim, password)
    } catch (error) {
      this.#tell("problem", asError(error))
      verdict = { denied: "the handler failed", temporary: true }
    }
    if ("denied" in verdict) {
      const status: Status = verdict.temporary ? "300" : "400"
      this.#send(encodeReply(request.envelope, status))
      this.#audit({ outcome: "denied", reason: verdict.denied, status: Number(status) as 300 }, request, claim, began)
      return
    }
    const { identity } = verdict
    this.#send(encodeReply(request.envelope, "200", identity?.userId, identity?.metadata))
    const allowed = { outcome: "allowed", reason: "known", status: 200, userId: identity?.userId ?? null } as const
    this.#audit(allowed, request, claim, began)
  }

  /** Decides, and again when something has changed or others had to pass first. */
  async #admit(request: ZapRequest | MalformedRequest, claim: Claim, password: Buffer): Promise<Verdict> {
    if ("problem" in request) return { denied: `malformed request: ${request.problem}` }
    const group = groupOf(request.address)
    for (;;) {
      const changes = this.#changes
      const verdict = await this.#decisions.decide(request, claim, password)
      if ("denied" in verdict) return verdict
      for (;;) {
        const other = this.#connections.before(request.domain, group, verdict.marks)
        if (other === undefined) break
        await other
      }
      if (changes !== this.#changes) continue
      // Before the reply, so that it is known when the handshake is told of.
      this.#connections.accept(request.domain, group, verdict.marks)
      return verdict
    }
  }

  #send(reply: (Buffer | string)[]): void {
    try {
      if (!this.#router.closed) this.#router.trySend(reply)
    } catch (error) {
      this.#tell("problem", error as Error)
    }
  }

  // --- Telling

  #end(revoked: string, marks: string[]): number {
    const connections = marks.reduce((sum, mark) => sum + this.#connections.revoke(mark), 0)
    this.#tellRevoked(revoked, connections)
    return connections
  }

  #tellRevoked(revoked: string, connections: number): void {
    this.#changes += 1
    const event: RevokedEvent = { revoked, time: Date.now(), connections }
    if (channels.revoked.hasSubscribers) channels.revoked.publish(event)
    this.#tell("revoked", event)
  }

  #audit(
    result: Pick<AuditEvent, "outcome" | "reason" | "status"> & { userId?: string | null },
    request: ZapRequest | MalformedRequest,
    claim: Claim,
    began: number,
  ): void {
    const { outcome, reason } = result
    if (!channels[outcome].hasSubscribers && this.listenerCount(outcome) === 0) return
    const { domain, address, mechanism } = "problem" in request ? { domain: "", address: "", mechanism: null } : request
    const who = { domain, address: plainAddress(address), mechanism, userId: null }
    const [time, duration] = [Date.now(), clock.now() - began]
    const event: AuditEvent = { ...who, ...result, ...claim, time, count: 1, first: time, duration }
    if (outcome === "denied" && !this.#closed && this.#repeats !== undefined) {
      this.#repeats.add(sourceOf(address), event, reason === TOO_MANY_FAILURES)
    } else this.#publish(event)
  }

  #publish(event: AuditEvent): void {
    const channel = channels[event.outcome]
    if (channel.hasSubscribers) channel.publish(event)
    this.#tell(event.outcome, event)
  }

  /** A listener that throws is the program's fault, but must not end the answering. */
  #tell<E extends keyof AuthenticatorEvents>(name: E, event: AuthenticatorEvents[E][0]): void {
    try {
      this.emit(name, event)
    } catch (error) {
      throwLater(error)
    }
  }
}

/** Peers over ipc count as one. */
const groupOf = (address: string) => (isIP(address) === 0 ? "" : plainAddress(address))

function readCredentials(request: ZapRequest | MalformedRequest): { claim: Claim; password: Buffer } {
  const none = Buffer.alloc(0)
  if ("problem" in request) return { claim: {}, password: none }
  const [first = none, second = none] = request.credentials
  switch (request.mechanism) {
    case "CURVE":
      return { claim: { publicKey: z85Encode(first) }, password: none }
    case "PLAIN":
      return { claim: { username: first.toString() }, password: second }
    case "GSSAPI":
      return { claim: { principal: first.toString() }, password: none }
    default:
      return { claim: {}, password: none }
  }
}
