// The source `gate`: a ROUTER that takes requests and decisions in, and answers who asks. Decisions of other sources come by the sink `gate`.

import type { Buffer } from "node:buffer"
import { join, resolve } from "node:path"
import { Router } from "ohmq"
import type { Verifier } from "ohmq/security"
import { z } from "zod"
import { duration } from "../../config/index.js"
import { type Accepted, accept, EventError, eventTypes } from "../../events/index.js"
import {
  decisionVerifier,
  type GateAnswer,
  type GateDecision,
  type GateRequest,
  readDecision,
  readRequest,
  verifyDecision,
} from "../../gate/index.js"
import { type Source, type SourceContext, sourceKind } from "../components.js"
import { envelopeOf } from "../envelope.js"
import { GateBook, type Verdict } from "../gate/book.js"
import { Waiters } from "../gate/waiters.js"
import type { SocketPeers } from "../observation/peers.js"
import { endpoints, endpointsOf, farCheck, openZmq, serverSecuritySchema, zmqClaims } from "../zmq-options.js"

const schema = z.strictObject({
  bind: endpoints.describe("Where to listen: a ROUTER."),
  security: serverSecuritySchema
    .optional()
    .describe("CURVE. It is needed beyond this machine, and for `deciders`. Without it, nobody is known by name."),
  insecure: z.boolean().prefault(false).describe("Whether other machines may connect without CURVE."),
  deciders: z
    .array(z.string().min(1))
    .prefault([])
    .describe("Who may decide: names in certificates. Nobody by default: then decisions come by a sink `gate`."),
  keys: z
    .array(z.string().min(1))
    .prefault([])
    .describe("PEM files of Ed25519 public keys. If there are any, only decisions that one of them has signed count."),
  retention: duration()
    .refine((milliseconds) => milliseconds > 0, "Expected more than 0")
    .prefault("30d")
    .describe("How long requests and decisions are remembered. For so long, the same id gets the same answer."),
  maxOpen: z.int().min(1).max(10_000).prefault(1000).describe("At most this many requests may wait for a decision."),
})
type Config = z.infer<typeof schema>

/** Where an answer goes. */
type Envelope = readonly Buffer[]

class Refusal extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

class GateSource implements Source {
  readonly #config: Config
  readonly #context: SourceContext
  readonly #stopping = new AbortController()
  readonly #waiters = new Waiters()
  #verifier: Verifier | undefined
  #book: GateBook | undefined
  #socket: Router | undefined
  #peers: SocketPeers | undefined
  #release: (() => Promise<void>) | undefined
  #receiving: Promise<void> | undefined
  #remove = () => {}
  #unwatch = () => {}

  constructor(config: Config, context: SourceContext) {
    this.#config = config
    this.#context = context
  }

  async start(): Promise<void> {
    const { keys, retention } = this.#config
    const { folder, name, state, gates, log } = this.#context
    if (keys.length > 0) this.#verifier = decisionVerifier(keys.map((file) => ({ file: resolve(folder, file) })))
    this.#book = await GateBook.open(join(state, `${name}.gate`), retention)
    try {
      const { socket, peers, release } = await openZmq(
        this.#config,
        "source",
        this.#context,
        (options) => new Router({ ...options, linger: 1000 }),
      )
      this.#socket = socket
      this.#peers = peers
      this.#release = release
    } catch (error) {
      await this.#book.close()
      throw error
    }
    const book = this.#book
    this.#unwatch = this.#context.metrics.gates.watch(name, () => book.open())
    this.#remove = gates.add(name, { decide: (decision, by) => this.#decide(decision, by) })
    this.#receiving = this.#receive(this.#socket).catch((error: Error) =>
      log.error({ reason: error.message }, "The source has ended"),
    )
  }

  /** One message at a time: what comes meanwhile waits in the socket, whose bounds are those of ØMQ. */
  async #receive(socket: Router): Promise<void> {
    for (;;) {
      let message: { parts: Buffer[]; userId: string | null; peerAddress: string | null }
      try {
        message = (await socket.receiveWithMetadata({ signal: this.#stopping.signal })) as typeof message
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        throw error
      }
      this.#peers?.heard(message)
      const { parts, userId } = message
      const { envelope, frames } = envelopeOf(parts)
      await this.#take(envelope, frames, userId ?? undefined)
    }
  }

  async #take(envelope: Envelope, frames: Buffer[], sender: string | undefined): Promise<void> {
    let id = ""
    try {
      const [word = "", name] = frames.map(String)
      if (frames.length === 1 && word === "list") return this.#answer(envelope, "open", this.#listFor(sender))
      if (frames.length === 2 && word === "show") {
        id = name ?? ""
        return this.#answer(envelope, "request", JSON.stringify(this.#visible(id, sender)))
      }
      const { claimedSender, ...accepted } = accept(frames)
      id = accepted.event.id
      if (claimedSender !== undefined) this.#context.refuse("claimed-sender", { id })
      if (accepted.event.type === eventTypes.gateRequested) await this.#ask(envelope, accepted, sender)
      else if (accepted.event.type === eventTypes.gateDecided) await this.#hear(envelope, accepted, sender)
      else throw new Refusal("type", `A gate takes ${eventTypes.gateRequested} and ${eventTypes.gateDecided} only`)
    } catch (error) {
      // Whatever a peer sends, the gate goes on. If it is the store that cannot, such as because it is full, the peer may come again.
      const { code = "error", message } = error as Error & { code?: string }
      const isFinal = error instanceof Refusal || error instanceof EventError
      if (isFinal) this.#context.refuse(code, { id, message, sender })
      this.#answer(envelope, isFinal ? "refused" : "later", id, code, message)
    }
  }

  #answer(envelope: Envelope, ...parts: string[]): void {
    // A peer that has gone, or does not read, gets no answer.
    this.#socket?.send([...envelope, ...parts], { signal: AbortSignal.timeout(1000) }).catch(() => {})
  }

  /** Those who may decide see all requests, others their own. */
  #maySee(sender: string | undefined, { requester }: GateRequest): boolean {
    return requester === sender || (sender !== undefined && this.#config.deciders.includes(sender))
  }

  #listFor(sender: string | undefined): string {
    const open = this.#book?.open().filter((request) => this.#maySee(sender, request)) ?? []
    // So that the answer stays small, however much there is.
    return JSON.stringify(open.slice(0, 1000).map(({ details: _, ...request }) => request))
  }

  #visible(id: string, sender: string | undefined): GateRequest & { answer?: GateAnswer } {
    const record = this.#book?.get(id)
    if (record === undefined || !this.#maySee(sender, record.request))
      throw new Refusal("unknown-request", `There is no request ${JSON.stringify(id)}`)
    return { ...record.request, ...(record.answer && { answer: record.answer }) }
  }

  async #ask(envelope: Envelope, accepted: Omit<Accepted, "claimedSender">, sender: string | undefined): Promise<void> {
    const book = this.#book as GateBook
    const request = readRequest(accepted, sender)
    const { id } = request
    const known = book.get(id)
    if (known !== undefined) this.#checkSame(known.request, request)
    else {
      if (book.open().length >= this.#config.maxOpen)
        throw new Refusal("too-many", `${this.#config.maxOpen} requests wait already (maxOpen)`)
      // The routes get it first: if the relay is killed in between, it is asked again and stored once.
      const incoming = { ...accepted, delivery: `${id} ${request.digest}`, ...(sender !== undefined && { sender }) }
      await this.#context.intake([incoming], { canRefuse: true, signal: this.#stopping.signal })
      await book.add(request)
      this.#context.metrics.gates.requested(this.#context.name)
    }
    if (known?.answer) this.#answer(envelope, "decided", id, JSON.stringify(known.answer))
    else {
      this.#waiters.add(id, envelope)
      this.#answer(envelope, "stored", id)
    }
  }

  /** An answer is for what was asked, and for whoever asked. */
  #checkSame(known: GateRequest, asked: GateRequest): void {
    const differs = (["requester", "request", "subject", "digest"] as const).find((name) => known[name] !== asked[name])
    if (differs === undefined) return
    const what = { requester: "requester", request: "request", subject: "subject", digest: "data" }[differs]
    throw new Refusal(
      "id-taken",
      `The id ${JSON.stringify(known.id)} belongs to a request with another ${what}. Use another id`,
    )
  }

  /** A decision of a peer. */
  async #hear(
    envelope: Envelope,
    accepted: Omit<Accepted, "claimedSender">,
    sender: string | undefined,
  ): Promise<void> {
    if (sender === undefined || !this.#config.deciders.includes(sender))
      throw new Refusal("not-a-decider", `${sender ?? "Whoever sent this"} may not decide: see deciders of the gate`)
    const decision = readDecision(accepted.event)
    const { id } = accepted.event
    const store = () =>
      this.#context.intake([{ ...accepted, sender, delivery: `decided ${id}` }], {
        canRefuse: true,
        signal: this.#stopping.signal,
      })
    const verdict = await this.#decide(decision, sender, store)
    if (verdict === "busy") return this.#answer(envelope, "later", id, "busy", "Another decision is being stored")
    if (verdict !== "done") throw new Refusal(verdict.code, verdict.reason)
    this.#answer(envelope, "stored", id)
  }

  async #decide(decision: GateDecision, by: string, before?: () => Promise<unknown>): Promise<Verdict> {
    const book = this.#book as GateBook
    const { id, reason, statement } = decision
    const known = book.get(id)
    const request = known?.request
    if (request === undefined) return { code: "unknown-request", reason: `There is no request ${JSON.stringify(id)}` }
    if (request.requester === by) return { code: "own-request", reason: "Nobody decides on a request of their own" }
    const refused = await this.#checkSignature(decision, request)
    if (refused !== undefined) return { code: "not-signed", reason: refused }
    const answer: GateAnswer = {
      id,
      request: request.request,
      decision: decision.decision,
      reason,
      by,
      time: new Date().toISOString(),
      ...(statement !== undefined && { statement }),
    }
    const verdict = await book.decide(answer, before)
    // Whoever decides may say so twice.
    if (verdict === "done" && known?.answer === undefined)
      this.#context.metrics.gates.decided(this.#context.name, answer.decision, request)
    const decided = book.get(id)?.answer
    if (verdict === "done" && decided !== undefined)
      for (const waiter of this.#waiters.take(id)) this.#answer(waiter, "decided", id, JSON.stringify(decided))
    return verdict
  }

  async #checkSignature({ decision, statement }: GateDecision, request: GateRequest): Promise<string | undefined> {
    if (this.#verifier === undefined) return undefined
    try {
      const signed = await verifyDecision(statement, this.#verifier, request)
      return signed.decision === decision ? undefined : `The decision is ${decision}, but ${signed.decision} is signed`
    } catch (error) {
      return (error as Error).message
    }
  }

  async stop(): Promise<void> {
    this.#remove()
    this.#unwatch()
    const socket = this.#socket
    for (const endpoint of endpointsOf(this.#config.bind)) await socket?.unbind(endpoint).catch(() => {})
    this.#stopping.abort()
    await this.#receiving
    socket?.close()
    await this.#release?.()
    await this.#book?.close()
  }
}

export const gateSource = sourceKind<Config>({
  schema,
  check: ({ bind, security, insecure, deciders }) => {
    if (security) return undefined
    if (deciders.length > 0) return [["deciders"], "deciders needs security: without CURVE, nobody is known by name"]
    return insecure ? undefined : farCheck("bind", bind)
  },
  certificates: ({ security }) => security,
  claims: zmqClaims,
  create: (config, context) => new GateSource(config, context),
})
