// A client of a Majordomo broker: MDP/Client of https://rfc.zeromq.org/spec/18/ (version 0.2).

import { Dealer } from "ohmq"
import { checkNames, checkService, checkSignal, integer, namesOf } from "../options.js"
import { ServiceError } from "../service-error.js"
import {
  commonNames,
  framesOf,
  type MajordomoBody,
  type MajordomoOptions,
  type ReadMajordomoOptions,
  readMajordomoOptions,
} from "./options.js"

/** Options of a request through a broker. */
export interface MajordomoRequestOptions {
  /** How long to wait for each next reply, in milliseconds. 10,000 by default. */
  timeout?: number | undefined
  /** How often to send the request again. Workers must be idempotent, as the protocol assumes. 0 by default. */
  retries?: number | undefined
  /** Gives the request up. The protocol cannot tell the worker. */
  signal?: AbortSignal | undefined
}

const HEADER = "MDPC02"
const [REQUEST, PARTIAL, FINAL] = [1, 2, 3]
const optionNames = namesOf<MajordomoOptions>(commonNames)
const requestNames = namesOf<MajordomoRequestOptions>({ timeout: true, retries: true, signal: true })
/** How many sockets are kept for the next requests. */
const MAX_SPARE = 16

/**
 * Asks services through a Majordomo broker, many at a time: the protocol has one request at a time on a socket, so each has a socket of its
 * own, which is used again.
 *
 * ```typescript
 * const client = new MajordomoClient({ broker: "tcp://127.0.0.1:5555" })
 * const [reply] = await client.request("echo", "hello")
 * ```
 */
export class MajordomoClient {
  readonly #options: ReadMajordomoOptions
  readonly #spare: Dealer[] = []
  readonly #closing = new AbortController()

  /** Throws if an option is invalid. */
  constructor(options: MajordomoOptions) {
    checkNames(options, optionNames)
    this.#options = readMajordomoOptions(options)
  }

  /** Asks a service, and resolves to the frames of the final reply. Partial replies are passed over. Rejects with a ServiceError. */
  async request(service: string, body: MajordomoBody, options: MajordomoRequestOptions = {}): Promise<Buffer[]> {
    let last: Buffer[] = []
    for await (const reply of this.stream(service, body, options)) last = reply
    return last
  }

  /** Asks a service, and gives the frames of each partial reply, and of the final one. */
  async *stream(
    service: string,
    body: MajordomoBody,
    options: MajordomoRequestOptions = {},
  ): AsyncGenerator<Buffer[], void> {
    checkService(service)
    checkNames(options, requestNames)
    checkSignal(options.signal)
    const timeout = integer("timeout", options.timeout ?? 10_000, 1)
    let retriesLeft = integer("retries", options.retries ?? 0, 0)
    const message = [HEADER, Uint8Array.of(REQUEST as number), service, ...framesOf(body)]
    const signals = [this.#closing.signal, ...(options.signal ? [options.signal] : [])]
    for (let hasBegun = false; ; ) {
      if (this.#closing.signal.aborted) throw new ServiceError("CLOSED", "The client was closed")
      options.signal?.throwIfAborted()
      const socket = this.#spare.pop() ?? this.#open()
      let isDone = false
      try {
        await socket.send(message)
        while (!isDone) {
          const late = AbortSignal.timeout(timeout)
          const frames = await socket.receive({ signal: AbortSignal.any([...signals, late]) })
          const [reply, isFinal] = replyOf(frames, service)
          isDone = isFinal
          hasBegun = true
          yield reply
        }
        return
      } catch (error) {
        if (this.#closing.signal.aborted) throw new ServiceError("CLOSED", "The client was closed")
        options.signal?.throwIfAborted()
        if ((error as Error).name !== "TimeoutError") throw error
        // After a partial reply, another attempt would give it twice.
        if (hasBegun || retriesLeft-- === 0)
          throw new ServiceError(
            "TIMEOUT",
            `"${service}" did not answer within ${timeout} ms at ${this.#options.broker}`,
          )
      } finally {
        // A late reply would be taken for that of the next request: such a socket is closed.
        if (isDone && this.#spare.length < MAX_SPARE && !this.#closing.signal.aborted) this.#spare.push(socket)
        else socket.close()
      }
    }
  }

  #open(): Dealer {
    const socket = new Dealer({ ...this.#options.socket, linger: 0 })
    socket.connect(this.#options.broker)
    return socket
  }

  /** Closes the sockets. Requests that are under way reject with `CLOSED`. */
  close(): void {
    this.#closing.abort()
    for (const socket of this.#spare.splice(0)) socket.close()
  }

  /** Closes it, at the end of a `using`. */
  [Symbol.dispose](): void {
    this.close()
  }
}

/** The body of a reply, and whether it is the final one. */
function replyOf([header, command, service, ...body]: Buffer[], expected: string): [Buffer[], boolean] {
  const kind = command?.length === 1 ? command[0] : undefined
  if (
    String(header) !== HEADER ||
    (kind !== PARTIAL && kind !== FINAL) ||
    String(service) !== expected ||
    body.length === 0
  )
    throw new ServiceError("MALFORMED", `The broker sent what is not a reply of "${expected}" in ${HEADER}`)
  return [body, kind === FINAL]
}
