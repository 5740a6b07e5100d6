// The server of services: takes requests of any number of clients, and answers them.

import { Buffer } from "node:buffer"
import { EventEmitter } from "node:events"
import { capability, Router } from "ohmq"
import type { ServiceSchemas } from "../contract.js"
import {
  checkAddress,
  checkNames,
  checkService,
  integer,
  namesOf,
  type ReadServerOptions,
  readServerOptions,
  type ServerOptions,
} from "../options.js"
import { decodeFromClient, encodeError, encodePong, LIVES, type Request } from "../protocol.js"
import { ServiceError } from "../service-error.js"
import { answer } from "./answer.js"
import { Call } from "./call.js"
import { Peer } from "./peer.js"
import { type HandleOptions, type Handler, type HandlerOf, Service } from "./service.js"
import type { ServerEvents, ServerStats } from "./state.js"

/** Options of `drain`. */
export interface DrainOptions {
  /** How long requests may take that are under way, in milliseconds; then they are aborted. 10,000 by default. */
  timeout?: number | undefined
}

/** The longest interval of pings that a client may ask for, in milliseconds. */
const MAX_INTERVAL = 600_000
const drainNames = namesOf<DrainOptions>({ timeout: true })
/** How much may wait for a client that does not read its replies, in messages. What is more is lost, with the client's requests. */
const SEND_HIGH_WATER_MARK = 10_000

/**
 * Serves services.
 *
 * ```typescript
 * const server = new Server({ security: { server: keys, authenticator } })
 * server.handle("greet", (name, { caller }) => `Hello ${name}, you are ${caller}`)
 * await server.bind("tcp://0.0.0.0:5555")
 * ```
 */
export class Server extends EventEmitter<ServerEvents> {
  readonly #options: ReadServerOptions
  readonly #router: Router
  readonly #services = new Map<string, Service>()
  /** By routing id. */
  readonly #peers = new Map<string, Peer>()
  readonly #callers = new WeakMap<Call, Peer>()
  readonly #reaper: NodeJS.Timeout
  readonly #running: Promise<void>
  #answered = 0
  #shed = 0
  #malformed = 0
  #isDraining = false
  #isClosed = false
  #idle: (() => void) | undefined

  /** Throws if an option is invalid. */
  constructor(options: ServerOptions = {}) {
    super()
    this.#options = readServerOptions(options)
    const { security, context, heartbeat, maxBodyBytes } = this.#options
    this.#router = new Router({
      ...(security && { security }),
      ...(context && { context }),
      mandatory: true,
      linger: 1000,
      maxMessageSize: maxBodyBytes + 65_536,
      sendHighWaterMark: SEND_HIGH_WATER_MARK,
      heartbeatInterval: heartbeat,
      heartbeatTimeout: heartbeat * LIVES,
      heartbeatTimeToLive: heartbeat * LIVES,
    })
    // Without these events, a client that is gone is noticed by its silence.
    if (capability.draft === true)
      this.#router.peerEvents.on("disconnect", (id) => this.#drop(id.toString("latin1"), "The caller is gone"))
    this.#reaper = setInterval(() => {
      for (const [name, peer] of this.#peers) if (peer.isDead) this.#drop(name, "The caller is silent")
    }, heartbeat)
    this.#reaper.unref()
    this.#running = this.#run()
  }

  /**
   * Adds a service. Schemas and limits may be left out. Throws if there is one with that name.
   *
   * @param name 1 to 255 bytes.
   */
  handle(name: string, handler: Handler): this
  handle<S extends ServiceSchemas & HandleOptions>(name: string, options: S, handler: HandlerOf<S>): this
  handle(name: string, ...rest: [Handler] | [HandleOptions, Handler]): this {
    checkService(name)
    if (this.#services.has(name)) throw new TypeError(`There is a service "${name}" already`)
    const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest
    this.#services.set(
      name,
      new Service(name, options, this.#options, handler, {
        handle: (call) => this.#handle(call),
        ended: () => this.#checkIdle(),
      }),
    )
    return this
  }

  /** Binds to an address, such as "tcp://127.0.0.1:*". Resolves to the address, with its port. */
  async bind(address: string): Promise<string> {
    checkAddress(address, this.#options)
    await this.#router.bind(address)
    return this.#router.lastEndpoint ?? address
  }

  /** The state of the server. */
  stats(): ServerStats {
    const all = [...this.#services.values()]
    return {
      clients: this.#peers.size,
      running: all.reduce((sum, { running }) => sum + running, 0),
      waiting: all.reduce((sum, { waiting }) => sum + waiting, 0),
      answered: this.#answered,
      shed: this.#shed,
      malformed: this.#malformed,
    }
  }

  async #run(): Promise<void> {
    try {
      // Metadata costs time, and has no user without security.
      if (this.#options.security === undefined) for await (const parts of this.#router) this.#receive(parts, undefined)
      else for await (const { parts, userId } of this.#router.withMetadata()) this.#receive(parts, userId ?? undefined)
    } catch (error) {
      if (!this.#isClosed) this.emit("failed", error)
    }
  }

  #receive([id, ...frames]: Buffer[], user: string | undefined): void {
    if (id === undefined) return
    const name = id.toString("latin1")
    let peer = this.#peers.get(name)
    // Clients can choose their routing ids: this is another one, after the one that had it is gone.
    if (peer && peer.user !== user) {
      this.#drop(name, "The caller is gone")
      peer = undefined
    }
    if (!peer) {
      peer = new Peer(Buffer.from(id), user)
      this.#peers.set(name, peer)
    }
    peer.heard = performance.now()
    try {
      const message = decodeFromClient(frames)
      if (message.kind === "request") this.#request(peer, message)
      else if (message.kind === "cancel") this.#cancel(peer, message.id)
      else if (message.kind === "credit") peer.calls.get(message.id)?.addCredit(message.count)
      else if (message.kind === "bye") this.#drop(name, "The caller is gone")
      else {
        peer.interval = Math.min(Math.max(message.interval, 10), MAX_INTERVAL)
        peer.maxBodyBytes = message.maxBodyBytes
        this.#send(peer, encodePong(this.#isDraining, this.#options.maxBodyBytes))
      }
    } catch (error) {
      this.#malformed++
      this.#refuse(peer, 0, error as ServiceError)
    }
  }

  #refuse(peer: Peer, id: number, error: ServiceError): void {
    this.emit("refused", error, peer.user)
    this.#send(peer, encodeError(id, error))
  }

  #request(peer: Peer, request: Request): void {
    const { id, service: name } = request
    if (peer.calls.has(id)) throw new ServiceError("MALFORMED", `There is a request with the id ${id} already`)
    if (this.#isDraining) {
      this.#shed++
      this.#refuse(peer, id, new ServiceError("DRAINING", "The server is draining", { notBegun: true }))
      return
    }
    const service = this.#services.get(name)
    if (!service) {
      this.#refuse(peer, id, new ServiceError("NO_SERVICE", `There is no service "${name}"`, { notBegun: true }))
      return
    }
    const call: Call = new Call(request, peer.user, () => this.#end(peer, call, "TIMEOUT", "The deadline has passed"))
    peer.calls.set(id, call)
    try {
      this.#callers.set(call, peer)
      service.take(call)
    } catch (error) {
      call.done()
      peer.calls.delete(id)
      this.#shed++
      this.#refuse(peer, id, error as ServiceError)
    }
  }

  #cancel(peer: Peer, id: number): void {
    const call = peer.calls.get(id)
    if (call) this.#end(peer, call, "CLOSED", "The caller has cancelled the request")
  }

  /** Nobody waits for this call any more. */
  #end(peer: Peer, call: Call, code: "TIMEOUT" | "CLOSED", reason: string): void {
    peer.calls.delete(call.request.id)
    call.abort(new ServiceError(code, reason))
    if (this.#services.get(call.service)?.forget(call)) this.#checkIdle()
  }

  #drop(name: string, reason: string): void {
    const peer = this.#peers.get(name)
    this.#peers.delete(name)
    if (peer) for (const call of [...peer.calls.values()]) this.#end(peer, call, "CLOSED", reason)
  }

  async #handle(call: Call): Promise<void> {
    const peer = this.#callers.get(call) as Peer
    const { id } = call.request
    try {
      await answer(this.#services.get(call.service) as Service, call, peer.maxBodyBytes, (...frames) =>
        this.#send(peer, ...frames),
      )
    } catch (error) {
      if (!call.isOver) this.#send(peer, encodeError(id, this.#told(error, call)))
    }
    call.done()
    if (!call.isOver) {
      peer.calls.delete(id)
      this.#answered++
    }
  }

  /** What the caller learns of an error. */
  #told(error: unknown, { service, caller }: Call): ServiceError {
    if (error instanceof ServiceError) return error
    this.emit("failed", error, { service, caller })
    return new ServiceError("FAILED", `The handler of "${service}" failed`)
  }

  #send(peer: Peer, ...frames: Uint8Array[]): void {
    try {
      if (this.#router.trySend([peer.id, ...frames])) return
      this.#drop(peer.id.toString("latin1"), "The caller does not read its replies")
    } catch {
      // EHOSTUNREACH: the client is gone.
      this.#drop(peer.id.toString("latin1"), "The caller is gone")
    }
  }

  #checkIdle(): void {
    if (!this.#idle) return
    const { running, waiting } = this.stats()
    if (running === 0 && waiting === 0) this.#idle()
  }

  /** Begins nothing more, tells the clients to go elsewhere, waits for what is under way, and closes. */
  async drain(options: DrainOptions = {}): Promise<void> {
    checkNames(options, drainNames)
    const timeout = integer("timeout", options.timeout ?? 10_000, 0)
    if (!this.#isDraining && !this.#isClosed) {
      this.#isDraining = true
      for (const peer of [...this.#peers.values()]) this.#send(peer, encodePong(true, this.#options.maxBodyBytes))
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeout)
      this.#idle = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#checkIdle()
    })
    await this.close()
  }

  /** Aborts what is under way, and closes. Replies that were given are still sent, for a second at most. */
  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true
      clearInterval(this.#reaper)
      for (const name of [...this.#peers.keys()]) this.#drop(name, "The server closes")
      this.#router.close()
    }
    await this.#running
  }

  /** Closes it, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
