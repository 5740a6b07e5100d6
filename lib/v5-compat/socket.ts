// Sockets with the API of zeromq 5: event emitters.

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
import type { Callback } from "./sender.js"
import { isSocketType, type SocketType, State } from "./state.js"

type MonitorEvent = [value: number | undefined, address: string, error?: zmq.ErrnoError]

/** The events of a socket, with what listeners are called with. */
export interface SocketEvents {
  /** A message, each part an argument. */
  message: zmq.Message[]
  error: [error: Error]
  /** `bind()` is done. */
  bind: [address: string]
  /** `unbind()` is done. */
  unbind: [address: string]
  // These come after monitor(). `value` is the descriptor, the number of the error, or the milliseconds to the next attempt.
  accept: MonitorEvent
  accept_error: MonitorEvent
  bind_error: MonitorEvent
  close: MonitorEvent
  close_error: MonitorEvent
  connect: MonitorEvent
  connect_delay: MonitorEvent
  connect_retry: MonitorEvent
  disconnect: MonitorEvent
  listen: MonitorEvent
}

/** A listener for one of the events above, or for a program's own. */
type ListenerOf<E extends keyof SocketEvents> = (...values: SocketEvents[E]) => void
// biome-ignore lint/suspicious/noExplicitAny: as in EventEmitter
type AnyListener = (...values: any[]) => void

/** What stands behind a socket. Not in private fields: `Socket.call(this, type)` has to add it to an object that is there. */
const state = Symbol("ohmq.v5")

function checkCallback(callback: unknown): asserts callback is Callback | undefined {
  if (callback !== undefined && callback !== null && typeof callback !== "function") {
    throw new TypeError("Callback must be a function")
  }
}

/** Makes an object a socket. */
function begin(owner: CompatSocket, type: SocketType): void {
  if (!isSocketType(type)) throw new Error(`Invalid socket type: ${String(type)}`)
  owner.type = type
  Object.defineProperty(owner, state, { value: new State(owner, type) })
}

// Taken now: a test may put something else in its place.
const { Subscriber } = zmq

function subscriberOf(owner: CompatSocket): zmq.Subscriber {
  const { socket } = owner[state].link
  if (socket instanceof Subscriber) return socket
  throw new Error("Subscriber socket required")
}

// Before the class, so that the listeners of the socket's own events are looked at first.
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

/** A socket of zeromq 5. */
export class CompatSocket extends EventEmitter {
  /** The type with which it was made. */
  declare type: SocketType

  /** @internal */
  declare readonly [state]: State

  constructor(type: SocketType) {
    super()
    begin(this, type)
  }

  // Whoever listens for messages starts them: until then they stay with libzmq.

  override on(event: string | symbol, listener: AnyListener): this {
    super.on(event, listener)
    this[state].receiver.wake()
    return this
  }

  override addListener(event: string | symbol, listener: AnyListener): this {
    super.addListener(event, listener)
    this[state].receiver.wake()
    return this
  }

  override prependListener(event: string | symbol, listener: AnyListener): this {
    super.prependListener(event, listener)
    this[state].receiver.wake()
    return this
  }

  /** Binds to an address; emits "bind" when that is done. An error goes to the callback, else it is emitted. */
  bind(address: string, callback?: Callback | null): this {
    checkCallback(callback)
    const { link } = this[state]
    this[state].block(link.socket.bind(address), "bind", address, callback ?? undefined)
    return this
  }

  /** Unbinds from an address; emits "unbind" when that is done. */
  unbind(address: string, callback?: Callback | null): this {
    checkCallback(callback)
    const { link } = this[state]
    this[state].block(link.socket.unbind(address), "unbind", address, callback ?? undefined)
    return this
  }

  /** Binds to an address, and is done when it returns. */
  bindSync(address: string): this {
    this[state].link.socket.bindSync(address)
    return this
  }

  /** Unbinds from an address, and is done when it returns. */
  unbindSync(address: string): this {
    this[state].link.socket.unbindSync(address)
    return this
  }

  connect(address: string): this {
    this[state].link.socket.connect(address)
    return this
  }

  disconnect(address: string): this {
    this[state].link.socket.disconnect(address)
    return this
  }

  /**
   * Sends a message, or with the flag `ZMQ_SNDMORE` parts of one that the next call goes on with. It waits for as long as
   * there is no room. An error goes to the callback, else it is emitted.
   */
  send(message: zmq.MessageLike | zmq.MessageLike[], flags?: number | null, callback?: Callback | null): this {
    checkCallback(callback)
    const more = ((flags ?? 0) & ZMQ_SNDMORE) !== 0
    // The main API takes this for a mistake.
    const content = message === undefined ? "undefined" : message
    this[state].sender.send(content, more, callback ?? undefined)
    return this
  }

  /** Was there in zeromq 5, and always throws. */
  read(): never {
    throw new Error("read() has been removed from compatibility mode; use on('message', ...) instead.")
  }

  /** Emits and sends no more messages until `resume()`. */
  pause(): void {
    this[state].link.paused = true
  }

  resume(): void {
    this[state].link.paused = false
    this[state].resume()
  }

  /** Subscribes to the messages that begin with a prefix. */
  subscribe(prefix: string | Uint8Array | null): this {
    subscriberOf(this).subscribe(prefix as string)
    return this
  }

  unsubscribe(prefix: string | Uint8Array | null): this {
    subscriberOf(this).unsubscribe(prefix as string)
    return this
  }

  /** Sets an option, by its number or short name. */
  setsockopt(option: number | OptionName, value: unknown): this {
    setOption(this[state].link.socket, option, value)
    return this
  }

  /** The value of an option. */
  getsockopt<O extends number | OptionName>(
    option: O,
  ): O extends keyof OptionProperties ? OptionProperties[O] : OptionValue
  getsockopt(option: number | OptionName): OptionValue {
    return getOption(this[state].link.socket, option)
  }

  /** Emits what happens to its connections from now on. The arguments of zeromq 5 have no effect. */
  monitor(interval?: number, numOfEvents?: number): this {
    if (interval || numOfEvents) {
      process.emitWarning("Arguments to monitor() are ignored in compatibility mode; all events are read automatically")
    }
    this[state].monitor()
    return this
  }

  unmonitor(): this {
    this[state].unmonitor()
    return this
  }

  /** Keeps the process alive as long as the socket is open, as it does at first. */
  ref(): this {
    this[state].ref()
    return this
  }

  /** Lets the process end although the socket is open. */
  unref(): this {
    this[state].unref()
    return this
  }

  /** Closes the socket. Messages that wait for room are not sent; their callbacks are told. */
  close(): this {
    this[state].close()
    return this
  }

  get closed(): boolean {
    return this[state].link.socket.closed
  }
}

defineProperties(CompatSocket.prototype)

/**
 * The class of sockets. Programs of the time of `util.inherits` call it without `new`, as in `Socket.call(this, "sub")`,
 * which makes a socket of an object whose prototype derives from `Socket.prototype`.
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
export interface Socket extends CompatSocket {}

brand("v5.Socket", CompatSocket)
CompatSocket.prototype.constructor = Socket
Object.defineProperty(CompatSocket, "name", { value: "Socket" })
