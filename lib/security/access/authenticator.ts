// The ZAP handler (RFC 27): decides which peers may connect to the servers of a context, and reports its decisions.

import { Buffer } from "node:buffer"
import { isIP } from "node:net"
import { isNativeError } from "node:util/types"
import { checkOptions, isObject, unexpected } from "../../base/checks.js"
import { asyncDispose } from "../../base/dispose.js"
import { Emitter } from "../../base/emitter.js"
import { clock, setImmediate, setTimeout, throwLater } from "../../base/timers.js"
import { Context, context as defaultContext, type Guard, Router, Socket } from "../../index.js"
import { Certificate } from "../certificates/certificate.js"
import { z85Encode } from "../certificates/z85.js"
import { AddressList, plainAddress, sourceOf } from "./addresses.js"
import { type AuditEvent, type AuthenticatorEvents, channels, type RevokedEvent } from "./audit.js"
import { Connections, type GuardedConnection } from "./connections.js"
import { type DecisionOptions, Decisions, decisionOptions, TOO_MANY_FAILURES } from "./decisions.js"
import { type Claim, type DomainPolicy, keyMark, Policy, policyOptions, userMark, type Verdict } from "./policy.js"
import { Repeats } from "./repeats.js"
import { encodeReply, endpoint, type MalformedRequest, parseRequest, type Status, type ZapRequest } from "./zap.js"

/** The policy for every domain that `domains` does not list, and further options. */
export interface AuthenticatorOptions extends DomainPolicy, DecisionOptions {
  /** The context whose servers it guards. Default: the default context. */
  context?: Context
  /** Policies by domain name. A domain listed here uses only the `addresses` of the general policy. Default: none. */
  domains?: Record<string, DomainPolicy>
}

const names = ["context", "domains", ...decisionOptions, ...policyOptions]

/** How long a closing authenticator must go without a request before it assumes that none is on its way. Milliseconds. */
const QUIET = 10

/** Recognizes errors of other realms too, and the DOMExceptions with which signals are aborted. */
const isError = (value: unknown): value is Error =>
  value instanceof Error || isNativeError(value) || Object.prototype.toString.call(value) === "[object DOMException]"

/** A handler may throw anything. */
const asError = (error: unknown) =>
  isError(error) ? error : new Error("The handler threw a value that is not an Error")

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
 * A context can have only one, which guards any number of sockets. Once it is closed, no new peer is allowed. It does not keep the
 * process alive.
 *
 * The constructor throws a TypeError for an invalid option, EADDRINUSE if the context has an authenticator already, and the error of
 * the system if it cannot read a folder or file.
 */
export class Authenticator extends Emitter<AuthenticatorEvents> implements Guard {
  /** The context whose servers it guards. */
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
  /** Counts what may overturn a decision: revocations, denied addresses, closing. */
  #changes = 0
  /** How many requests have arrived. */
  #received = 0

  constructor(options: AuthenticatorOptions = {}) {
    super()
    checkOptions("the options of an Authenticator", options, names)
    const { context = defaultContext, domains = {}, timeout, failureLimit, pending, ...policy } = options
    if (!(context instanceof Context)) throw unexpected("context", "a Context", context)
    if (!isObject(domains) || Array.isArray(domains))
      throw unexpected("domains", "an object that maps domain names to policies", domains)
    this.context = context
    try {
      this.#general = this.#prepare("the policy", policy)
      for (const [domain, own] of Object.entries(domains)) {
        this.#domains.set(domain, this.#prepare(`the policy of domain ${JSON.stringify(domain)}`, own))
      }
      this.#decisions = new Decisions(this.#general, this.#domains, { timeout, failureLimit, pending })
      const { attempts } = this.#decisions
      if (attempts !== undefined) {
        this.#repeats = new Repeats(attempts.limit, attempts.window, (event) => this.#publish(event))
      }
      this.#router = this.#open()
    } catch (error) {
      this.#closePolicies()
      throw error
    }
    this.#serving = this.#serve()
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#closed
  }

  /** Resolves once every certificate folder was read for the first time. Until then peers wait. */
  async ready(): Promise<void> {
    for (const { store } of this.#policies()) await store?.ready
  }

  /**
   * Guards a server, so that its connections can be closed when a key is revoked. The `security` option of sockets calls this. The socket
   * must belong to the same context, have a `zapDomain`, and not be bound or connected yet; otherwise it throws a TypeError. Throws an
   * Error if the authenticator is closed.
   */
  guard(socket: Socket): void {
    if (this.#closed) throw new Error("The authenticator is closed. Create a new one")
    if (!this.context.equals(socket.context)) {
      throw new TypeError(
        "The socket and the authenticator belong to different contexts. Pass the socket's: new Authenticator({ context })",
      )
    }
    if (socket.zapDomain === null) throw new TypeError(`The socket has no zapDomain. Set one, such as "global"`)
    // Even after an unbind, because connections outlive it.
    if (socket.lastEndpoint !== null)
      throw new TypeError("The socket was already bound or connected. Call guard() before that")
    this.#connections.add(socket)
  }

  /** The connections of a socket that it guards and that are up now, with their users. After `close` there are none. */
  connectionsOf(socket: Socket): GuardedConnection[] {
    if (!(socket instanceof Socket)) throw unexpected("socket", "a socket", socket)
    return this.#connections.of(socket)
  }

  /**
   * Adds addresses or networks to those that may connect. If there was no `allow` list, every address could connect so far; from now on
   * only these can. Throws a TypeError for an invalid address.
   */
  allow(...addresses: string[]): void {
    for (const address of addresses) this.#general.addresses.allow(address)
  }

  /** Denies addresses or networks from now on, and closes their connections. Returns how many. Throws a TypeError for an invalid address. */
  deny(...addresses: string[]): number {
    let ended = 0
    for (const address of addresses) {
      const list = new AddressList([address])
      this.#general.addresses.deny(address)
      const connections = this.#connections.revokeAddresses((peer) => list.has(peer))
      ended += connections
      this.#reportRevoked(address, connections)
    }
    return ended
  }

  /**
   * Denies a public key or a user id from now on, whatever certificates and handlers say, and closes its connections. Returns how many
   * it closed. A connection of someone else may be among them, which then reconnects; see docs/security.md.
   */
  revoke(who: string | Certificate): number {
    const name = who instanceof Certificate ? who.publicKey : who
    if (typeof name !== "string" || name === "")
      throw unexpected("who", "a certificate, a public key or a user id", who)
    this.#decisions.revoke(marksOf(name))
    return this.#end(name, marksOf(name))
  }

  /** Undoes `revoke`. */
  reinstate(who: string | Certificate): void {
    this.#decisions.reinstate(marksOf(who instanceof Certificate ? who.publicKey : who))
  }

  /**
   * Closes the authenticator. Waiting peers are denied temporarily (status 300), and no new peer is allowed, because servers still require
   * authentication. Existing connections stay.
   */
  async close(): Promise<void> {
    if (!this.#closed) this.#shut()
    await this.#serving
  }

  /** Calls `close()`, at the end of an `await using` block. */
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
    // If a request gets no answer, libzmq lets the peer wait for half a minute. So new requests are refused from here on, and those on
    // their way are still answered.
    try {
      this.#router.unbindSync(endpoint)
    } catch {
      // The context was terminated.
    }
    this.#closeWhenQuiet()
  }

  #closeWhenQuiet(): void {
    const received = this.#received
    // After a pause of the process, timers run before what has arrived is read. So it looks after that.
    const look = () => (received === this.#received ? this.#router.close() : this.#closeWhenQuiet())
    setTimeout(() => setImmediate(look), QUIET)
  }

  #closePolicies(): void {
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe()
    for (const policy of this.#policies()) policy.close()
  }

  // The constructor calls this too, when it fails half way.
  #policies(): Policy[] {
    return [this.#general, ...this.#domains.values()].filter((policy) => policy !== undefined)
  }

  #prepare(what: string, given: DomainPolicy): Policy {
    const policy = new Policy(what, given)
    const { store, passwords } = policy
    const onProblem = (error: Error) => this.#report("problem", error)
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
        message: "A context can have only one authenticator, and this one has it already",
      })
    }
    return router.unref()
  }

  // --- Requests

  async #serve(): Promise<void> {
    try {
      for await (const frames of this.#router) void this.#answer(frames)
    } catch (error) {
      // If the context was terminated, the socket is closed too.
      if (!this.#router.closed) this.#report("problem", error as Error)
    } finally {
      if (!this.#closed) this.#shut()
    }
  }

  /** Answers exactly once: libzmq aborts the process on a second reply, and lets the peer wait if there is none. */
  async #answer(frames: Buffer[]): Promise<void> {
    this.#received += 1
    const began = clock.now()
    const request = parseRequest(frames)
    if (request === undefined) return
    const { claim, password } = readCredentials(request)
    let verdict: Verdict
    try {
      verdict = await this.#admit(request, claim, password)
    } catch (error) {
      this.#report("problem", asError(error))
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

  /** Decides, and decides again if a revocation or a wait for other handshakes came in between. */
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
      // Before the reply, so that the connection is known when the monitor reports its handshake.
      this.#connections.accept(request.domain, group, verdict.marks)
      return verdict
    }
  }

  #send(reply: (Buffer | string)[]): void {
    try {
      if (!this.#router.closed) this.#router.trySend(reply)
    } catch (error) {
      this.#report("problem", error as Error)
    }
  }

  // --- Reporting

  #end(revoked: string, marks: string[]): number {
    const connections = marks.reduce((sum, mark) => sum + this.#connections.revoke(mark), 0)
    this.#reportRevoked(revoked, connections)
    return connections
  }

  #reportRevoked(revoked: string, connections: number): void {
    this.#changes += 1
    const event: RevokedEvent = { revoked, time: Date.now(), connections }
    if (channels.revoked.hasSubscribers) channels.revoked.publish(event)
    this.#report("revoked", event)
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
    this.#report(event.outcome, event)
  }

  /** If a listener throws, the program sees the error, and the authenticator keeps answering. */
  #report<E extends keyof AuthenticatorEvents>(name: E, event: AuthenticatorEvents[E][0]): void {
    try {
      this.emit(name, event)
    } catch (error) {
      throwLater(error)
    }
  }
}

/** All peers over ipc count as one address. */
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
