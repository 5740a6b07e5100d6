// A worker of a Majordomo broker: MDP/Worker of https://rfc.zeromq.org/spec/18/ (version 0.2).

import { EventEmitter } from "node:events"
import { setTimeout as wait } from "node:timers/promises"
import { Dealer } from "ohmq"
import { checkNames, checkService, namesOf } from "../options.js"
import {
  commonNames,
  framesOf,
  type MajordomoBody,
  type MajordomoOptions,
  type ReadMajordomoOptions,
  readMajordomoOptions,
} from "./options.js"

/**
 * Answers a request: with the final reply; or as an async generator, which yields partial replies and returns the final one. The signal
 * is aborted if the broker is lost, or the worker closes.
 */
export type MajordomoHandler = (
  body: Buffer[],
  context: { readonly signal: AbortSignal },
) => MajordomoBody | Promise<MajordomoBody> | AsyncGenerator<MajordomoBody, MajordomoBody | undefined>

/** The events of a worker, and their arguments. */
export interface MajordomoWorkerEvents {
  /** The handler threw. The protocol has no errors: the caller gets no reply. The worker registers again. */
  failed: [error: unknown]
  /** The broker was silent, sent the worker away, or sent what the protocol does not have. The worker registers again. */
  disconnected: [reason: string]
}

const HEADER = "MDPW02"
const [READY, REQUEST, PARTIAL, FINAL, HEARTBEAT, DISCONNECT] = [1, 2, 3, 4, 5, 6].map((byte) =>
  Uint8Array.of(byte),
) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]
const optionNames = namesOf<MajordomoOptions>(commonNames)
/** The spec says that a peer is gone after 3 to 5 intervals without a word. */
const LIVENESS = 3

/**
 * Answers requests of one service for a Majordomo broker, one at a time. Make several for more.
 *
 * ```typescript
 * const worker = new MajordomoWorker("echo", { broker: "tcp://127.0.0.1:5555" }, (body) => body)
 * ```
 */
export class MajordomoWorker extends EventEmitter<MajordomoWorkerEvents> {
  readonly #service: string
  readonly #options: ReadMajordomoOptions
  readonly #handler: MajordomoHandler
  readonly #closing = new AbortController()
  readonly #running: Promise<void>

  /** Begins to work. Throws if an option is invalid. */
  constructor(service: string, options: MajordomoOptions, handler: MajordomoHandler) {
    super()
    checkService(service)
    checkNames(options, optionNames)
    if (typeof handler !== "function") throw new TypeError(`Expected the handler of "${service}" to be a function`)
    this.#service = service
    this.#options = readMajordomoOptions(options)
    this.#handler = handler
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      const reason = await this.#session()
      if (signal.aborted) return
      this.emit("disconnected", reason)
      await wait(this.#options.heartbeat, undefined, { signal }).catch(() => {})
    }
  }

  /** Registers at the broker, and works until one of them ends that. Resolves to the reason. */
  async #session(): Promise<string> {
    const { broker, socket: security, heartbeat } = this.#options
    const socket = new Dealer({ ...security, linger: 200, reconnectInterval: 100, reconnectMaxInterval: 2000 })
    const over = new AbortController()
    const end = () => over.abort("It was closed")
    this.#closing.signal.addEventListener("abort", end)
    let heard = performance.now()
    const beat = setInterval(() => {
      if (performance.now() - heard > heartbeat * LIVENESS) over.abort("The broker is silent")
      else socket.trySend([HEADER, HEARTBEAT])
    }, heartbeat)
    try {
      socket.connect(broker)
      await socket.send([HEADER, READY, this.#service])
      for (;;) {
        const frames = await socket.receive({ signal: over.signal })
        heard = performance.now()
        const [header, command, client, delimiter, ...body] = frames
        if (String(header) !== HEADER || command?.length !== 1) return "The broker sent what is not MDPW02"
        if (command.equals(HEARTBEAT)) continue
        if (command.equals(DISCONNECT)) return "The broker sent DISCONNECT"
        if (!command.equals(REQUEST) || !client || delimiter?.length !== 0) return "The broker sent an invalid command"
        // Heartbeats of the broker are read on meanwhile, so that its death is noticed.
        this.#answer(socket, client, body, over)
      }
    } catch (error) {
      if (!over.signal.aborted) return (error as Error).message
      // Only now: after DISCONNECT of the broker, a worker must send nothing.
      socket.trySend([HEADER, DISCONNECT])
      return String(over.signal.reason)
    } finally {
      clearInterval(beat)
      this.#closing.signal.removeEventListener("abort", end)
      over.abort("The broker is lost")
      socket.close()
    }
  }

  async #answer(socket: Dealer, client: Buffer, body: Buffer[], over: AbortController): Promise<void> {
    const send = async (command: Uint8Array, reply: unknown) => {
      if (!over.signal.aborted) await socket.send([HEADER, command, client, "", ...framesOf(reply)])
    }
    try {
      const result = await this.#handler(body, { signal: over.signal })
      if (!isGenerator(result)) return await send(FINAL, result)
      let next = await result.next()
      while (next.done !== true && !over.signal.aborted) {
        await send(PARTIAL, next.value)
        next = await result.next()
      }
      if (next.done === true) await send(FINAL, next.value ?? "")
      else await result.return(undefined)
    } catch (error) {
      if (over.signal.aborted) return
      this.emit("failed", error)
      over.abort("The handler failed")
    }
  }

  /** Leaves the broker, and closes. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  /** Closes it, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const isGenerator = (value: unknown): value is AsyncGenerator<MajordomoBody, MajordomoBody | undefined> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value
