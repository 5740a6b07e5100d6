// Sockets with the API of zeromq 5, which are event emitters.

import { EventEmitter } from "node:events"
import process from "node:process"

import { brand } from "../base/brand.js"
import * as zmq from "../index.js"
import { ZMQ_SNDMORE } from "./constants.js"
import {
  defineProperties,
  getOption,
  type OptionName,
  type OptionProperties,
  type OptionValue,
  setOption,
} from "./options.js"
import type { Callback } from "./send-queue.js"
import { isSocketType, type SocketType } from "./socket-types.js"
import { State } from "./state.js"

/** The file descriptor, the error's number, or the milliseconds until the next attempt; the address; and the error, if any. */
export type MonitorEvent = [value: number | undefined, address: string, error?: zmq.ErrnoError]

/** The events of a socket, with the arguments of their listeners. */
export interface SocketEvents {
  /** A message arrived; each part is an argument. */
  message: zmq.Message[]
  /** An operation without a callback failed. */
  error: [error: Error]
  /** `bind()` has finished. */
  bind: [address: string]
  /** `unbind()` has finished. */
  unbind: [address: string]
  // The others need monitor().
  /** A connection was accepted. */
  accept: MonitorEvent
  /** A connection could not be accepted. */
  accept_error: MonitorEvent
  /** The socket could not be bound. */
  bind_error: MonitorEvent
  /** This side closed a connection or listener. */
  close: MonitorEvent
  /** A connection or listener could not be closed. */
  close_error: MonitorEvent
  /** A connection was established. */
  connect: MonitorEvent
  /** A connection is being established. */
  connect_delay: MonitorEvent
  /** A connection failed and is tried again. */
  connect_retry: MonitorEvent
  /** A connection was lost. */
  disconnect: MonitorEvent
  /** The socket is bound. */
  listen: MonitorEvent
}

/** A listener for one of the events above. */
type ListenerOf<E extends keyof SocketEvents> = (...values: SocketEvents[E]) => void
// biome-ignore lint/suspicious/noExplicitAny: as in EventEmitter
type AnyListener = (...values: any[]) => void

/** The state behind a socket. It is not in private fields, because `Socket.call(this, type)` must add it to an existing object. */
const state = Symbol("ohmq.v5")

function checkCallback(callback: unknown): asserts callback is Callback | undefined {
  if (callback !== undefined && callback !== null && typeof callback !== "function") {
    throw new TypeError("Callback must be a function")
  }
}

/** Turns an object into a socket. */
function begin(owner: CompatSocket, type: SocketType): void {
  if (!isSocketType(type)) throw new Error(`Invalid socket type: ${String(type)}`)
  owner.type = type
  Object.defineProperty(owner, state, { value: new State(owner, type) })
}

// Read now, because a test may replace it later.
const { Subscriber } = zmq

function subscriberOf(owner: CompatSocket): zmq.Subscriber {
  const { socket } = owner[state].link
  if (socket instanceof Subscriber) return socket
  throw new Error("Subscriber socket required")
}

// Before the class, so that these overloads come first.
export interface CompatSocket extends OptionProperties {
  on<E extends keyof SocketEvents>(event: E, listener: ListenerOf<E>): this
  on(event: string | symbol, listener: AnyListener): this
  addListener<E extends keyof SocketEvents>(event: E, listener: ListenerOf<E>): this
  addListener(event: string | symbol, listener: AnyListener): this
  once<E extends keyof SocketEvents>(event: E, listener: ListenerOf<E>): this
  once(event: string | symbol, listener: AnyListener): this
  prependListener<E extends keyof SocketEvents>(event: E, listener: ListenerOf<E>): this
  prependListener(event: string | symbol, listener: AnyListener): this
  prependOnceListener<E extends keyof SocketEvents>(event: E, listener: ListenerOf<E>): this
  prependOnceListener(event: string | symbol, listener: AnyListener): this
  off<E extends keyof SocketEvents>(event: E, listener: ListenerOf<E>): this
  off(event: string | symbol, listener: AnyListener): this
  removeListener<E extends keyof SocketEvents>(event: E, listener: ListenerOf<E>): this
  removeListener(event: string | symbol, listener: AnyListener): this
}

/** A socket with the API of zeromq 5. */
export class CompatSocket extends EventEmitter {
  /** The type that was given to the constructor. */
  declare type: SocketType

  /** @internal */
  declare readonly [state]: State

  constructor(type: SocketType) {
    super()
    begin(this, type)
  }

  // The first listener starts receiving. Until then, messages stay in libzmq.

  override on(event: string | symbol, listener: AnyListener): this {
    super.on(event, listener)
    this[state].messages.wake()
    return this
  }

  override addListener(event: string | symbol, listener: AnyListener): this {
    super.addListener(event, listener)
    this[state].messages.wake()
    return this
  }

  override prependListener(event: string | symbol, listener: AnyListener): this {
    super.prependListener(event, listener)
    this[state].messages.wake()
    return this
  }

  /** Binds to an address, then emits "bind" and calls the callback. An error goes to the callback, or is emitted if there is none. */
  bind(address: string, callback?: Callback | null): this {
    checkCallback(callback)
    const { link } = this[state]
    this[state].block(link.socket.bind(address), "bind", address, callback ?? undefined)
    return this
  }

  /** Unbinds from an address, then emits "unbind" and calls the callback. An error goes to the callback, or is emitted if there is none. */
  unbind(address: string, callback?: Callback | null): this {
    checkCallback(callback)
    const { link } = this[state]
    this[state].block(link.socket.unbind(address), "unbind", address, callback ?? undefined)
    return this
  }

  /** Binds to an address before it returns. Throws if that fails, such as EADDRINUSE. */
  bindSync(address: string): this {
    this[state].link.socket.bindSync(address)
    return this
  }

  /** Unbinds from an address before it returns. Throws ENOENT if it is not bound to it. */
  unbindSync(address: string): this {
    this[state].link.socket.unbindSync(address)
    return this
  }

  /** Connects to an address. Throws EINVAL or EPROTONOSUPPORT for an invalid one. */
  connect(address: string): this {
    this[state].link.socket.connect(address)
    return this
  }

  /** Disconnects from an address. Throws ENOENT if it is not connected to it. */
  disconnect(address: string): this {
    this[state].link.socket.disconnect(address)
    return this
  }

  /**
   * Sends a message; with the flag `ZMQ_SNDMORE`, the next call adds parts to it. The message waits until there is room. An error goes to
   * the callback, or is emitted if there is none.
   */
  send(message: zmq.MessageLike | zmq.MessageLike[], flags?: number | null, callback?: Callback | null): this {
    checkCallback(callback)
    const more = ((flags ?? 0) & ZMQ_SNDMORE) !== 0
    // The main API rejects undefined.
    const content = message === undefined ? "undefined" : message
    this[state].outgoing.send(content, more, callback ?? undefined)
    return this
  }

  /** Always throws; zeromq 5 had it. */
  read(): never {
    throw new Error("read() has been removed from compatibility mode; use on('message', ...) instead.")
  }

  /** Stops emitting and sending messages until `resume()`. */
  pause(): void {
    this[state].link.paused = true
  }

  /** Undoes `pause()`. */
  resume(): void {
    this[state].link.paused = false
    this[state].resume()
  }

  /** Subscribes to messages with a prefix. Throws an Error unless the type is "sub". */
  subscribe(prefix: string | Uint8Array | null): this {
    subscriberOf(this).subscribe(prefix as string)
    return this
  }

  /** Removes one subscription to a prefix. Throws an Error unless the type is "sub". */
  unsubscribe(prefix: string | Uint8Array | null): this {
    subscriberOf(this).unsubscribe(prefix as string)
    return this
  }

  /** Sets an option by its number or short name. Throws an Error for an unknown one. */
  setsockopt(option: number | OptionName, value: unknown): this {
    setOption(this[state].link.socket, option, value)
    return this
  }

  /** Returns the value of an option by its number or short name. Throws an Error for an unknown one. */
  getsockopt<O extends number | OptionName>(
    option: O,
  ): O extends keyof OptionProperties ? OptionProperties[O] : OptionValue
  getsockopt(option: number | OptionName): OptionValue {
    return getOption(this[state].link.socket, option)
  }

  /** Starts emitting monitor events. The arguments, which zeromq 5 used, have no effect. */
  monitor(interval?: number, numOfEvents?: number): this {
    if (interval || numOfEvents) {
      process.emitWarning("Arguments to monitor() are ignored in compatibility mode; all events are read automatically")
    }
    this[state].monitor()
    return this
  }

  /** Stops emitting monitor events. */
  unmonitor(): this {
    this[state].unmonitor()
    return this
  }

  /** Keeps the process alive while the socket is open. This is the default. */
  ref(): this {
    this[state].ref()
    return this
  }

  /** Lets the process exit while the socket is open. */
  unref(): this {
    this[state].unref()
    return this
  }

  /** Closes the socket. Messages that still wait for room are discarded; their callbacks get an error. */
  close(): this {
    this[state].close()
    return this
  }

  /** Whether the socket is closed. */
  get closed(): boolean {
    return this[state].link.socket.closed
  }
}

defineProperties(CompatSocket.prototype)

/**
 * The class of sockets. Programs that use `util.inherits` call it without `new`, as in `Socket.call(this, "sub")`, which turns an object
 * whose prototype derives from `Socket.prototype` into a socket.
 */
export const Socket = new Proxy(CompatSocket, {
  apply(_target, object: unknown, [type]: [SocketType]) {
    if (!(object instanceof CompatSocket)) {
      throw new TypeError("Class constructor Socket cannot be invoked without 'new'")
    }
    Function.prototype.call.call(EventEmitter, object)
    begin(object, type)
  },
})
/** A socket with the API of zeromq 5. */
export interface Socket extends CompatSocket {}

brand("v5.Socket", CompatSocket)
CompatSocket.prototype.constructor = Socket
Object.defineProperty(CompatSocket, "name", { value: "Socket" })
