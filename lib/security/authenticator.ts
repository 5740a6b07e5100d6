// The handler of authentication (ZAP, RFC 27): decides who may connect to the servers of a context, and says so.

import { EventEmitter } from "node:events"
import { isIP } from "node:net"

import { Context, context as defaultContext, type Guard, Router, type Socket } from "../index.js"
import { AddressList, plainAddress } from "./addresses.js"
import { type AuditEvent, type AuthenticatorEvents, channels, type RevokedEvent } from "./audit.js"
import { Certificate } from "./certificate.js"
import { Connections } from "./connections.js"
import { type FailureLimit, Failures } from "./failure-limit.js"
import { type Claim, type DomainPolicy, keyMark, Policy, userMark, type Verdict } from "./policy.js"
import { z85Encode } from "./z85.js"
import { encodeReply, endpoint, parseRequest, type Status, type ZapRequest } from "./zap.js"

/** What is asked of all domains that `domains` does not name, and the rest. */
export interface AuthenticatorOptions extends DomainPolicy {
  /** The context whose servers are guarded. Default: the default context. */
  context?: Context
  /** Policies of single domains. A domain that is named here has nothing of the general policy but its addresses. */
  domains?: Record<string, DomainPolicy>
  /** How long a decision may take, in milliseconds; then it is "no, for now". Default 5000. */
  timeout?: number
  /** After so many failures of an address, its peers are turned away unseen for a while. Null: no limit. */
  failureLimit?: FailureLimit | null
  /** How many decisions may be under way; more are turned away for now. Default 1000. */
  pending?: number
}

/** When no request has come for so long, none is under way. Milliseconds. */
const QUIET = 10

/** Failures that are told once for many: a handler that fails may do so a thousand times a second. */
const asError = (error: unknown) =>
  error instanceof Error ? error : new Error("A handler threw something that is no Error")

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
export class Authenticator extends EventEmitter<AuthenticatorEvents> implements Guard {
  readonly context: Context
  readonly #router: Router
  readonly #general: Policy
  readonly #domains = new Map<string, Policy>()
  readonly #connections = new Connections()
  readonly #failures: Failures | undefined
  readonly #revoked = new Set<string>()
  readonly #timeout: number
  readonly #most: number
  /** Answers those who wait, when it closes. */
  readonly #pending = new Set<() => void>()
  readonly #subscriptions: (() => void)[] = []
  readonly #serving: Promise<void>
  #closed = false
  /** Counts what may turn a decision over: revocations, denials, the end. */
  #changes = 0
  /** Runs while it closes, until no requests come any more. */
  #closing: NodeJS.Timeout | undefined

  constructor(options: AuthenticatorOptions = {}) {
    super()
    if (typeof options !== "object" || options === null) throw new TypeError("Options must be an object")
    const {
      context = defaultContext,
      domains = {},
      timeout = 5000,
      failureLimit = {},
      pending = 1000,
      ...policy
    } = options
    if (!(context instanceof Context)) throw new TypeError("Expected context to be a Context")
    if (!(timeout > 0 && timeout < 2 ** 31)) throw new TypeError("Expected timeout to be a number of milliseconds")
    if (!(Number.isSafeInteger(pending) && pending > 0))
      throw new TypeError("Expected pending to be a whole number above 0")
    this.context = context
    this.#timeout = timeout
    this.#most = pending
    this.#failures = failureLimit === null ? undefined : new Failures(failureLimit)
    try {
      this.#general = this.#prepare(policy)
      for (const [domain, own] of Object.entries(domains)) this.#domains.set(domain, this.#prepare(own))
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
    if (socket.context !== this.context) {
      throw new TypeError("The socket and the authenticator must be of one context: new Authenticator({ context: … })")
    }
    if (socket.zapDomain === null) throw new TypeError(`The socket needs a domain: set zapDomain, such as "global"`)
    // Also after an unbind: connections outlast it.
    if (socket.lastEndpoint !== null) throw new TypeError("The socket was bound or connected already; guard it before")
    this.#connections.add(socket)
  }

  /** Lets peers from an address or network connect, beside those that are allowed already. */
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
    const marks = [keyMark(name), userMark(name)]
    for (const mark of marks) this.#revoked.add(mark)
    return this.#end(name, marks)
  }

  /** Takes back `revoke`. */
  reinstate(who: string | Certificate): void {
    const name = who instanceof Certificate ? who.publicKey : who
    this.#revoked.delete(keyMark(name))
    this.#revoked.delete(userMark(name))
  }

  /**
   * Closes it: those who wait are turned away for now, and nobody new gets in, since servers insist on authentication.
   * Connections that there are remain.
   */
  async close(): Promise<void> {
    if (!this.#closed) this.#shut()
    await this.#serving
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #shut(): void {
    this.#closed = true
    this.#changes += 1
    for (const answer of this.#pending) answer()
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

  #prepare(given: DomainPolicy): Policy {
    const policy = new Policy(given)
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

  /** Answers exactly once: libzmq ends the process when it gets a second reply. */
  async #answer(frames: Buffer[]): Promise<void> {
    this.#closing?.refresh()
    const began = performance.now()
    const request = parseRequest(frames)
    if (request === undefined) return
    if ("problem" in request) {
      this.#send(encodeReply(request.envelope, "400"))
      this.#audit(
        { outcome: "denied", reason: `malformed request: ${request.problem}`, status: 400 },
        undefined,
        {},
        began,
      )
      return
    }
    const { claim, password } = readCredentials(request)
    let [changes, { verdict, failed }] = [this.#changes, await this.#judge(request, claim, password)]
    const group = groupOf(request.address)
    while (!("denied" in verdict)) {
      const other = this.#connections.before(request.domain, group, verdict.marks)
      if (other !== undefined) await other
      else if (changes === this.#changes) break
      else [changes, { verdict, failed }] = [this.#changes, await this.#judge(request, claim, password)]
    }
    if ("denied" in verdict) {
      const status: Status = verdict.temporary ? "300" : "400"
      if (failed) this.#failures?.add(request.address)
      this.#send(encodeReply(request.envelope, status))
      this.#audit({ outcome: "denied", reason: verdict.denied, status: Number(status) as 300 }, request, claim, began)
      return
    }
    const { identity, marks } = verdict
    // Before the reply, so that it is known when the handshake is told of.
    this.#connections.accept(request.domain, group, marks)
    this.#send(encodeReply(request.envelope, "200", identity?.userId, identity?.metadata))
    const allowed = { outcome: "allowed", reason: "known", status: 200, userId: identity?.userId ?? null } as const
    this.#audit(allowed, request, claim, began)
  }

  async #judge(request: ZapRequest, claim: Claim, password: string): Promise<{ verdict: Verdict; failed: boolean }> {
    const { domain, mechanism } = request
    const address = plainAddress(request.address)
    const no = (denied: string, temporary: boolean, failed = false) => ({ verdict: { denied, temporary }, failed })
    if (this.#closed) return no("the authenticator is closed", true)
    const policy = this.#domains.get(domain) ?? this.#general
    const objection = this.#general.addresses.objection(address) ?? policy.addresses.objection(address)
    if (objection !== undefined) return no(objection, false)
    if (!policy.isCheap(mechanism) && this.#failures?.exceeds(request.address)) return no("too many failures", true)
    if (this.#pending.size >= this.#most) return no("too many decisions under way", true)
    try {
      const deciding = policy.decide({ domain, address, mechanism }, claim, password)
      const verdict = await this.#within(deciding)
      if ("denied" in verdict) return { verdict, failed: verdict.temporary !== true }
      // Those that came to be revoked while it was decided are among these.
      if (verdict.marks.some((mark) => this.#revoked.has(mark))) return no("revoked", false, true)
      return { verdict, failed: false }
    } catch (error) {
      this.#tell("problem", asError(error))
      return no("the handler failed", true)
    }
  }

  /** A decision, or "no, for now" when it takes too long or the authenticator closes. */
  #within(deciding: Promise<Verdict>): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer)
        this.#pending.delete(onClose)
        end()
      }
      const deny = (denied: string) => settle(() => resolve({ denied, temporary: true }))
      const onClose = () => deny("the authenticator is closed")
      const timer = setTimeout(() => deny(`no decision within ${this.#timeout} ms`), this.#timeout).unref()
      this.#pending.add(onClose)
      deciding.then(
        (verdict) => settle(() => resolve(verdict)),
        (error) => settle(() => reject(error)),
      )
    })
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
    request: ZapRequest | undefined,
    claim: Claim,
    began: number,
  ): void {
    const channel = channels[result.outcome]
    if (!channel.hasSubscribers && this.listenerCount(result.outcome) === 0) return
    const { domain = "", address = "", mechanism = null } = request ?? {}
    const duration = performance.now() - began
    const who = { domain, address: plainAddress(address), mechanism, userId: null }
    const event: AuditEvent = { ...who, ...result, ...claim, time: Date.now(), duration }
    if (channel.hasSubscribers) channel.publish(event)
    this.#tell(result.outcome, event)
  }

  /** A listener that throws is the program's fault, but must not end the answering. */
  #tell<E extends keyof AuthenticatorEvents>(name: E, event: AuthenticatorEvents[E][0]): void {
    try {
      ;(this as EventEmitter).emit(name, event)
    } catch (error) {
      process.nextTick(() => {
        throw error
      })
    }
  }
}

/** Peers over ipc count as one. */
const groupOf = (address: string) => (isIP(address) === 0 ? "" : plainAddress(address))

function readCredentials({ mechanism, credentials }: ZapRequest): { claim: Claim; password: string } {
  const [first, second] = credentials
  const text = first?.toString() ?? ""
  switch (mechanism) {
    case "CURVE":
      return { claim: { publicKey: z85Encode(first as Buffer) }, password: "" }
    case "PLAIN":
      return { claim: { username: text }, password: second?.toString() ?? "" }
    case "GSSAPI":
      return { claim: { principal: text }, password: "" }
    default:
      return { claim: {}, password: "" }
  }
}
