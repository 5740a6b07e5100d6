// A client's connection to one server: a socket, the requests that are under way on it, and whether the server is alive.

import { Dealer } from "ohmq"
import type { Encoded } from "../content.js"
import type { ReadClientOptions } from "../options.js"
import {
  decodeFromServer,
  encodeCredit,
  encodePing,
  encodeRequest,
  encodeShort,
  type FromServer,
  LIVES,
} from "../protocol.js"
import { ServiceError } from "../service-error.js"

/** What a request hears of its server. */
export interface Exchange {
  reply(content: number, body: Buffer): void
  item(content: number, body: Buffer): void
  end(): void
  fail(error: ServiceError): void
}

/** TCP itself would double its waits for minutes, and not notice when the network is back. In milliseconds. */
const CONNECT_TIMEOUT = 3000
/** The wait before a lost server is connected to again, in milliseconds. */
const RECONNECT = 100

/** A connection to one server, which is made again and again until it is closed. */
export class ServerConnection {
  readonly endpoint: string
  /** Why there is no server. */
  reason = "It has not answered yet"
  readonly #options: ReadClientOptions
  readonly #changed: () => void
  readonly #under = new Map<number, Exchange>()
  #socket: Dealer | undefined
  #state: "down" | "ready" | "draining" = "down"
  #heard = 0
  #said = 0
  #lastId = 0
  #maxBodyBytes = 0
  #beat: NodeJS.Timeout | undefined
  #reopening: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(endpoint: string, options: ReadClientOptions, changed: () => void) {
    this.endpoint = endpoint
    this.#options = options
    this.#changed = changed
    this.#open()
  }

  get state(): "down" | "ready" | "draining" {
    return this.#state
  }

  /** How many requests are under way. */
  get outstanding(): number {
    return this.#under.size
  }

  #open(): void {
    const { security, context, heartbeat, maxBodyBytes } = this.#options
    const socket = new Dealer({
      ...(security && { security }),
      ...(context && { context }),
      linger: 0,
      connectTimeout: CONNECT_TIMEOUT,
      maxMessageSize: maxBodyBytes + 65_536,
      sendHighWaterMark: 0,
      receiveHighWaterMark: 0,
      heartbeatInterval: heartbeat,
      heartbeatTimeout: heartbeat * LIVES,
      heartbeatTimeToLive: heartbeat * LIVES,
      reconnectInterval: RECONNECT,
      reconnectMaxInterval: 2000,
    })
    this.#socket = socket
    socket.events.on("handshake", () => socket === this.#socket && this.#ping())
    socket.events.on("connect:retry", () => this.#note(socket, "It cannot be reached"))
    socket.events.on("disconnect", () => this.#lose(socket, "The connection was lost"))
    socket.events.on("handshake:error:auth", ({ error }) => this.#note(socket, `It did not let in: ${error.message}`))
    socket.events.on("handshake:error:protocol", () =>
      this.#note(socket, "It speaks another protocol, or other security"),
    )
    socket.connect(this.endpoint)
    this.#read(socket)
    clearInterval(this.#beat)
    this.#beat = setInterval(() => this.#check(socket), this.#options.heartbeat / 2)
    this.#beat.unref()
  }

  #note(socket: Dealer, reason: string): void {
    if (socket === this.#socket && this.#state === "down") this.reason = reason
  }

  async #read(socket: Dealer): Promise<void> {
    try {
      for await (const frames of socket) {
        if (socket !== this.#socket) return
        this.#heard = performance.now()
        this.#receive(decodeFromServer(frames))
      }
    } catch (error) {
      this.#lose(socket, (error as Error).message)
    }
  }

  #receive(message: FromServer): void {
    if (message.kind === "pong") {
      this.#maxBodyBytes = message.maxBodyBytes
      const state = message.isDraining ? "draining" : "ready"
      if (state === this.#state) return
      this.#state = state
      if (message.isDraining) this.reason = "It is draining"
      this.#changed()
      return
    }
    const { id } = message
    if (message.kind === "error" && id === 0) throw new Error(`It refused a message: ${message.error.message}`)
    // Without an exchange, it is the reply to a request that was given up.
    const exchange = this.#under.get(id)
    if (!exchange) return
    if (message.kind !== "item") this.#under.delete(id)
    if (message.kind === "error") exchange.fail(message.error)
    else if (message.kind === "end") exchange.end()
    else exchange[message.kind](message.content, message.body)
  }

  #check(socket: Dealer): void {
    if (socket !== this.#socket || this.#state === "down") return
    const now = performance.now()
    const { heartbeat } = this.#options
    if (now - this.#heard > heartbeat * LIVES) this.#lose(socket, `It was silent for ${heartbeat * LIVES} ms`)
    else if (now - Math.min(this.#heard, this.#said) >= heartbeat) this.#ping()
  }

  #ping(): void {
    const { heartbeat, maxBodyBytes } = this.#options
    this.#send([encodePing(heartbeat, maxBodyBytes)])
  }

  #send(frames: Uint8Array[]): void {
    this.#said = performance.now()
    this.#socket?.trySend(frames)
  }

  #lose(socket: Dealer, reason: string): void {
    if (socket !== this.#socket || this.#isClosed) return
    // libzmq connects again by itself; nothing is in its queue yet.
    if (this.#state === "down" && !socket.closed && reason === "The connection was lost") return
    this.reason = reason
    this.#abandon(new ServiceError("LOST", `The server ${this.endpoint} was lost while it had the request: ${reason}`))
    this.#reopening = setTimeout(() => this.#open(), RECONNECT)
    this.#changed()
  }

  /** Closes the socket, with all that is in its queue. */
  #abandon(error: ServiceError): void {
    clearInterval(this.#beat)
    this.#state = "down"
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
    const all = [...this.#under.values()]
    this.#under.clear()
    for (const exchange of all) exchange.fail(error)
  }

  /** Sends a request. Returns its id. Throws if it is too large. */
  request(service: string, { content, body }: Encoded, timeout: number, credit: number, exchange: Exchange): number {
    if (body.length > this.#maxBodyBytes)
      throw new ServiceError(
        "TOO_LARGE",
        `The request to "${service}" has ${body.length} bytes, and ${this.endpoint} takes ${this.#maxBodyBytes}`,
        { notBegun: true },
      )
    do this.#lastId = this.#lastId === 0xffff_ffff ? 1 : this.#lastId + 1
    while (this.#under.has(this.#lastId))
    const id = this.#lastId
    this.#under.set(id, exchange)
    this.#send([encodeRequest({ id, timeout, credit, content, service }), body])
    return id
  }

  /** Gives a request up, and tells the server. */
  cancel(id: number): void {
    if (this.#under.delete(id)) this.#send([encodeShort("cancel", id)])
  }

  /** Lets the server send more items of a stream. */
  credit(id: number, count: number): void {
    if (this.#under.has(id)) this.#send([encodeCredit(id, count)])
  }

  /** Closes it. What is under way fails. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#reopening)
    if (this.#socket && !this.#socket.closed) {
      this.#send([encodeShort("bye", 0)])
      this.#socket.linger = 200
    }
    this.#abandon(new ServiceError("CLOSED", "The client was closed"))
  }
}
