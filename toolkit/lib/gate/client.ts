// What programs say to a gate: those that ask, and those that decide.

import { Dealer, type SocketSecurity } from "ohmq"
import type { SignerOptions, Verifier } from "ohmq/security"
import { isLocalEndpoint } from "../config/index.js"
import { createEvent, encode, eventTypes } from "../events/index.js"
import { type Connection, connect } from "./connection.js"
import type { GateAnswer, Outcome } from "./decision.js"
import { encodeRequest, type GateRequest, readRequest } from "./request.js"
import { type SignedRequest, StatementError, signDecision, type VerifiedDecision, verifyDecision } from "./statement.js"
import { type AskEvents, askOver, jsonOf, readShown, type ShownRequest, tellOver, words } from "./talk.js"

/** Options of {@link GateClient}. */
export interface GateClientOptions {
  /** The address of the gate, such as "tcp://127.0.0.1:5563". */
  readonly connect: string
  /** CURVE: `{ client, serverKey }`. Who decides needs it: without it, nobody is known by name. */
  readonly security?: SocketSecurity | undefined
  /** Whether to connect beyond this machine without security. */
  readonly insecure?: boolean | undefined
}

/** What is asked for. */
export interface GateQuestion {
  /** Identifies the request: whoever asks again with it gets the same answer. At most 255 bytes. Random by default. */
  readonly id?: string | undefined
  /** What is asked for, such as `deploy.production`. */
  readonly request: string
  /** Who asks, as they say: a URI reference. */
  readonly source: string
  /** What it is about, such as a revision. */
  readonly subject?: string | undefined
  /** What those who decide should see: any JSON, at most 64 KiB. */
  readonly details?: unknown
}

/** How to wait. */
export interface GateWait {
  /** Ends the wait. Without it, a gate that is away is tried until it is there. */
  readonly signal?: AbortSignal | undefined
}

/** How to wait for an answer, and which one counts. */
export interface AskOptions extends GateWait, AskEvents {
  /** Made by {@link decisionVerifier}: only an answer that one of its keys has signed, for exactly this request, is accepted. */
  readonly verifier?: Verifier | undefined
}

/** What is decided, and how. */
export interface GateRuling extends GateWait {
  /** Whether it is allowed. */
  readonly decision: Outcome
  /** Why, for those who asked. At most 2,000 characters. */
  readonly reason?: string | undefined
  /** Signs the decision with this Ed25519 key: a PEM file that only its owner can read, or the PEM itself. */
  readonly sign?: Pick<SignerOptions, "key" | "file"> | undefined
  /** How long a signed decision holds, in milliseconds. A day by default. */
  readonly validMs?: number | undefined
  /** The `source` of the event. `/ohmq/gate` by default. */
  readonly source?: string | undefined
}

/** The answer to a question. */
export interface AskedAnswer extends GateAnswer {
  /** What was signed. Only with a verifier. */
  readonly signed?: VerifiedDecision
}

const day = 24 * 60 * 60 * 1000

/**
 * Asks a gate, or decides for it. Each call has a connection of its own, and repeats itself until it is answered: the relay may be started
 * anew meanwhile.
 *
 * ```typescript
 * const gate = new GateClient({ connect: "tcp://127.0.0.1:5563", security: { client, serverKey } })
 * const { decision, by } = await gate.ask({ request: "deploy.production", source: "/deployer" })
 * ```
 */
export class GateClient {
  readonly #options: GateClientOptions

  /** @throws TypeError if the address is beyond this machine, and there is no security. */
  constructor(options: GateClientOptions) {
    const { connect, security, insecure } = options
    if (typeof connect !== "string" || !/^[a-z]+:\/\/.+$/.test(connect))
      throw new TypeError(
        `Expected connect to be an endpoint such as "tcp://127.0.0.1:5563" but received ${JSON.stringify(connect)}`,
      )
    if (security === undefined && insecure !== true && !isLocalEndpoint(connect))
      throw new TypeError(
        `${connect} goes beyond this machine, unencrypted. Pass security: { client, serverKey }, or insecure: true`,
      )
    this.#options = options
  }

  /** Runs a conversation over a connection of its own. */
  async #talk<T>(conversation: (connection: Connection) => Promise<T>): Promise<T> {
    const { connect: endpoint, security } = this.#options
    const connection = connect({ endpoint, security }, Dealer)
    try {
      return await conversation(connection)
    } finally {
      connection.socket.close()
    }
  }

  #tell(message: readonly Uint8Array[], expected: string, { signal }: GateWait): Promise<readonly string[]> {
    return this.#talk((connection) => tellOver(connection, message, expected, signal))
  }

  /**
   * Asks, and waits for the answer, however long that takes. A denial is an answer, too.
   *
   * @throws GateError if the gate refuses the request, or its answer cannot be read. EventError if the question is invalid. StatementError
   * if the answer must not be trusted.
   */
  async ask(question: GateQuestion, { verifier, signal, ...events }: AskOptions = {}): Promise<AskedAnswer> {
    const { id = crypto.randomUUID(), details, ...rest } = question
    const json = details === undefined ? undefined : Buffer.from(JSON.stringify(details))
    const accepted = encodeRequest({ ...rest, id, details: json })
    const request = readRequest(accepted, undefined)
    const answer = await this.#talk((connection) =>
      askOver(connection, { request, frames: accepted.frames }, signal, events),
    )
    if (verifier === undefined) return answer
    const signed = await verifyDecision(answer.statement, verifier, request)
    if (signed.decision !== answer.decision)
      throw new StatementError(`The answer is ${answer.decision}, but ${signed.decision} is signed`)
    return { ...answer, reason: signed.reason, signed }
  }

  /** The requests that wait for a decision, without their details: all of them for those who may decide, else one's own. @throws GateError */
  async open(wait: GateWait = {}): Promise<GateRequest[]> {
    const [text] = await this.#tell(words("list"), "open", wait)
    return jsonOf(text)
  }

  /** A request with its details and, once decided, its answer. @throws GateError, also if the gate shows another request. */
  async request(id: string, wait: GateWait = {}): Promise<ShownRequest> {
    const [text] = await this.#tell(words("show", id), "request", wait)
    return readShown(text, id)
  }

  /**
   * Decides on a request. Resolves once the decision is on disk and counts. The first decision counts: to repeat it does no harm, another
   * one is refused.
   *
   * @param request The request that was looked at, as {@link request} gives it: exactly this one is signed. Or its id: then what gets signed is
   * what the gate shows for that id now.
   * @throws GateError if the gate refuses it, such as because the name in the certificate is not among its `deciders`.
   */
  async decide(
    request: SignedRequest | string,
    { decision, reason = "", sign, validMs = day, source = "/ohmq/gate", signal }: GateRuling,
  ): Promise<void> {
    const id = typeof request === "string" ? request : request.id
    const signed = sign && (typeof request === "string" ? await this.request(request, { signal }) : request)
    const statement = signed && signDecision(signed, { decision, reason }, sign, validMs)
    const data = { id, decision, reason, ...(statement !== undefined && { statement }) }
    const frames = encode(createEvent({ source, type: eventTypes.gateDecided, subject: id, data }))
    await this.#tell(frames, "stored", { signal })
  }
}
