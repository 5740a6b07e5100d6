// What happens on a socket: connections that are made, lost, refused.

import type { EventEmitter } from "node:events"
import { threadId } from "node:worker_threads"

import { reasonOf } from "../base/abort.js"
import { brand } from "../base/brand.js"
import { Emitter, inItsContext } from "../base/emitter.js"
import { busyObserverError, checkInterface, closedError, expected, timeoutError, tooMany } from "../base/errors.js"
import { needsNew } from "../base/exports.js"
import { SourceIterator, withReturned } from "../base/iteration.js"
import { endpoints, handle, onReady, waitForPeers } from "../base/symbols.js"
import { setImmediate, throwLater } from "../base/timers.js"
import { addon, constant, type NativeSocket, OwnedSocket } from "../native/addon.js"
import type { Iteration, OperationOptions } from "../socket/interfaces.js"
import { checkOperation, Waiter, WaitingLine } from "../socket/queues.js"
import { Socket } from "../socket/socket.js"
import { Traffic } from "../socket/traffic.js"
import {
  decodeEvent,
  type Event,
  type EventOfType,
  type EventSubscriber,
  type EventType,
  isEventType,
} from "./decoding.js"
import { PeerCount } from "./peer-count.js"

/** Events that nobody has read are kept up to this number; then the oldest are dropped. */
const KEPT = 10_000

// What the names of monitors begin with. Threads share a context, and a thread may have loaded this file twice.
const prefix = `inproc://ohmq.monitor.${threadId}.${Math.random()}.`
let monitors = 0

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

/** Somebody who waits for an event, which others may read too. */
interface Watcher {
  isAwaited(event: Event): boolean
  waiter: Waiter<Event>
}

/** Sockets whose events somebody waits for: they are not collected, though nothing else refers to them. */
const awaited = new Set<NativeSocket>()

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
  readonly #observed: WeakRef<NativeSocket>
  readonly #native: NativeSocket
  readonly #traffic: Traffic
  #events: Event[] = []
  readonly #readers = new WaitingLine("receive")
  readonly #watchers = new Set<Watcher>()
  /** For each connection, by both its ends: whether this socket has connected or accepted it. */
  readonly #sides = new Map<string, "local" | "remote">()
  readonly #taps = new Set<(event: Event) => void>()
  #emitter: EventEmitter | undefined
  /** Kept events are about to reach the first listeners; others must not overtake them. */
  #flushing = false
  #closed = false
  readonly #peers: PeerCount

  /** Use `socket.events` instead: a socket has one observer at a time. */
  constructor(socket: Socket) {
    if (!(socket instanceof Socket)) throw new TypeError("Socket must be a socket object")
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    checkInterface("socket", socket)
    const observed = socket[handle]()
    // Events are lost until the monitor runs, and a program may have connected just now: nothing slow comes before.
    const address = `${prefix}${monitors++}`
    this.#observed = new WeakRef(observed)
    this.#native = new OwnedSocket(socket.context[handle](), constant("ZMQ_PAIR"), this)
    this.#traffic = new Traffic(this.#native.slot, constant("ZMQ_PAIR"), {
      sendTimeout: () => -1,
      receiveTimeout: () => -1,
      mostAhead: () => 0,
    })
    // The reader comes first: a monitor without one would hold libzmq up.
    this.#native.readMonitor(address)
    try {
      observed.monitor(address)
    } catch (error) {
      this.#native.close()
      throw error
    }
    this.#peers = new PeerCount(socket.type)
    socket[endpoints].onGivenUp = (endpoint) => this.#peers.forget(endpoint)
    this.#keepAlive()
    void this.#pump()
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
    try {
      this.#observed.deref()?.monitor(null)
    } catch {
      // The socket is closed, and will tell its end when it is gone.
    }
  }

  /**
   * Resolves with the next event: at once if one is kept, else when it comes. Throws EBADF once the observer is closed and
   * all events are read, EBUSY while another receive waits, and when there are listeners.
   */
  receive(options?: OperationOptions): Promise<Event> {
    if (options !== undefined) checkOperation(options)
    this.#checkReceive()
    if (options?.signal?.aborted) return Promise.reject(reasonOf(options.signal))
    const event = this.#events.shift()
    if (event !== undefined) return Promise.resolve(event)
    if (this.#closed) throw closedError()
    return this.#read<Event>((waiter, next) => waiter.resolve(next), options).promise
  }

  #checkReceive(): void {
    if (this.#emitter !== undefined) throw emitterModeError()
    if (!this.#readers.isEmpty) throw busyObserverError()
  }

  /** Receives events until the observer or its socket is closed. Leaving the loop closes nothing and loses nothing. */
  [Symbol.asyncIterator](): Iteration<Event> {
    return new SourceIterator<Event, Waiter<void>>({
      isEnded: () => this.#closed && this.#events.length === 0,
      take: () => {
        this.#checkReceive()
        return this.#events.shift()
      },
      wait: (hold) =>
        this.#read<void>((waiter, event) => {
          hold(event)
          waiter.resolve()
        }),
      cancel: (waiter) => {
        if (this.#readers.remove(waiter)) waiter.reject(undefined)
        this.#keepAlive()
      },
      putBack: (event, order) => {
        if (this.#emitter !== undefined) return false
        this.#events = withReturned(this.#events, [event], order)
        this.#readers.serve()
        this.#keepAlive()
        return true
      },
    })
  }

  /**
   * Resolves with the next event of a type, from now on, which others may receive too. Rejects with EAGAIN when time runs
   * out or the observer is closed meanwhile, with EBADF if it is closed already.
   */
  waitFor<E extends EventType>(type: E, options?: OperationOptions): Promise<EventOfType<E>> {
    if (!isEventType(type)) throw expected("type", "a type of event", type)
    if (options !== undefined) checkOperation(options)
    return this.#watchFor((event) => event.type === type, options) as Promise<EventOfType<E>>
  }

  /** @internal Resolves when there are so many peers; otherwise like `waitFor`. */
  async [waitForPeers](count: number, options: OperationOptions): Promise<void> {
    if (this.peers < count) await this.#watchFor(() => this.peers >= count, options)
  }

  #watchFor(isAwaited: Watcher["isAwaited"], options: OperationOptions | undefined): Promise<Event> {
    if (this.#closed) return Promise.reject(closedError())
    if (options?.signal?.aborted) return Promise.reject(reasonOf(options.signal))
    const waiter = new Waiter<Event>(() => false)
    const watcher = { isAwaited, waiter }
    this.#watchers.add(watcher)
    return this.#limit(waiter, options, () => this.#watchers.delete(watcher)).promise
  }

  /** Calls a listener for each event of a type. From then on events cannot be received in other ways, but for `waitFor`. */
  on<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): this {
    // Before anything changes: from the first listener on, events cannot be received.
    if (typeof listener !== "function") throw expected("listener", "a function", listener)
    if (this.#emitter === undefined) {
      this.#emitter = new Emitter()
      this.#readers.rejectAll(emitterModeError)
      this.#flushing = true
      this.#keepAlive()
      // What is kept reaches the listeners that are added in the same turn.
      setImmediate(() => {
        this.#flushing = false
        for (const event of this.#events.splice(0)) this.#emit(event)
      })
    }
    this.#emitter.on(type, listener)
    return this
  }

  /** Takes a listener away. */
  off<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): this {
    this.#emitter?.off(type, listener)
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
    if (this.#sides.get(`${localAddress}\n${remoteAddress}`) !== "remote") return told
    const isSame = addon.endOf(fd as number, false) === internetEnd(localAddress)
    return (isSame && addon.endOf(fd as number, true)) || undefined
  }

  /** @internal */
  [onReady](ready: number): void {
    this.#traffic.serve(ready)
  }

  // Takes events off libzmq for as long as there are any to come.
  async #pump(): Promise<void> {
    try {
      await this.#takeEvents()
    } catch (error) {
      // The context is being terminated, and with it whoever might wait for a reader.
      if ((error as { code?: string }).code !== "ETERM") throw error
    } finally {
      this.#end()
      this.#native.close()
      this.#traffic.close()
    }
  }

  async #takeEvents(): Promise<void> {
    for await (const message of this.#traffic.iterate()) {
      const event = decodeEvent(message, (ends, type) => {
        const key = `${ends.local}\n${ends.remote}`
        if (type === "accept") this.#sides.set(key, "local")
        else if (type === "connect") this.#sides.set(key, "remote")
        const side = this.#sides.get(key) ?? "local"
        if (type === "disconnect" || type === "close") this.#sides.delete(key)
        return side
      })
      if (!this.#closed) this.#deliver(event)
      if (event.type === "end") {
        this.#end()
        return
      }
    }
  }

  #deliver(event: Event): void {
    this.#peers.see(event)
    for (const tap of this.#taps) this.#call(() => tap(event))
    for (const watcher of this.#watchers) {
      if (!watcher.isAwaited(event)) continue
      this.#watchers.delete(watcher)
      watcher.waiter.resolve(event)
    }
    if (this.#emitter !== undefined && !this.#flushing) {
      this.#emit(event)
      return
    }
    this.#events.push(event)
    if (this.#events.length > KEPT) this.#events.shift()
    this.#readers.serve()
    this.#keepAlive()
  }

  #emit(event: Event): void {
    this.#call(() => this.#emitter?.emit(event.type, event))
  }

  #call(listener: () => void): void {
    try {
      listener()
    } catch (error) {
      // The listener's fault is the program's, as with any emitter, but must not end the events.
      throwLater(error)
    }
  }

  /** Waits for the next event, and passes it to `give`. */
  #read<T>(give: (waiter: Waiter<T>, event: Event) => void, options?: OperationOptions): Waiter<T> {
    const waiter = new Waiter<T>((self) => {
      const event = this.#events.shift()
      if (event === undefined) return false
      give(self, event)
      return true
    })
    this.#readers.add(waiter)
    return this.#limit(waiter, options, () => this.#readers.remove(waiter))
  }

  /** @param remove Removes the waiter from those that wait. */
  #limit<T>(waiter: Waiter<T>, options: OperationOptions | undefined, remove: () => void): Waiter<T> {
    const giveUp = (reason: unknown) => {
      remove()
      waiter.reject(reason)
      this.#keepAlive()
    }
    if (options?.timeout === 0) giveUp(timeoutError())
    else waiter.limit(options?.timeout ?? -1, options?.signal, giveUp)
    this.#keepAlive()
    return waiter
  }

  #keepAlive(): void {
    const keep = (this.#emitter !== undefined && !this.#closed) || !this.#readers.isEmpty || this.#watchers.size > 0
    this.#native.keepAlive(keep)
    const observed = this.#observed.deref()
    if (observed === undefined) return
    if (keep) awaited.add(observed)
    else awaited.delete(observed)
  }

  // The reader stays open until libzmq has told the end, or its threads would wait for one.
  #end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#peers.clear()
    this.#readers.rejectAll(timeoutError)
    for (const { waiter } of this.#watchers) waiter.reject(timeoutError())
    this.#watchers.clear()
    this.#keepAlive()
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
