// The base of all sockets: their states, and operations that wait. What each type may do stands in sockets/.

import { Context, context as defaultContext } from "./context.js"
import { blockedError, busyReadingError, busyWritingError, closedError, errnoError, timeoutError } from "./errors.js"
import { Inbox } from "./inbox.js"
import { type Part, sendPart, toPart, toParts } from "./message.js"
import { addon, constant, type NativeSocket, onReady, wireTypes } from "./native.js"
import { defineOptions, OptionHolder } from "./option-holder.js"
import { type Option, socketOptions } from "./option-table/index.js"
import { assignOptions, checkValue } from "./options.js"
import { getOption, handle, native, optionSet } from "./symbols.js"
import { settled, settledWith } from "./turn.js"
import type { Message, MessageLike, OperationOptions, OptionsOn } from "./types.js"
import { checkOperation, Waiter } from "./waiter.js"

const IN = constant("ZMQ_POLLIN")
const OUT = constant("ZMQ_POLLOUT")

const REQ = constant("ZMQ_REQ")
const sendOnly = new Set([constant("ZMQ_PUSH"), constant("ZMQ_PUB")])
const receiveOnly = new Set([constant("ZMQ_PULL"), constant("ZMQ_SUB")])
/** They take requests and replies in turn, so there is nothing to fetch ahead. */
const lockstep = new Set([REQ, constant("ZMQ_REP")])
/** They choose a peer for each message, and drop the rest of one whose peer went away in the middle. */
const balancing = new Set([constant("ZMQ_PUSH"), constant("ZMQ_DEALER"), REQ])

/** A send that is refused although ZMQ_EVENTS tells of room is tried again after so many milliseconds. */
const RETRY = 10

enum State {
  Open = 0,
  /** A bind or unbind runs on another thread. */
  Blocked = 1,
  Closed = 2,
}

const byId = new Map<number, Option>()
for (const option of Object.values<Option>(socketOptions)) {
  const id = addon.constants[option.zmq]
  if (id !== undefined && !byId.has(id)) byId.set(id, option)
}

function checkAddress(address: unknown): asserts address is string {
  if (typeof address !== "string") throw new TypeError("Address must be a string")
}

/** libzmq takes a port of 65537 for 1, and one of 65536 for any. */
function checkPort(address: string): void {
  const port = /^(?:tcp|udp|ws|wss):.*:(\d+)(?:\/.*)?$/.exec(address)?.[1]
  if (port !== undefined && Number(port) > 65535) throw Object.assign(errnoError("EINVAL"), { address })
}

/** The base class of all sockets. Use one of its subclasses. */
export abstract class Socket extends OptionHolder {
  readonly #native: NativeSocket
  readonly #slot: number
  readonly #type: number
  readonly #inbox: Inbox
  readonly #stopsPrefetch = new Set<Option>()
  #context: Context | undefined
  #state = State.Open
  #unblocked: Promise<void> | undefined
  /** close() was called while blocked. */
  #closing = false
  #endpoints = 0
  #keepAlive = true
  /** What the addon watches for. */
  #watched = 0
  #retry: NodeJS.Timeout | undefined
  #reader: Waiter<Message[]> | undefined
  #writer: Waiter<void> | undefined
  /** The message that the writer waits with. */
  #outgoing: Part[] = []

  /**
   * @param type The number of the socket type in zmq.h.
   * @param options Values for the socket's options, and its `context`.
   * @throws {TypeError} for an unknown option or a value of the wrong type.
   */
  protected constructor(type: number, options: object = {}) {
    if (typeof type !== "number") throw new TypeError("Socket type must be a number")
    if (typeof options !== "object" || options === null) throw new TypeError("Options must be an object")
    super()
    const { context = defaultContext } = options as { context?: unknown }
    if (!(context instanceof Context)) throw errnoError("EINVAL")
    this.#type = type
    this.#context = context
    this.#native = new addon.NativeSocket(context[native], type)
    this.#native.owner = this
    this.#slot = this.#native.slot
    this.#inbox = new Inbox(this.#slot, () => this.#mostAhead())
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
    return this.#state === State.Closed
  }

  /** Whether a receive would get a message at once. Always false on types that cannot receive. */
  get readable(): boolean {
    if (this.#state !== State.Open || sendOnly.has(this.#type)) return false
    return !this.#inbox.isEmpty || (this.#look() & IN) !== 0
  }

  /** Whether a send would find room at once. Always false on types that cannot send. */
  get writable(): boolean {
    if (this.#state !== State.Open || receiveOnly.has(this.#type)) return false
    return (this.#look() & OUT) !== 0
  }

  /**
   * Binds to an address. "*" stands for all interfaces in place of a host, and for any free port in place of a port:
   * `lastEndpoint` then tells which. Until the promise settles, most operations on the socket throw EBUSY.
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
    return this.#block(address, options, true)
  }

  /** Unbinds from an address, spelt as `lastEndpoint` told it. Rejects with ENOENT if the socket is not bound to it. */
  unbind(address: string, options?: OperationOptions): Promise<void> {
    return this.#block(address, options, false)
  }

  /** Like `bind`, and done when it returns. If a host name must be looked up, that holds the thread up. */
  bindSync(address: string): void {
    this.#endpointCall(address, 1, (socket) => socket.bindSync(address))
  }

  /** Like `unbind`, and done when it returns. */
  unbindSync(address: string): void {
    this.#endpointCall(address, -1, (socket) => socket.unbindSync(address))
  }

  /** Connects to an address, in the background, and again whenever the connection is lost. */
  connect(address: string): void {
    this.#endpointCall(address, 1, (socket) => socket.connect(address))
  }

  /** Disconnects from an address. Throws ENOENT if the socket is not connected to it. */
  disconnect(address: string): void {
    this.#endpointCall(address, -1, (socket) => socket.disconnect(address))
  }

  /**
   * Closes the socket; a second time does nothing. Operations that wait reject with EAGAIN. Messages that were not sent
   * yet are sent in the background, for as long as `linger` says. During a bind or unbind it closes when that is done.
   *
   * @param options `linger`, in milliseconds, is set first.
   */
  close(options?: { linger?: number }): void {
    if (this.#state === State.Closed) return
    if (options?.linger !== undefined) (this as unknown as { linger: number }).linger = options.linger
    if (this.#state === State.Blocked) {
      this.#closing = true
      return
    }
    this.#state = State.Closed
    this.#native.close()
    this.#context = undefined
    this.#inbox.clear()
    clearTimeout(this.#retry)
    this.#takeReader()?.reject(timeoutError())
    this.#takeWriter()?.reject(timeoutError())
  }

  /** Closes the socket at the end of its scope: `using socket = new Pull()`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** Closes the socket at the end of its scope, and waits for a bind or unbind that is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
    await this.#unblocked
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
    const methods: Record<string | symbol, (this: Socket, ...args: never[]) => unknown> = {
      send(message: MessageLike | MessageLike[], options?: OperationOptions) {
        return this.#send(message, options)
      },
      receive(options?: OperationOptions) {
        return this.#receive(options)
      },
      [Symbol.asyncIterator]() {
        return this.#iterate()
      },
    }
    for (const key of Reflect.ownKeys(methods)) {
      Object.defineProperty(Socket.prototype, key, {
        configurable: true,
        writable: true,
        value: methods[key as string],
      })
    }
  }

  /** @internal */
  [handle](): NativeSocket {
    if (this.#state === State.Closed) throw closedError()
    return this.#native
  }

  /** @internal */
  [optionSet](option: Option | undefined, value: unknown): void {
    if (option?.stopsPrefetch) {
      if (value === true) this.#stopsPrefetch.add(option)
      else this.#stopsPrefetch.delete(option)
    }
    this.#inbox.reconsider()
    if (this.#endpoints > 0 && option?.anytime !== true) {
      process.emitWarning("Socket option will not take effect until next connect/bind.")
    }
    if (this.#state === State.Open) this.#attend()
  }

  /** @internal */
  protected override optionWithId(id: number): Option | undefined {
    return byId.get(id)
  }

  /** @internal Sets an option that takes effect at once, such as a subscription. */
  protected act(name: string, value: string | Uint8Array | boolean | null, wire: "bytes" | "bool" = "bytes"): void {
    checkValue(wire, value)
    this[handle]().setOption(constant(name), wireTypes[wire], value)
    if (this.#state === State.Open) this.#attend()
  }

  /** @internal The addon's object of a watched socket calls this when something that it waits for can go on. */
  [onReady](ready: number): void {
    this.#serve(ready)
    this.#attend()
  }

  // --- States

  /** The addon's socket, for what must not run beside a bind. */
  #usable(): NativeSocket {
    if (this.#state === State.Open) return this.#native
    throw this.#state === State.Closed ? closedError() : blockedError()
  }

  #endpointCall(address: string, change: number, call: (socket: NativeSocket) => void): void {
    checkAddress(address)
    const socket = this.#usable()
    checkPort(address)
    try {
      call(socket)
      this.#endpoints += change
    } finally {
      // libzmq looks at its commands in here, and so may use up the edge that somebody waits for.
      this.#attend()
    }
  }

  #block(address: string, options: OperationOptions | undefined, bind: boolean): Promise<void> {
    checkAddress(address)
    checkOperation(options)
    const socket = this.#usable()
    if (options?.signal?.aborted) return Promise.reject(options.signal.reason)
    try {
      checkPort(address)
    } catch (error) {
      return Promise.reject(error)
    }
    this.#state = State.Blocked
    this.#watch(0)
    let abandoned = false
    const work = (bind ? socket.bind(address) : socket.unbind(address)).then(() => {
      this.#endpoints += bind ? 1 : -1
    })
    const done = work.finally(() => {
      this.#state = State.Open
      this.#unblocked = undefined
      if (this.#closing) this.close()
      else this.#attend()
    })
    this.#unblocked = done.catch(() => {})
    if (options === undefined) return done
    const waiter = new Waiter<void>(options.timeout ?? -1, options.signal, (reason) => {
      abandoned = true
      waiter.reject(reason)
    })
    done.then(
      () => {
        if (!abandoned) waiter.resolve()
        else if (!this.closed) this.#undo(address, bind)
      },
      (error) => {
        if (!abandoned) waiter.reject(error)
      },
    )
    return waiter.promise
  }

  /** Takes back a bind or unbind that its caller has given up; there is nobody left to tell if that fails. */
  #undo(address: string, bind: boolean): void {
    try {
      if (bind) this.unbindSync((this as unknown as { lastEndpoint: string }).lastEndpoint)
      else this.bindSync(address)
    } catch {}
  }

  #setKeepAlive(keep: boolean): this {
    this.#usable().keepAlive(keep)
    this.#keepAlive = keep
    this.#reader?.keepAlive(keep)
    this.#writer?.keepAlive(keep)
    return this
  }

  // --- Waiting

  #wanted(): number {
    return (this.#reader === undefined ? 0 : IN) | (this.#writer === undefined ? 0 : OUT)
  }

  #watch(events: number): void {
    if (events === this.#watched) return
    this.#watched = events
    addon.watch(this.#slot, events)
  }

  #look(): number {
    const events = addon.events(this.#slot)
    this.#attend()
    return events
  }

  /**
   * To be called after anything that may have used up the edge of ZMQ_FD, which is any call on the socket: looks at
   * ZMQ_EVENTS, lets go on what can, and watches for what still waits.
   */
  #attend(): void {
    if (this.#state !== State.Open) return
    let refused = 0
    for (;;) {
      const wanted = this.#wanted() & ~refused
      if (wanted === 0) break
      const ready = addon.events(this.#slot) & wanted
      if (ready === 0) break
      this.#serve(ready)
      if ((ready & OUT) !== 0 && this.#writer !== undefined) refused = OUT
    }
    this.#watch(this.#wanted())
    if (refused !== 0) {
      // Such a socket always counts as writable, so its edge may have been used up in here unseen.
      clearTimeout(this.#retry)
      this.#retry = setTimeout(() => this[onReady](OUT), RETRY)
      if (!this.#keepAlive) this.#retry.unref()
    }
  }

  #serve(ready: number): void {
    if ((ready & IN) !== 0 && this.#reader !== undefined) {
      try {
        const message = this.#inbox.take()
        if (message !== undefined) this.#takeReader()?.resolve(message)
      } catch (error) {
        this.#takeReader()?.reject(error)
      }
    }
    if ((ready & OUT) !== 0 && this.#writer !== undefined) {
      try {
        if (this.#sendParts(this.#outgoing)) this.#takeWriter()?.resolve()
      } catch (error) {
        this.#takeWriter()?.reject(error)
      }
    }
  }

  #takeReader(): Waiter<Message[]> | undefined {
    const reader = this.#reader
    this.#reader = undefined
    return reader
  }

  #takeWriter(): Waiter<void> | undefined {
    const writer = this.#writer
    this.#writer = undefined
    this.#outgoing = []
    return writer
  }

  // --- Sending

  #send(message: MessageLike | MessageLike[], options?: OperationOptions): Promise<void> {
    if (message === undefined) throw new TypeError("Message must be present")
    if (options !== undefined) checkOperation(options)
    this.#usable()
    if (this.#writer !== undefined) throw busyWritingError()
    if (options?.signal?.aborted) return Promise.reject(options.signal.reason)
    const parts = Array.isArray(message) ? toParts(message) : toPart(message)
    try {
      const sent = Array.isArray(parts) ? this.#sendParts(parts) : sendPart(this.#slot, parts, false)
      if (!sent) return this.#waitToSend(Array.isArray(parts) ? parts : [parts], options)
      if (this.#reader !== undefined) this.#attend()
      return settled()
    } catch (error) {
      if (this.#reader !== undefined) this.#attend()
      return Promise.reject(error)
    }
  }

  #sendParts(parts: Part[]): boolean {
    const last = parts.length - 1
    for (let index = 0; index <= last; index += 1) {
      if (sendPart(this.#slot, parts[index] as Part, index < last)) continue
      // The peer that got the first parts is gone, and those with it. Sockets that choose a peer for each message now
      // drop what comes up to the last part, so it must come. REQ thereby takes its request for sent.
      if (index > 0 && index < last && balancing.has(this.#type)) {
        sendPart(this.#slot, "", false)
        return this.#type === REQ
      }
      return false
    }
    return true
  }

  #waitToSend(parts: Part[], options?: OperationOptions): Promise<void> {
    const timeout = options?.timeout ?? (this[getOption](socketOptions.sendTimeout) as number)
    if (timeout === 0) {
      this.#attend()
      return Promise.reject(timeoutError())
    }
    const writer = new Waiter<void>(timeout, options?.signal, (reason) => {
      this.#takeWriter()?.reject(reason)
      this.#attend()
    })
    writer.keepAlive(this.#keepAlive)
    this.#writer = writer
    this.#outgoing = parts
    this.#attend()
    return writer.promise
  }

  // --- Receiving

  #receive(options?: OperationOptions): Promise<Message[]> {
    if (options !== undefined) checkOperation(options)
    this.#usable()
    if (this.#reader !== undefined) throw busyReadingError()
    if (options?.signal?.aborted) return Promise.reject(options.signal.reason)
    try {
      const message = this.#take()
      if (message !== undefined) return settledWith(message)
      return this.#waitToReceive(options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #take(): Message[] | undefined {
    const fetches = this.#writer !== undefined && this.#inbox.isEmpty
    const message = this.#inbox.take()
    if (fetches) this.#attend()
    return message
  }

  #waitToReceive(options?: OperationOptions): Promise<Message[]> {
    const timeout = options?.timeout ?? (this[getOption](socketOptions.receiveTimeout) as number)
    if (timeout === 0) return Promise.reject(timeoutError())
    const reader = new Waiter<Message[]>(timeout, options?.signal, (reason) => {
      this.#takeReader()?.reject(reason)
      this.#attend()
    })
    reader.keepAlive(this.#keepAlive)
    this.#reader = reader
    this.#attend()
    return reader.promise
  }

  #iterate(): AsyncIterableIterator<Message[], undefined, undefined> {
    const end: IteratorResult<Message[], undefined> = { done: true, value: undefined }
    return {
      next: () => {
        if (this.#state === State.Closed) return Promise.resolve(end)
        if (this.#reader !== undefined) return Promise.reject(busyReadingError())
        return this.#next(end)
      },
      return: () => Promise.resolve(end),
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  #next(end: IteratorResult<Message[], undefined>): Promise<IteratorResult<Message[], undefined>> {
    try {
      this.#usable()
      const message = this.#take()
      if (message !== undefined) return settledWith({ done: false, value: message })
      return this.#waitToReceive().then(
        (value) => ({ done: false, value }),
        (error) => {
          // Closing the socket is how such a loop ends; anything else is for the loop to see.
          if (this.#state === State.Closed && error.code === "EAGAIN") return end
          throw error
        },
      )
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #mostAhead(): number {
    if (lockstep.has(this.#type) || this.#stopsPrefetch.size > 0) return 1
    return this[getOption](socketOptions.receiveHighWaterMark) as number
  }
}

export interface Socket extends OptionsOn<"Socket"> {}

defineOptions(
  Socket,
  Object.entries<Option>(socketOptions).filter(([, option]) => option.on === undefined),
)
