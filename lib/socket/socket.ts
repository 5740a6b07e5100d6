// The base of all sockets: their options, states and end. What they are bound and connected to is in endpoints.ts, their messages are in
// sending.ts and receiving.ts; what each type may do is in lib/sockets/.

import type { Buffer } from "node:buffer"
import process from "node:process"
import type { InspectOptions, inspect } from "node:util"

import { brand } from "../base/brand.js"
import { checkInterface, checkObject, type OperationOptions, tooMany } from "../base/checks.js"
import { asyncDispose, dispose } from "../base/dispose.js"
import { blockedError, closedError, errnoError, lentError } from "../base/errors.js"
import { needsNew } from "../base/exports.js"
import { type SocketType, socketType } from "../base/socket-types.js"
import {
  act,
  connectBy,
  connectNamed,
  divert,
  endpoints,
  getOption,
  handle,
  lend,
  optionRead,
  optionSet,
  optionWithId,
} from "../base/symbols.js"
import { Context, context as defaultContext } from "../context.js"
import { checkedOptions } from "../encryption/requirements.js"
import type { SocketSecurity } from "../encryption/security-option.js"
import { messageForm } from "../message/form.js"
import { Inbox } from "../message/inbox.js"
import { constant, type NativeSocket, OwnedSocket } from "../native/addon.js"
import { leave, onReady } from "../native/interface.js"
import { setDefaults } from "../options/defaults.js"
import { defineOptions, OptionHolder } from "../options/holder.js"
import { type Option, socketOptions } from "../options/table/index.js"
import type { OptionsOn } from "../options/types.js"
import { assignOptions, checkValue, socketOptionById } from "../options/values.js"
import { wireTypes } from "../options/wire.js"
import { type CloseOptions, Closing, checkCloseOptions } from "./closing.js"
import { tellClosed, tellOpened } from "./diagnostics.js"
import { Endpoints } from "./endpoints.js"
import { begin, firstSteps } from "./first-endpoints.js"
import { Loan } from "./loan.js"
import { PrefetchLimit } from "./prefetch-limit.js"
import { Readiness } from "./readiness.js"
import { Receiving } from "./receiving.js"
import { Sending } from "./sending.js"
import { readStatistics, type SocketStatistics } from "./statistics.js"
import { defineTraffic, type Traffic, traffic } from "./traffic.js"

/** The base class of all sockets. Use one of its subclasses. */
export abstract class Socket extends OptionHolder {
  readonly #native: NativeSocket
  readonly #type: SocketType
  readonly #readiness: Readiness
  readonly #traffic: Traffic
  readonly #endpoints: Endpoints
  readonly #prefetch: PrefetchLimit
  /** Made when a proxy asks for it. */
  #loan: Loan | undefined
  readonly #closing: Closing
  readonly #parts: { native: NativeSocket; traffic: Traffic; endpoints: Endpoints }
  #context: Context | undefined
  #last: SocketStatistics | undefined
  /** Whether the opening of this socket was published. */
  #isKnown = false

  /**
   * @param type The number of the socket type in zmq.h.
   * @param options Values for the socket's options, its `context`, and its first endpoints.
   * @throws {TypeError} for an unknown option or a value of the wrong type.
   */
  protected constructor(type: number, options: object = {}) {
    if (typeof type !== "number") throw new TypeError("Socket type must be a number")
    checkObject(options)
    if (arguments.length > 2) throw tooMany(2, arguments.length)
    super()
    const { context = defaultContext } = options as { context?: unknown }
    if (!(context instanceof Context) || !Number.isInteger(type)) throw errnoError("EINVAL")
    checkInterface("context", context)
    this.#type = socketType(type)
    this.#context = context
    const native = new OwnedSocket(context[handle](), type, this)
    const { slot } = native
    const form = messageForm(slot, this.#type)
    const { outbox } = form
    const readNumber = (option: Option) => () => this[getOption](option) as number
    this.#prefetch = new PrefetchLimit(this.#type, readNumber(socketOptions.receiveHighWaterMark))
    const inbox = new Inbox(slot, form, this.#prefetch.most)
    const readiness = new Readiness(slot)
    this.#native = native
    this.#readiness = readiness
    this.#traffic = {
      readiness,
      sending: new Sending(slot, readiness, outbox, readNumber(socketOptions.sendTimeout)),
      receiving: new Receiving(readiness, inbox, readNumber(socketOptions.receiveTimeout)),
    }
    const unblocked = () => {
      if (this.#closing.deferred !== undefined) this.close(this.#closing.deferred)
      else readiness.attend()
    }
    this.#endpoints = new Endpoints(this, { native, type: this.#type, readiness, inbox, outbox, unblocked })
    this.#parts = { native, traffic: this.#traffic, endpoints: this.#endpoints }
    this.#closing = new Closing({ native, readiness, endpoints: this.#endpoints }, readNumber(socketOptions.linger))
    Object.seal(this)
    try {
      setDefaults(native, this.#type)
      const steps = firstSteps(this.#type, this, this.#endpoints)
      assignOptions(this, options, "context", ...Object.keys(steps))
      this.#isKnown = true
      tellOpened(this)
      begin(steps, options)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** The context of this socket. Undefined once the socket is closed, which then holds no context. */
  get context(): Context {
    return this.#context as Context
  }

  /** Whether the socket is closed. */
  get closed(): boolean {
    return this.#readiness.isClosed
  }

  /**
   * Encryption and authentication, set up completely and checked: CURVE as its server or its client, or PLAIN on this machine.
   * Certificates and authenticators come from `ohmq/security`. Must be set before the socket binds or connects. Null if the
   * options of zeromq (`curveServer` and so on) are used instead, or none.
   *
   * ```typescript
   * const server = new Reply({ security: { server: certificate, authenticator } })
   * const client = new Request({ security: { client: certificate, serverKey } })
   * ```
   *
   * @throws EINVAL, with the remedy, if something is missing or contradicts something else.
   */
  get security(): SocketSecurity | null {
    return this.#endpoints.security?.given ?? null
  }

  set security(security: SocketSecurity | null) {
    this.#endpoints.secure(security)
  }

  /** Whether a receive would get a message at once. Always false on types that cannot receive. */
  get readable(): boolean {
    return this.#readiness.isOpen && this.#type.readable && this.#traffic.receiving.isPossible
  }

  /** Whether a send would find room at once. Always false on types that cannot send. */
  get writable(): boolean {
    return this.#readiness.isOpen && this.#type.writable && this.#traffic.sending.isPossible
  }

  /**
   * Binds to an address. The host "*" means all interfaces; the port "*" means any free port, which
   * `lastEndpoint` then contains. Until the promise settles, most operations on the socket throw EBUSY, and so does setting the
   * options of security.
   *
   * ```typescript
   * await socket.bind("tcp://127.0.0.1:5555")
   * await socket.bind("ipc:///run/app/tasks")
   * await socket.bind("inproc://results")
   * ```
   *
   * @returns Rejects with EADDRINUSE, EADDRNOTAVAIL, EINVAL, EPROTONOSUPPORT and others, with the `address`, and if that is
   * invalid, the `reason`. When it is aborted or times out, it is undone.
   */
  bind(address: string, options?: OperationOptions): Promise<void> {
    return this.#endpoints.block(address, options, true)
  }

  /** Unbinds from an address, spelt as in `lastEndpoint`. Rejects with ENOENT if the socket is not bound to it. */
  unbind(address: string, options?: OperationOptions): Promise<void> {
    return this.#endpoints.block(address, options, false)
  }

  /**
   * Like `bind`, but synchronous. Host names other than localhost need libzmq 4.3.5 or later; with an earlier one it
   * throws ENODEV.
   */
  bindSync(address: string): void {
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    this.#endpoints.bindSync(address)
  }

  /** Like `unbind`, but synchronous. */
  unbindSync(address: string): void {
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    this.#endpoints.change(address, undefined, (socket) => socket.unbindSync(address))
  }

  /** Connects to an address, in the background, and again whenever the connection is lost. */
  connect(address: string): void {
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    this.#endpoints.connect(address)
  }

  /** Disconnects from an address. Throws ENOENT if the socket is not connected to it. */
  disconnect(address: string): void {
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    this.#endpoints.change(address, undefined, (socket) => socket.disconnect(address))
  }

  /**
   * Closes the socket, and with `wait: true` resolves when libzmq has sent all that was queued, or `linger` has passed, and
   * has freed the socket and its endpoints. If the socket is closed already, it resolves at once. It rejects with EMFILE if
   * it cannot watch for that; the socket is closed anyway.
   *
   * What was sent over inproc is in the receiver's queue, and is not waited for. But a socket that has endpoints both over inproc
   * and of other kinds also waits until its peers over inproc have received everything, or have been closed.
   *
   * ```typescript
   * await socket.close({ linger: 5000, wait: true })
   * ```
   *
   * @param options `linger`, in milliseconds, is set first. With -1, the default, it waits for as long as it takes.
   */
  close<Wait extends boolean>(options: { linger?: number; wait: Wait }): Wait extends true ? Promise<void> : void
  /**
   * Closes the socket; a second time does nothing. Operations that wait reject with EAGAIN. Messages that were not sent
   * yet are sent in the background, for as long as `linger` says. During a bind or unbind, it closes when that ends.
   *
   * @param options `linger`, in milliseconds, is set first.
   */
  close(options?: { linger?: number }): void
  close(options: CloseOptions = {}): Promise<void> | void {
    if (!this.closed) {
      checkCloseOptions(options)
      // A lent socket belongs to the proxy's thread, so its linger is set when the loan ends.
      if (!this.#readiness.isLent && options.linger !== undefined) Object.assign(this, { linger: options.linger })
    }
    // zeromq ignores the options if the socket is closed.
    const gone = options?.wait === true ? this.#closing.gone : undefined
    if (this.#readiness.isLent) this.#closing.deferred = options
    else if (this.#readiness.isBlocked) this.#closing.deferred = {}
    else if (!this.closed) this.#end()
    return gone
  }

  /** What passed through the socket, and what waits; of a closed socket, the last figures. Never calls libzmq, so it costs little. */
  statistics(): SocketStatistics {
    return this.#last ?? readStatistics(this.#parts)
  }

  #end(): void {
    this.#last = readStatistics(this.#parts)
    this.#closing.close(this.context)
    this.#context = undefined
    this.#traffic.receiving.inbox.clear()
    this.#readiness.close()
    if (this.#isKnown) tellClosed(this)
  }

  /** Closes the socket at the end of its scope: `using socket = new Pull()`. */
  [dispose](): void {
    this.close()
  }

  /** Closes the socket at the end of its scope, and waits like `close({ wait: true })`. */
  async [asyncDispose](): Promise<void> {
    const { gone } = this.#closing
    // A subclass may override close, without waiting in it or even without closing.
    this.close()
    if (this.closed || this.#closing.deferred !== undefined) await gone
  }

  /** From now on, an operation that waits on this socket keeps the process alive, as it does at first. */
  ref(): this {
    return this.#setKeepAlive(true)
  }

  /** From now on, the process may end although an operation waits on this socket. */
  unref(): this {
    return this.#setKeepAlive(false)
  }

  /** @internal */
  get [traffic](): Traffic {
    return this.#traffic
  }

  /** @internal Leaves out the values of options, which `inspect` with `getters: true` would read: some are secret. */
  [Symbol.for("nodejs.util.inspect.custom")](depth: number, options: InspectOptions, show: typeof inspect): string {
    return show(this, { ...options, depth, getters: false, customInspect: false })
  }

  /** @internal */
  [handle](setting?: Option): NativeSocket {
    if (this.closed) throw closedError()
    if (this.#readiness.isLent) throw lentError()
    if (this.#readiness.isBlocked && setting !== undefined && checkedOptions.has(setting)) throw blockedError()
    return this.#native
  }

  /** @internal */
  override [getOption](option: Option): unknown {
    return this.#loan?.has(option) ? this.#loan.get(option) : super[getOption](option)
  }

  /** @internal */
  get [endpoints](): Endpoints {
    return this.#endpoints
  }

  /** @internal */
  [optionRead](): void {
    this.#readiness.attend()
  }

  /** @internal */
  get [lend](): Loan {
    this.#loan ??= new Loan(this, this.#parts, () => this.close(this.#closing.deferred))
    return this.#loan
  }

  /** @internal */
  async [leave](options: { linger?: number }): Promise<void> {
    this.close(options)
    await this.#loan?.recall()
  }

  /** @internal */
  [optionSet](option: Option | undefined, value: unknown): void {
    this.#prefetch.optionSet(option, value)
    this.#traffic.receiving.inbox.reconsider()
    // A bind that is under way may have read the option already.
    const isAttached = !this.#endpoints.isEmpty || this.#readiness.isBlocked
    if (isAttached && option?.anytime !== true) {
      process.emitWarning("Socket option will not take effect until next connect/bind.")
    }
    this.#readiness.attend()
  }

  /** @internal */
  override [optionWithId](id: number): Option | undefined {
    return socketOptionById(id)
  }

  /** @internal Sets an option that takes effect at once, such as a subscription. */
  [act](name: string, value: string | Uint8Array | boolean | null, wire: "bytes" | "bool" = "bytes"): void {
    checkValue(wire, value)
    this[handle]().setOption(constant(name), wireTypes[wire], value)
    this.#readiness.attend()
  }

  /** @internal Connects by another call of the addon. */
  [connectBy]<T>(address: string, call: (socket: NativeSocket) => T): T {
    return this.#endpoints.change(address, "connect", call)
  }

  /** @internal Connects to a peer and gives it a name. `check` throws if that is taken. */
  [connectNamed](address: string, name: Buffer, check: () => void): void {
    this.#endpoints.connectNamed(address, name, check)
  }

  /**
   * @internal Calls `consume` with each message before it can be received. It returns true for a report of libzmq, which the
   * program does not receive: an option makes libzmq report connections that way, except over inproc. Throws EINVAL if the
   * socket has endpoints, because reports may have been missed.
   */
  [divert](consume: (message: Buffer[]) => boolean): void {
    this[handle]()
    this.#endpoints.divert(consume)
  }

  /** @internal The addon calls this when an event that it watches for has come. */
  [onReady](ready: number): void {
    this.#readiness.serve(ready)
  }

  #setKeepAlive(keep: boolean): this {
    // This does not involve libzmq, so it works during a bind, too.
    this[handle]().keepAlive(keep)
    this.#readiness.keepAlive(keep)
    return this
  }
}

export interface Socket extends OptionsOn<"Socket"> {}

defineTraffic(Socket.prototype)
brand("Socket", Socket)
exports.Socket = needsNew(
  Socket,
  (construct) =>
    function Socket() {
      return construct(arguments, new.target)
    },
)

defineOptions(
  Socket,
  Object.entries<Option>(socketOptions).filter(([, option]) => option.on === undefined),
)
