// The client of services: finds a server for each request, and another one if that fails.

import { EventEmitter } from "node:events"
import { encodeBody } from "../content.js"
import { type Contract, fit, type InputOf, type OutputOf } from "../contract.js"
import {
  type ClientOptions,
  checkService,
  type ReadClientOptions,
  type RequestOptions,
  readClientOptions,
  readRequestOptions,
  readStreamOptions,
  type StreamOptions,
  type Terms,
} from "../options.js"
import { ServiceError } from "../service-error.js"
import { ServerConnection } from "./connection.js"
import { type Attempt, askOnce, ReplyStream } from "./exchanges.js"

/** A server, as `stats` and listeners see it. */
export interface ServerInfo {
  /** Where it is. */
  endpoint: string
  /** `ready` for requests; `draining`: it takes no more; or `down`. */
  state: "ready" | "draining" | "down"
  /** How many requests it has under way. */
  outstanding: number
  /** Why it is not ready. */
  reason: string | undefined
}

/** The events of a client, and their arguments. */
export interface ClientEvents {
  /** A server is ready, draining or down. */
  server: [server: ServerInfo]
}

/** How long to wait before all servers are asked again that are busy and did not say when, in milliseconds. */
const BUSY_WAIT = 100

/**
 * Sends requests to services of any number of servers. The type parameter is a contract, `typeof contract`, which gives bodies and replies
 * their types.
 *
 * ```typescript
 * const client = new Client({ connect: ["tcp://10.0.0.5:5555", "tcp://10.0.0.6:5555"], security: { client: keys, serverKey } })
 * const result = await client.request("scan", { image: "alpine:3" }, { timeout: 30_000 })
 * ```
 */
export class Client<C extends Contract = Contract> extends EventEmitter<ClientEvents> {
  readonly #options: ReadClientOptions
  readonly #connections: ServerConnection[]
  readonly #waiting = new Set<() => void>()
  #turn = 0
  #isClosed = false

  /** Begins to connect. Throws if an option is invalid. */
  constructor(options: ClientOptions<C>) {
    super()
    this.#options = readClientOptions(options)
    this.#connections = this.#options.connect.map((endpoint) => {
      const connection: ServerConnection = new ServerConnection(endpoint, this.#options, () => {
        for (const wake of this.#waiting) wake()
        this.emit("server", infoOf(connection))
      })
      return connection
    })
  }

  /** The servers, in the order of `connect`. */
  stats(): ServerInfo[] {
    return this.#connections.map(infoOf)
  }

  /**
   * Asks a service, and resolves to its reply. What was not begun by one server goes to another one; what was lost with a server does so
   * only with `retries`. Rejects with a ServiceError, or with the reason of `signal`.
   *
   * @param body Bytes, text, a JSON value, or undefined for none.
   */
  async request<N extends keyof C & string>(
    service: N,
    body: InputOf<C[N]["input"]>,
    options: RequestOptions = {},
  ): Promise<OutputOf<C[N]["output"]>> {
    const terms = readRequestOptions(options)
    const encoded = await this.#encoded(service, body)
    const reply = await this.#attempt(service, terms, (connection, timeout) =>
      askOnce({ connection, service, encoded, timeout, signal: terms.signal }),
    )
    return (await this.#checked(service, reply)) as OutputOf<C[N]["output"]>
  }

  /**
   * Asks a service that answers with a stream, and gives the items as they come. If they are not read, the handler waits. To leave the
   * loop cancels the request. A stream begins at another server only if no item has come.
   *
   * @param body Bytes, text, a JSON value, or undefined for none.
   */
  async *stream<N extends keyof C & string>(
    service: N,
    body: InputOf<C[N]["input"]>,
    options: StreamOptions = {},
  ): AsyncGenerator<OutputOf<C[N]["output"]>, void> {
    const { window, ...terms } = readStreamOptions(options)
    const encoded = await this.#encoded(service, body)
    const begin = async (connection: ServerConnection, timeout: number) => {
      const attempt: Attempt = { connection, service, encoded, timeout, signal: terms.signal }
      const stream = new ReplyStream(attempt, window)
      await stream.begun
      return stream
    }
    const stream = await this.#attempt(service, terms, begin)
    try {
      for (let next = await stream.next(); next; next = await stream.next())
        yield (await this.#checked(service, next.value)) as OutputOf<C[N]["output"]>
    } finally {
      stream.cancel()
    }
  }

  async #encoded(service: string, body: unknown) {
    checkService(service)
    const { contract } = this.#options
    if (contract.size > 0 && !contract.has(service))
      throw new TypeError(`The contract has no service "${service}". It has ${[...contract.keys()].join(", ")}`)
    const schema = contract.get(service)?.input
    // What the schema makes of it is the server's: here it is only checked, so that defaults are added once.
    if (schema) await fit(schema, body, "INVALID_INPUT", service)
    return encodeBody(body)
  }

  #checked(service: string, reply: unknown): unknown {
    const schema = this.#options.contract.get(service)?.output
    return schema ? fit(schema, reply, "INVALID_OUTPUT", service) : reply
  }

  /** Tries servers until one answers, or it makes no sense any more. */
  async #attempt<T>(
    service: string,
    { timeout, attemptTimeout, retries, signal }: Terms,
    ask: (connection: ServerConnection, timeout: number) => Promise<T>,
  ): Promise<T> {
    const deadline = timeout > 0 ? performance.now() + timeout : Number.POSITIVE_INFINITY
    const tried = new Set<ServerConnection>()
    let retriesLeft = retries
    let last: ServiceError | undefined
    // A server that drains is gone soon: then another one is waited for, as if there had been none.
    let isLeaving = false
    for (;;) {
      signal?.throwIfAborted()
      if (this.#isClosed) throw new ServiceError("CLOSED", "The client was closed")
      const left = deadline - performance.now()
      if (left <= 0) throw last && !isLeaving ? last : this.#unreachable(service, timeout)
      const connection = this.#pick(tried)
      if (!connection) {
        if (!last?.notBegun || isLeaving) {
          tried.clear()
          if (!this.#pick(tried)) await this.#change(left, signal)
        } else if (retriesLeft-- > 0) {
          tried.clear()
          await this.#change(Math.min(left, last.retryAfter ?? BUSY_WAIT), signal)
        } else throw last
        continue
      }
      const forThis = Math.min(left, attemptTimeout)
      try {
        return await ask(connection, forThis === Number.POSITIVE_INFINITY ? 0 : forThis)
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error
        const mayTryAgain =
          error.code === "LOST" || (error.code === "TIMEOUT" && performance.now() < deadline && !error.notBegun)
        if (!isElsewhere(error) && !(mayTryAgain && retriesLeft-- > 0)) throw error
        last = error
        isLeaving = error.code === "DRAINING" && connection.state !== "ready"
        tried.add(connection)
      }
    }
  }

  /** Of the servers that are ready, the one with the fewest requests under way, in turn among equals. */
  #pick(tried: ReadonlySet<ServerConnection>): ServerConnection | undefined {
    const count = this.#connections.length
    let best: ServerConnection | undefined
    const first = this.#turn++ % count
    for (let index = 0; index < count; index++) {
      const one = this.#connections[(first + index) % count] as ServerConnection
      if (one.state === "ready" && !tried.has(one) && (!best || one.outstanding < best.outstanding)) best = one
    }
    return best
  }

  /** Waits until a server is ready or lost, but not for ever. */
  #change(timeout: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done)
        clearTimeout(timer)
        signal?.removeEventListener("abort", done)
        resolve()
      }
      // Without a deadline, the connections keep the program alive.
      const timer = setTimeout(done, Math.min(timeout, 0x7fff_ffff))
      signal?.addEventListener("abort", done)
      this.#waiting.add(done)
    })
  }

  #unreachable(service: string, timeout: number): ServiceError {
    const reasons = this.#connections.map(({ endpoint, reason }) => `${endpoint}: ${reason}`).join("; ")
    return new ServiceError("UNREACHABLE", `No server was ready for "${service}" within ${timeout} ms. ${reasons}`, {
      notBegun: true,
    })
  }

  /** Closes the connections. Requests that are under way reject with `CLOSED`, and their handlers are aborted. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const connection of this.#connections) connection.close()
    for (const wake of this.#waiting) wake()
  }

  /** Closes it, at the end of a `using`. */
  [Symbol.dispose](): void {
    this.close()
  }
}

/** Whether another server may do what this one has not begun. */
const isElsewhere = ({ code, notBegun }: ServiceError) =>
  notBegun && (code === "BUSY" || code === "DRAINING" || code === "NO_SERVICE" || code === "TOO_LARGE")

const infoOf = ({ endpoint, state, outstanding, reason }: ServerConnection): ServerInfo => ({
  endpoint,
  state,
  outstanding,
  reason: state === "ready" ? undefined : reason,
})
