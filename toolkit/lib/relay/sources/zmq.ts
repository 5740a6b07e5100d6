// The source `zmq`: events from the peers of a SUB, PULL or ROUTER socket, in the toolkit's wire format (docs/wire.md) or that of others.

import { Buffer } from "node:buffer"
import { Pull, Router, Subscriber } from "ohmq"
import { z } from "zod"
import { oneOrMore } from "../../config/index.js"
import { accept, EventError } from "../../events/index.js"
import { type Incoming, type Source, type SourceContext, sourceKind } from "../components.js"
import { envelopeOf } from "../envelope.js"
import { type Feed, feedNames, feeds } from "../feeds/index.js"
import type { SocketPeers } from "../observation/peers.js"
import { endpointsOf, openZmq, securitySchema, zmqCheck, zmqClaims, zmqOptions } from "../zmq-options.js"

const schema = z.strictObject({
  socket: z.enum(["pull", "sub", "router"]).describe("The type of the socket. A ROUTER answers each event."),
  ...zmqOptions,
  subscribe: oneOrMore(z.string())
    .prefault([""])
    .describe("The prefixes of types to subscribe to (`sub`). All, by default."),
  format: z
    .enum(["events", ...feedNames])
    .prefault("events")
    .describe("What the messages are: `events` are those of the toolkit."),
  eventType: z
    .string()
    .min(1)
    .prefault("log.recorded")
    .describe("The type of the events, for formats that have none of their own."),
  security: securitySchema
    .optional()
    .describe("CURVE. See `ohmq keys certificate`. Without it, events have no sender."),
})
type Config = z.infer<typeof schema>

/** So many events may wait while others are being stored. */
const maxWaiting = 4096

/** How long what has arrived is taken in after the stop: peers that send without a pause would keep the source from stopping. In milliseconds. */
const lastMs = 1000

interface Waiting {
  incoming: Incoming
  /** Where the answer goes. */
  envelope: Buffer[]
}

class ZmqSource implements Source {
  readonly #config: Config
  readonly #context: SourceContext
  readonly #stopping = new AbortController()
  #socket: Pull | Subscriber | Router | undefined
  #peers: SocketPeers | undefined
  #release: (() => Promise<void>) | undefined
  #receiving: Promise<void> | undefined
  #storing: Promise<void> | undefined
  #waiting: Waiting[] = []
  /** For messages that are not in the toolkit's format. */
  readonly #feed: Feed | undefined

  constructor(config: Config, context: SourceContext) {
    this.#config = config
    this.#context = context
    const { format, eventType } = config
    const note = (reason: string, details: Record<string, unknown>, count?: number) =>
      context.refuse(reason, details, count)
    if (format !== "events") this.#feed = feeds[format]({ source: `/zmq/${context.name}`, eventType, note })
  }

  async start(): Promise<void> {
    const { socket: kind, subscribe } = this.#config
    const { socket, peers, release } = await openZmq(this.#config, "source", this.#context, (options) => {
      if (kind === "pull") return new Pull(options)
      return kind === "router" ? new Router({ ...options, linger: 1000 }) : new Subscriber({ ...options, subscribe })
    })
    this.#socket = socket
    this.#peers = peers
    this.#release = release
    this.#receiving = this.#receive(socket).catch((error: Error) =>
      this.#context.log.error({ reason: error.message }, "The source has ended"),
    )
  }

  async #receive(socket: Pull | Subscriber | Router): Promise<void> {
    let end = Number.POSITIVE_INFINITY
    for (;;) {
      // What has arrived is taken in even after the stop.
      const isStopping = this.#stopping.signal.aborted
      if (isStopping) end = Math.min(end, performance.now() + lastMs)
      if (performance.now() >= end) return
      let message: { parts: Uint8Array[]; userId: string | null; peerAddress: string | null }
      try {
        const signal = isStopping ? AbortSignal.timeout(50) : this.#stopping.signal
        message = (await socket.receiveWithMetadata({ signal })) as typeof message
      } catch (error) {
        if (isStopping) return
        if (this.#stopping.signal.aborted) continue
        throw error
      }
      this.#peers?.heard(message)
      this.#take(
        message.parts.map((part) => Buffer.from(part)),
        message.userId ?? undefined,
      )
      if (this.#waiting.length >= maxWaiting) await this.#storing
    }
  }

  #take(parts: Buffer[], sender: string | undefined): void {
    if (this.#feed) {
      this.#takeFeed(this.#feed, parts, sender)
      return
    }
    const { envelope, frames } = this.#config.socket === "router" ? envelopeOf(parts) : { envelope: [], frames: parts }
    try {
      const { claimedSender, ...accepted } = accept(frames)
      if (claimedSender !== undefined) this.#context.refuse("claimed-sender", { id: accepted.event.id })
      this.#waiting.push({ incoming: { ...accepted, ...(sender !== undefined && { sender }) }, envelope })
    } catch (error) {
      if (!(error instanceof EventError)) throw error
      this.#context.refuse(error.code, { message: error.message, sender })
      this.#answer(envelope, "refused", "", error.code, error.message)
      return
    }
    this.#begin()
  }

  #begin(): void {
    this.#storing ??= this.#store().finally(() => {
      this.#storing = undefined
    })
  }

  #takeFeed(feed: Feed, parts: Buffer[], sender: string | undefined): void {
    try {
      for (const incoming of feed(parts))
        this.#waiting.push({ incoming: { ...incoming, ...(sender !== undefined && { sender }) }, envelope: [] })
    } catch (error) {
      // Whatever a stranger sends, the source goes on.
      const reason = error instanceof EventError ? error : new EventError("data-invalid", (error as Error).message)
      this.#context.reject(parts, reason, sender)
      return
    }
    this.#begin()
  }

  /** Stores what waits. What comes meanwhile is the next batch. */
  async #store(): Promise<void> {
    // So that what has arrived at once is one batch.
    await null
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      const canRefuse = this.#config.socket === "router"
      let problem: [code: string, message: string] | undefined
      try {
        await this.#context.intake(
          batch.map(({ incoming }) => incoming),
          { canRefuse, signal: this.#stopping.signal },
        )
      } catch (error) {
        const { code = "error", message } = error as Error & { code?: string }
        problem = [code, message]
      }
      for (const { incoming, envelope } of batch) {
        if (problem) this.#answer(envelope, "refused", incoming.event.id, ...problem)
        else this.#answer(envelope, "stored", incoming.event.id)
      }
    }
  }

  #answer(envelope: Buffer[], ...parts: string[]): void {
    const socket = this.#socket
    if (!(socket instanceof Router)) return
    // A peer that has gone, or does not read, gets no answer.
    socket.send([...envelope, ...parts], { signal: AbortSignal.timeout(1000) }).catch(() => {})
  }

  async stop(): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) return
    for (const endpoint of endpointsOf(this.#config.bind)) await socket.unbind(endpoint).catch(() => {})
    this.#stopping.abort()
    await this.#receiving
    await this.#storing
    socket.close()
    await this.#release?.()
  }
}

export const zmqSource = sourceKind<Config>({
  schema,
  check: (config) => {
    // It answers with the id of an event.
    if (config.socket === "router" && config.format !== "events")
      return [["format"], "A router takes the toolkit's events only. Use pull, or leave format out"]
    return zmqCheck(config)
  },
  certificates: ({ security }) => security,
  claims: zmqClaims,
  create: (config, context) => new ZmqSource(config, context),
})
