// The events of a socket, for programs.

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
 * The observer takes events from libzmq even if nobody reads them, so that libzmq's threads never wait. It keeps the last 10,000.
 */
export class Observer {
  readonly #monitor: Monitor
  readonly #queue = new EventQueue(() => this.#keepAlive())
  readonly #taps = new Set<(event: Event) => void>()
  readonly #peers: PeerCount
  #emitter: EventEmitter | undefined
  /** If true, kept events are about to reach the first listeners, and newer ones must not overtake them. */
  #flushing = false
  #closed = false

  /** Use `socket.events` instead: a socket can have one observer at a time. */
  constructor(socket: Socket) {
    if (!(socket instanceof Socket)) throw new TypeError("Socket must be a socket object")
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    checkInterface("socket", socket)
    this.#monitor = new Monitor(socket)
    this.#peers = new PeerCount(socketType(socket.type))
    socket[endpoints].onGivenUp = (endpoint) => this.#peers.forget(endpoint)
    socket[endpoints].countPeers = () => (this.#closed ? null : this.peers)
    this.#keepAlive()
    void this.#monitor.read((event) => this.#see(event)).finally(() => this.#end())
  }

  /** Whether the observer is closed: by `close`, or because its socket was closed. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * The number of connected peers, after their handshake, counted since this observer was created. For a Router this includes peers whose
   * routing id is already taken, which libzmq ignores.
   */
  get peers(): number {
    return this.#peers.total
  }

  /** Stops receiving events. A waiting receive rejects with EAGAIN, and loops end. */
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
   * Resolves with the next event, as soon as there is one. Throws EBADF if the observer is closed and all events are read, EBUSY if another
   * receive is waiting, and an error if `on` was used.
   */
  receive(options?: OperationOptions): Promise<Event> {
    if (options !== undefined) checkOperation(options)
    return this.#queue.receive(options)
  }

  /** Receives events until the observer or its socket is closed. If you leave the loop, the observer stays open and no event is lost. */
  [Symbol.asyncIterator](): Iteration<Event> {
    return this.#queue.iterate()
  }

  /**
   * Receives events until the observer or its socket is closed, or the signal is aborted. Then the loop ends without an error, and no event
   * is lost. The `timeout` applies to each event: if it passes, that step rejects with EAGAIN (`reason` is "timeout").
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
   * Resolves with the next event of a type. Other readers still receive it. Rejects with EAGAIN if the time passes or the observer is closed
   * first, and with EBADF if it is closed already.
   */
  waitFor<E extends EventType>(type: E, options?: OperationOptions): Promise<EventOfType<E>> {
    if (!isEventType(type)) throw expected("type", "a type of event", type)
    if (options !== undefined) checkOperation(options)
    return this.#queue.watchFor((event) => event.type === type, options) as Promise<EventOfType<E>>
  }

  /** @internal Resolves when at least `count` peers are connected; otherwise like `waitFor`. */
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
   * Calls a function with every event from now on, however events are read otherwise. Returns a function that stops this. It does not keep
   * the process alive.
   */
  watch(listener: (event: Event) => void): () => void {
    if (typeof listener !== "function") throw expected("listener", "a function", listener)
    const tap = inItsContext(listener)
    this.#taps.add(tap)
    return () => void this.#taps.delete(tap)
  }

  /**
   * Closes the connection of an "accept" or "connect" event, and returns whether it was still open. To libzmq the peer has then disconnected;
   * messages that it sent before are still received. If it connects again, it is a new peer.
   */
  shutDown(connection: ConnectionEnds): boolean {
    const { fd, remoteAddress } = connection
    if (fd === undefined || !Number.isSafeInteger(fd)) throw expected("fd", "the descriptor of an event", fd)
    if (typeof remoteAddress !== "string") throw expected("remoteAddress", "that of an event", remoteAddress)
    const peer = this.peerOf(connection)
    return peer !== undefined && addon.shutDown(fd, peer)
  }

  /**
   * The peer of the connection of an "accept" or "connect" event, as the system names it: "10.0.0.1:5000", "[::1]:5000", or "" over ipc.
   * Undefined if it is unknown: on other transports, or if a connection to a host name is gone.
   */
  peerOf({ fd, localAddress = "", remoteAddress = "" }: ConnectionEnds): string | undefined {
    if (remoteAddress.startsWith("ipc:")) return ""
    const told = internetEnd(remoteAddress)
    if (told === undefined) return undefined
    // An event names an accepted peer by its address, but a peer that we connected to as the program spelt it.
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
      // Kept events reach all listeners that are added in this turn.
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
      // As with any emitter, the program sees the error of its listener, but later events must still be delivered.
      throwLater(error)
    }
  }

  /** The number of event types that have listeners. */
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
