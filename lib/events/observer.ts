// What happens on a socket: connections that are made, lost, refused.

import type { EventEmitter } from "node:events"

import { brand } from "../base/brand.js"
import { checkInterface, checkOperation, expected, type OperationOptions, tooMany } from "../base/checks.js"
import { dispose } from "../base/dispose.js"
import { Emitter, inItsContext } from "../base/emitter.js"
import { needsNew } from "../base/exports.js"
import type { Iteration } from "../base/iteration.js"
import { socketType } from "../base/socket-types.js"
import { endpoints, waitForPeers } from "../base/symbols.js"
import { setImmediate, throwLater } from "../base/timers.js"
import { addon } from "../native/addon.js"
import { Socket } from "../socket/socket.js"
import { type Event, type EventOfType, type EventSubscriber, type EventType, isEventType } from "./decoding.js"
import { EventQueue } from "./event-queue.js"
import { Monitor } from "./monitor.js"
import { PeerCount } from "./peer-count.js"

const emitterModeError = () =>
  new Error(
    "Observer is in event emitter mode. After a call to events.on() it is not possible to read events with events.receive().",
  )

/** The fields of an event that name a connection. */
interface ConnectionEnds {
  fd?: number | undefined
  localAddress?: string | undefined
  remoteAddress?: string | undefined
}

/** The address and port of an endpoint over IP. */
const internetEnd = (endpoint: string) => /^(?:tcp|wss?):\/\/(.*:\d+)(?:\/.*)?$/.exec(endpoint)?.[1]

/**
 * The events of a socket: see `socket.events`. They can be read one after the other, in a loop, or by listeners:
 *
 * ```typescript
 * for await (const event of socket.events) console.log(event.type, event.address)
 *
 * socket.events.on("disconnect", ({ address }) => console.log(`lost ${address}`))
 *
 * await socket.events.waitFor("handshake", { timeout: 5000 })
 * ```
 *
 * Events are taken from libzmq whether or not anybody reads them, so that its threads never wait; the last 10,000 are kept.
 */
export class Observer {
  readonly #monitor: Monitor
  readonly #queue = new EventQueue(() => this.#keepAlive())
  readonly #taps = new Set<(event: Event) => void>()
  readonly #peers: PeerCount
  #emitter: EventEmitter | undefined
  /** Kept events are about to reach the first listeners; others must not overtake them. */
  #flushing = false
  #closed = false

  /** Use `socket.events` instead: a socket has one observer at a time. */
  constructor(socket: Socket) {
    if (!(socket instanceof Socket)) throw new TypeError("Socket must be a socket object")
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    checkInterface("socket", socket)
    this.#monitor = new Monitor(socket)
    this.#peers = new PeerCount(socketType(socket.type))
    socket[endpoints].onGivenUp = (endpoint) => this.#peers.forget(endpoint)
    this.#keepAlive()
    void this.#monitor.read((event) => this.#see(event)).finally(() => this.#end())
  }

  /** Whether it is closed: by `close`, or because the socket was closed. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * How many peers have connected, handshake and all, and are connected still, since this observer began. Of a Router, this
   * includes those whose routing id is taken, which libzmq does not listen to.
   */
  get peers(): number {
    return this.#peers.total
  }

  /** No more events are received. A receive that waits rejects with EAGAIN, loops end. */
  close(): void {
    if (this.#closed) return
    this.#end()
    this.#monitor.stop()
  }

  /** Closes the observer at the end of its scope: `using events = socket.events`. */
  [dispose](): void {
    this.close()
  }

  /**
   * Resolves with the next event: at once if one is kept, else when it comes. Throws EBADF once the observer is closed and
   * all events are read, EBUSY while another receive waits, and when there are listeners.
   */
  receive(options?: OperationOptions): Promise<Event> {
    if (options !== undefined) checkOperation(options)
    return this.#queue.receive(options)
  }

  /** Receives events until the observer or its socket is closed. Leaving the loop closes nothing and loses nothing. */
  [Symbol.asyncIterator](): Iteration<Event> {
    return this.#queue.iterate()
  }

  /**
   * Receives events until the observer or its socket is closed, or the signal is aborted: then the loop ends, without an error
   * and without losing an event. A `timeout` is for each event: when it passes, that step rejects with EAGAIN (`reason` is
   * "timeout").
   *
   * ```typescript
   * for await (const event of socket.events.all({ signal })) console.log(event.type)
   * ```
   */
  all(options: OperationOptions = {}): Iteration<Event> {
    checkOperation(options)
    return this.#queue.iterate(options.timeout, options.signal)
  }

  /**
   * Resolves with the next event of a type, from now on, which others may receive too. Rejects with EAGAIN when time runs
   * out or the observer is closed meanwhile, with EBADF if it is closed already.
   */
  waitFor<E extends EventType>(type: E, options?: OperationOptions): Promise<EventOfType<E>> {
    if (!isEventType(type)) throw expected("type", "a type of event", type)
    if (options !== undefined) checkOperation(options)
    return this.#queue.watchFor((event) => event.type === type, options) as Promise<EventOfType<E>>
  }

  /** @internal Resolves when there are so many peers; otherwise like `waitFor`. */
  async [waitForPeers](count: number, options: OperationOptions): Promise<void> {
    if (this.peers < count) await this.#queue.watchFor(() => this.peers >= count, options)
  }

  /**
   * Calls a listener for each event of a type. From the first listener on, events cannot be received in other ways, except by
   * `waitFor`. The process stays alive while there are listeners and the observer is open.
   */
  on<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): this {
    return this.#listen((emitter) => emitter.on(type, listener), listener)
  }

  /**
   * Calls a listener for the next event of a type. Otherwise like `on`. `once` and `on` of node:events work with an observer, and
   * use this; `waitFor` does the same and leaves events to be received.
   */
  once<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): this {
    return this.#listen((emitter) => emitter.once(type, listener), listener)
  }

  /** Removes a listener. */
  off<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): this {
    this.#emitter?.off(type, listener)
    this.#keepAlive()
    return this
  }

  /** Removes a listener, like `off`: the name that node:events uses. */
  removeListener<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): this {
    return this.off(type, listener)
  }

  /** Removes all listeners of a type, or of all types. Events still cannot be received in other ways. */
  removeAllListeners(type?: EventType): this {
    if (type === undefined) this.#emitter?.removeAllListeners()
    else this.#emitter?.removeAllListeners(type)
    this.#keepAlive()
    return this
  }

  /**
   * Calls a function with every event from now on, in whichever way they are read otherwise, until what it returns is
   * called. It does not keep the process alive.
   */
  watch(listener: (event: Event) => void): () => void {
    if (typeof listener !== "function") throw expected("listener", "a function", listener)
    const tap = inItsContext(listener)
    this.#taps.add(tap)
    return () => void this.#taps.delete(tap)
  }

  /**
   * Ends a connection that an "accept" or "connect" event has told of, and says whether it was there still. The peer is then
   * gone for libzmq; what it has sent before is received. A peer that connects again is a new one.
   */
  shutDown(connection: ConnectionEnds): boolean {
    const { fd, remoteAddress } = connection
    if (fd === undefined || !Number.isSafeInteger(fd)) throw expected("fd", "the descriptor of an event", fd)
    if (typeof remoteAddress !== "string") throw expected("remoteAddress", "that of an event", remoteAddress)
    const peer = this.peerOf(connection)
    return peer !== undefined && addon.shutDown(fd, peer)
  }

  /**
   * The peer of a connection that an "accept" or "connect" event has told of, as the system names it: "10.0.0.1:5000",
   * "[::1]:5000", "" over ipc. Undefined where that is not known, because the transport is another, or a connection to a
   * host name is gone.
   */
  peerOf({ fd, localAddress = "", remoteAddress = "" }: ConnectionEnds): string | undefined {
    if (remoteAddress.startsWith("ipc:")) return ""
    const told = internetEnd(remoteAddress)
    if (told === undefined) return undefined
    // What was accepted is told of by its address; what was connected to, as the program spelt it.
    if (this.#monitor.sideOf(localAddress, remoteAddress) !== "remote") return told
    const isSame = addon.endOf(fd as number, false) === internetEnd(localAddress)
    return (isSame && addon.endOf(fd as number, true)) || undefined
  }

  #see(event: Event): void {
    if (!this.#closed) this.#deliver(event)
    if (event.type === "end") this.#end()
  }

  #deliver(event: Event): void {
    this.#peers.see(event)
    for (const tap of this.#taps) this.#call(() => tap(event))
    this.#queue.serveWatchers(event)
    if (this.#emitter !== undefined && !this.#flushing) this.#emit(event)
    else this.#queue.push(event)
  }

  #listen(add: (emitter: EventEmitter) => void, listener: unknown): this {
    // Before anything changes: from the first listener on, events cannot be received.
    if (typeof listener !== "function") throw expected("listener", "a function", listener)
    if (this.#emitter === undefined) {
      this.#emitter = new Emitter()
      this.#flushing = true
      this.#queue.refuse(emitterModeError)
      // What is kept reaches the listeners that are added in the same turn.
      setImmediate(() => {
        this.#flushing = false
        for (const event of this.#queue.takeAll()) this.#emit(event)
      })
    }
    add(this.#emitter)
    this.#keepAlive()
    return this
  }

  #emit(event: Event): void {
    const before = this.#listeners
    this.#call(() => this.#emitter?.emit(event.type, event))
    if (this.#listeners !== before) this.#keepAlive()
  }

  #call(listener: () => void): void {
    try {
      listener()
    } catch (error) {
      // The listener's fault is the program's, as with any emitter, but must not end the events.
      throwLater(error)
    }
  }

  /** For how many types of events there are listeners. */
  get #listeners(): number {
    return this.#emitter?.eventNames().length ?? 0
  }

  #keepAlive(): void {
    this.#monitor.keepAlive((this.#listeners > 0 && !this.#closed) || this.#queue.isAwaited)
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#peers.clear()
    this.#queue.close()
  }
}

export interface Observer extends EventSubscriber {}

brand("Observer", Observer)
exports.Observer = needsNew(
  Observer,
  (construct) =>
    function Observer() {
      return construct(arguments, new.target)
    },
)
