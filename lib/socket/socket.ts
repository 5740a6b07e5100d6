// The base of all sockets: their options, states and end. Messages are in traffic.ts, binds and connects in endpoints.ts;
// what each type may do stands in sockets/.

import type { Buffer } from "node:buffer"
import process from "node:process"
import type { InspectOptions, inspect } from "node:util"

import { brand } from "../base/brand.js"
import { asyncDispose, dispose } from "../base/dispose.js"
import {
  blockedError,
  busyReadingError,
  busyWritingError,
  checkInterface,
  closedError,
  errnoError,
  lentError,
  tooMany,
} from "../base/errors.js"
import { needsNew } from "../base/exports.js"
import {
  act,
  connectBy,
  connectNamed,
  divert,
  endpoints,
  form,
  getOption,
  handle,
  leave,
  lend,
  onReady,
  optionRead,
  optionSet,
  optionWithId,
} from "../base/symbols.js"
import { Context, context as defaultContext } from "../context.js"
import { checkedOptions } from "../encryption/requirements.js"
import { SecuritySetup, type SocketSecurity } from "../encryption/security-option.js"
import type { MetadataOptions } from "../message/metadata.js"
import { lockstep } from "../message/outbox.js"
import { addon, constant, type NativeSocket, OwnedSocket, wireTypes } from "../native/addon.js"
import { defineOptions, OptionHolder } from "../options/holder.js"
import { type Option, socketOptions } from "../options/table/index.js"
import type { OptionsOn } from "../options/types.js"
import { assignOptions, checkValue } from "../options/values.js"
import { Endpoints } from "./endpoints.js"
import type {
  BatchOptions,
  Message,
  MessageLike,
  OperationOptions,
  QueueOptions,
  ReceiveMemory,
  StreamOptions,
} from "./interfaces.js"
import { iterateOver } from "./own-receive.js"
import { checkNames } from "./queues.js"
import { toReadable, toReadableStream, toWritable, toWritableStream } from "./streams.js"
import { type MessageForm, State, Traffic } from "./traffic.js"

const { ZMQ_SCATTER, ZMQ_RADIO, ZMQ_GATHER, ZMQ_DISH } = addon.constants
const sendOnly = new Set([constant("ZMQ_PUSH"), constant("ZMQ_PUB"), ZMQ_SCATTER, ZMQ_RADIO])
const receiveOnly = new Set([constant("ZMQ_PULL"), constant("ZMQ_SUB"), ZMQ_GATHER, ZMQ_DISH])

const byId = new Map<number, Option>()
for (const option of Object.values<Option>(socketOptions)) {
  const id = addon.constants[option.zmq]
  if (id !== undefined && !byId.has(id)) byId.set(id, option)
}

declare global {
  // Newer than the oldest compilers and libraries that read these types; where it is there already, it is the same.
  interface SymbolConstructor {
    readonly dispose: unique symbol
    readonly asyncDispose: unique symbol
  }
}

/** The base class of all sockets. Use one of its subclasses. */
export abstract class Socket extends OptionHolder {
  readonly #native: NativeSocket
  readonly #type: number
  readonly #traffic: Traffic
  readonly #endpoints: Endpoints
  readonly #stopsPrefetch = new Set<Option>()
  #context: Context | undefined
  /** close() was called, with these options, while blocked or lent. */
  #closing: { linger?: number } | undefined
  /** Ends the proxy that has the socket. */
  #giveBack: (() => Promise<void>) | undefined
  /** Values of options while a proxy has the socket. */
  readonly #kept = new Map<Option, unknown>()

  /**
   * @param type The number of the socket type in zmq.h.
   * @param options Values for the socket's options, and its `context`.
   * @throws {TypeError} for an unknown option or a value of the wrong type.
   */
  protected constructor(type: number, options: object = {}) {
    if (typeof type !== "number") throw new TypeError("Socket type must be a number")
    if (typeof options !== "object" || options === null) throw new TypeError("Options must be an object")
    if (arguments.length > 2) throw tooMany(2, arguments.length)
    super()
    const { context = defaultContext } = options as { context?: unknown }
    if (!(context instanceof Context) || !Number.isInteger(type)) throw errnoError("EINVAL")
    checkInterface("context", context)
    this.#type = type
    this.#context = context
    this.#native = new OwnedSocket(context[handle](), type, this)
    const { slot } = this.#native
    const traffic = {
      sendTimeout: () => this[getOption](socketOptions.sendTimeout) as number,
      receiveTimeout: () => this[getOption](socketOptions.receiveTimeout) as number,
      mostAhead: () => this.#mostAhead(),
    }
    this.#traffic = new Traffic(slot, type, traffic, this[form](slot, type))
    this.#endpoints = new Endpoints(this, this.#native, type, this.#traffic, () => {
      if (this.#closing !== undefined) this.close(this.#closing)
      else this.#traffic.attend()
    })
    Object.seal(this)
    try {
      assignOptions(this, options, "context")
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** The context of this socket. Once it is closed it holds none, and this is undefined. */
  get context(): Context {
    return this.#context as Context
  }

  /** Whether the socket is closed. */
  get closed(): boolean {
    return this.#traffic.state === State.Closed
  }

  /**
   * Encryption and authentication, set up whole and checked: CURVE as the server or a client of it, or PLAIN on this machine.
   * Certificates and authenticators come from `ohmq/security`. Must be set before the socket binds or connects. Null if the
   * options of zeromq (`curveServer` and so on) are used instead, or none.
   *
   * ```typescript
   * const server = new Reply({ security: { server: certificate, authenticator } })
   * const client = new Request({ security: { client: certificate, serverKey } })
   * ```
   *
   * @throws EINVAL, with the remedy, for what is not complete or does not fit together.
   */
  get security(): SocketSecurity | null {
    return this.#endpoints.security?.given ?? null
  }

  set security(security: SocketSecurity | null) {
    if (security === null && this.#endpoints.security === undefined) return
    this.#usable()
    if (!this.#endpoints.isEmpty) throw errnoError("EINVAL", "security must be set before the socket binds or connects")
    if (this.#type === constant("ZMQ_STREAM")) {
      throw errnoError("EINVAL", "A Stream speaks plain TCP and never encrypts; security is for the other types")
    }
    this.#endpoints.security = new SecuritySetup(this, security)
    this.#traffic.inbox.protect()
  }

  /** Whether a receive would get a message at once. Always false on types that cannot receive. */
  get readable(): boolean {
    return this.#traffic.state === State.Open && !sendOnly.has(this.#type) && this.#traffic.readable
  }

  /** Whether a send would find room at once. Always false on types that cannot send. */
  get writable(): boolean {
    return this.#traffic.state === State.Open && !receiveOnly.has(this.#type) && this.#traffic.writable
  }

  /**
   * Binds to an address. "*" stands for all interfaces in place of a host, and for any free port in place of a port:
   * `lastEndpoint` then tells which. Until the promise settles, most operations on the socket throw EBUSY, and so does setting the
   * options of security.
   *
   * ```typescript
   * await socket.bind("tcp://127.0.0.1:5555")
   * await socket.bind("ipc:///run/app/tasks")
   * await socket.bind("inproc://results")
   * ```
   *
   * @returns Rejects with EADDRINUSE, EADDRNOTAVAIL, EINVAL, EPROTONOSUPPORT and others, with the `address`. When it is
   * aborted or times out, it is undone.
   */
  bind(address: string, options?: OperationOptions): Promise<void> {
    return this.#endpoints.block(address, options, true)
  }

  /** Unbinds from an address, spelt as `lastEndpoint` told it. Rejects with ENOENT if the socket is not bound to it. */
  unbind(address: string, options?: OperationOptions): Promise<void> {
    return this.#endpoints.block(address, options, false)
  }

  /**
   * Like `bind`, and done when it returns. Host names other than localhost are for libzmq 4.3.5 and later; before, it throws
   * ENODEV.
   */
  bindSync(address: string): void {
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    this.#endpoints.bindSync(address)
  }

  /** Like `unbind`, and done when it returns. */
  unbindSync(address: string): void {
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    this.#endpoints.change(address, undefined, (socket) => socket.unbindSync(address))
  }

  /** Connects to an address, in the background, and again whenever the connection is lost. */
  connect(address: string): void {
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    this.#endpoints.change(address, "connect", (socket) => socket.connect(address))
  }

  /** Disconnects from an address. Throws ENOENT if the socket is not connected to it. */
  disconnect(address: string): void {
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    this.#endpoints.change(address, undefined, (socket) => socket.disconnect(address))
  }

  /**
   * Closes the socket; a second time does nothing. Operations that wait reject with EAGAIN. Messages that were not sent
   * yet are sent in the background, for as long as `linger` says. During a bind or unbind it closes when that is done.
   *
   * @param options `linger`, in milliseconds, is set first.
   */
  close(options?: { linger?: number }): void {
    if (this.closed) return
    if (options !== undefined) {
      if (typeof options !== "object" || options === null) throw new TypeError("Options must be an object")
      checkNames(options, "linger")
      if (options.linger !== undefined) checkValue("int32", options.linger)
    }
    if (this.#traffic.state === State.Lent) {
      this.#closing = options ?? {}
      return
    }
    if (options?.linger !== undefined) (this as unknown as { linger: number }).linger = options.linger
    if (this.#traffic.state === State.Blocked) {
      this.#closing = {}
      return
    }
    this.#native.close()
    this.#context = undefined
    this.#traffic.close()
  }

  /** Closes the socket at the end of its scope: `using socket = new Pull()`. */
  [dispose](): void {
    this.close()
  }

  /** Closes the socket at the end of its scope, and waits for a bind or unbind that is under way. */
  async [asyncDispose](): Promise<void> {
    this.close()
    await this.#endpoints.settled
  }

  /** From now on, an operation that waits on this socket keeps the process alive, as it does at first. */
  ref(): this {
    return this.#setKeepAlive(true)
  }

  /** From now on, the process may end although an operation waits on this socket. */
  unref(): this {
    return this.#setKeepAlive(false)
  }

  static {
    // On the prototype, and not in the type: subclasses say in their type which of these they have.
    type Properties = Record<string | symbol, unknown> & ThisType<Socket>
    const properties: Properties = {
      send(message: MessageLike | MessageLike[], options?: OperationOptions) {
        return this.#traffic.send(message, options)
      },
      sendMany(messages: Iterable<MessageLike | MessageLike[]>, options?: OperationOptions) {
        return this.#traffic.sendMany(messages, options)
      },
      trySend(message: MessageLike | MessageLike[]) {
        return this.#traffic.trySend(message)
      },
      toWritable(options?: StreamOptions) {
        return toWritable(this.#traffic, options)
      },
      toWritableStream(options?: StreamOptions) {
        return toWritableStream(this.#traffic, options)
      },
      get sendQueue() {
        return this.#traffic.writers.queue
      },
      set sendQueue(queue: QueueOptions | null) {
        this.#traffic.writers.queue = queue
      },
      receive(options?: OperationOptions) {
        return this.#traffic.receive(options)
      },
      receiveMany(options?: BatchOptions) {
        return this.#traffic.receiveMany(options)
      },
      receiveWithMetadata(options?: MetadataOptions) {
        return this.#traffic.receiveWithMetadata(options)
      },
      withMetadata(options?: MetadataOptions) {
        return this.#traffic.withMetadata(options)
      },
      tryReceive() {
        return this.#traffic.tryReceive()
      },
      batches(options?: BatchOptions) {
        return this.#traffic.batches(options)
      },
      [Symbol.asyncIterator](this: Socket & { receive(): Promise<unknown> }) {
        // A subclass may have a receive of its own, and then its messages are what a loop gets.
        return this.receive === properties.receive
          ? this.#traffic.iterate()
          : iterateOver(this.#traffic, () => this.receive())
      },
      toReadable(options?: StreamOptions) {
        return toReadable(this.#traffic, options)
      },
      toReadableStream(options?: StreamOptions) {
        return toReadableStream(this.#traffic, options)
      },
      get receiveQueue() {
        return this.#traffic.readers.queue
      },
      set receiveQueue(queue: QueueOptions | null) {
        this.#traffic.readers.queue = queue
      },
      get receiveMemory() {
        return this.#traffic.inbox.memory
      },
      set receiveMemory(memory: ReceiveMemory) {
        this.#traffic.inbox.memory = memory
      },
    }
    for (const key of Reflect.ownKeys(properties)) {
      const property = Object.getOwnPropertyDescriptor(properties, key) as PropertyDescriptor
      Object.defineProperty(Socket.prototype, key, { ...property, enumerable: false })
    }
  }

  /** @internal Not the values of options, which `inspect` with `getters: true` would read: some are secret. */
  [Symbol.for("nodejs.util.inspect.custom")](depth: number, options: InspectOptions, show: typeof inspect): string {
    return show(this, { ...options, depth, getters: false, customInspect: false })
  }

  /** @internal */
  [handle](setting?: Option): NativeSocket {
    if (this.closed) throw closedError()
    if (this.#traffic.state === State.Lent) throw lentError()
    if (this.#traffic.state === State.Blocked && setting !== undefined && checkedOptions.has(setting)) {
      throw blockedError()
    }
    return this.#native
  }

  /** @internal Called once, by the constructor. */
  [form](_slot: number, _type: number): MessageForm | undefined {
    return undefined
  }

  /** @internal */
  override [getOption](option: Option): unknown {
    return this.#kept.has(option) ? this.#kept.get(option) : super[getOption](option)
  }

  /** @internal */
  get [endpoints](): Endpoints {
    return this.#endpoints
  }

  /** @internal */
  [optionRead](): void {
    this.#traffic.attend()
  }

  /** @internal */
  get [lend]() {
    return {
      /** Whether it is bound or connected. */
      isAttached: !this.#endpoints.isEmpty,
      /** Throws if it is closed or in use. */
      check: () => {
        this.#usable()
        if (!this.#traffic.readers.isEmpty) throw busyReadingError()
        if (!this.#traffic.writers.isEmpty) throw busyWritingError()
      },
      /** What was taken off it and not received. */
      leftover: () => this.#traffic.inbox.takeAll(),
      send: (message: Message[], options: OperationOptions) => this.#traffic.send(message, options),
      /** From now on nobody else may use it, until `giveBack`, which somebody may call, has ended what does. */
      begin: (giveBack: () => Promise<void>): NativeSocket => {
        const socket = this.#usable()
        this.#giveBack = giveBack
        // libzmq sockets bear one thread at a time, so these cannot be asked for then.
        for (const option of [socketOptions.lastEndpoint, socketOptions.type])
          this.#kept.set(option, this[getOption](option))
        this.#traffic.state = State.Lent
        this.#traffic.stopWatching()
        return socket
      },
      /** Closes it. */
      end: () => {
        this.#giveBack = undefined
        this.#traffic.state = State.Open
        this.#kept.clear()
        this.close(this.#closing)
      },
    }
  }

  /** @internal */
  async [leave](options: { linger?: number }): Promise<void> {
    this.close(options)
    await this.#giveBack?.()
  }

  /** @internal */
  [optionSet](option: Option | undefined, value: unknown): void {
    if (option?.stopsPrefetch) {
      if (value) this.#stopsPrefetch.add(option)
      else this.#stopsPrefetch.delete(option)
    }
    this.#traffic.inbox.reconsider()
    // A bind that is under way may have read the option already.
    const isAttached = !this.#endpoints.isEmpty || this.#traffic.state === State.Blocked
    if (isAttached && option?.anytime !== true) {
      process.emitWarning("Socket option will not take effect until next connect/bind.")
    }
    this.#traffic.attend()
  }

  /** @internal */
  override [optionWithId](id: number): Option | undefined {
    return byId.get(id)
  }

  /** @internal Sets an option that takes effect at once, such as a subscription. */
  [act](name: string, value: string | Uint8Array | boolean | null, wire: "bytes" | "bool" = "bytes"): void {
    checkValue(wire, value)
    this[handle]().setOption(constant(name), wireTypes[wire], value)
    this.#traffic.attend()
  }

  /** @internal Connects by a call of its own. */
  [connectBy]<T>(address: string, call: (socket: NativeSocket) => T): T {
    return this.#endpoints.change(address, "connect", call)
  }

  /** @internal Connects to a peer and gives it a name. `check` throws if that is taken. */
  [connectNamed](address: string, name: Buffer, check: () => void): void {
    this.#endpoints.connectNamed(address, name, check)
  }

  /**
   * @internal Has `consume` see each message before it can be received, and say whether it was for itself.
   * For what libzmq says in messages, about connections and so not over inproc, once an option was set for that: EINVAL
   * if that comes too late for some of them.
   */
  [divert](consume: (message: Buffer[]) => boolean): void {
    this[handle]()
    if (!this.#endpoints.isEmpty)
      throw errnoError("EINVAL", "peerEvents must be used before the socket binds or connects")
    this.#traffic.inbox.divert(consume)
    this.#endpoints.hasPeerEvents = true
  }

  /** @internal The addon's object of a watched socket calls this when something that it waits for can go on. */
  [onReady](ready: number): void {
    this.#traffic.serve(ready)
  }

  // --- States

  /** The addon's socket, for what must not run beside a bind. */
  #usable(): NativeSocket {
    this.#traffic.checkUsable()
    return this.#native
  }

  #setKeepAlive(keep: boolean): this {
    // libzmq has no part in it, so a bind does not stand in the way.
    this[handle]().keepAlive(keep)
    this.#traffic.keepAlive(keep)
    return this
  }

  #mostAhead(): number {
    if (lockstep.has(this.#type) || this.#stopsPrefetch.size > 0) return 1
    return this[getOption](socketOptions.receiveHighWaterMark) as number
  }
}

export interface Socket extends OptionsOn<"Socket"> {}

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
