// The receiving end of links: stores events of any number of senders before it acknowledges them.

import { Buffer } from "node:buffer"
import { EventEmitter } from "node:events"
import { capability, Router } from "ohmq"
import type { Store } from "../store/index.js"
import type { SessionInfo } from "./admission.js"
import { LinkError, type RefusalCode } from "./link-error.js"
import { decodeFromSender, encodeRefuse, type FromSender, type Hello, VERSION } from "./protocol.js"
import { type ReadReceiverOptions, type ReceiverOptions, readReceiverOptions } from "./receiver-options.js"
import { ReceiverSession } from "./receiver-session.js"

/** What was refused, and why. */
export interface Refusal extends SessionInfo {
  /** Of the event; 0 if the session was refused. */
  sequence: number
  /** The kind of reason, which the sender is told, too. */
  code: RefusalCode
  /** Why, in words. */
  reason: string
}

/** The events of a receiver, and their arguments. */
export interface ReceiverEvents {
  /** A session of a sender has begun. */
  connected: [session: SessionInfo]
  /** A session has ended. */
  disconnected: [session: SessionInfo]
  /** An event or a session was refused. */
  refused: [refusal: Refusal]
  /** The sender has found that its store was restored from a backup, or copied. */
  restored: [session: SessionInfo]
  /** Events are missing: their sender has lost them. A gap record in the store says which. */
  gap: [loss: SessionInfo & { from: number; to: number; reason: string }]
  /** The socket has failed. */
  failed: [error: Error]
}

type Opening = Pick<Hello, "stream" | "instance" | "acknowledged"> & { user: string | undefined }

/** The state of a receiver. */
export interface ReceiverStats {
  /** The sessions that are open: the last sequence that was acknowledged in each, and the bytes that are not stored yet. */
  sessions: (SessionInfo & { acknowledged: number; pendingBytes: number })[]
  /** Events that were stored. */
  stored: number
  /** Events that were refused. */
  refusedEvents: number
  /** Sessions that were refused. */
  refusedSessions: number
  /** Events that claimed a sender, without being trusted to. The claim was dropped. */
  claimedSenders: number
}

const MIN_CREDIT = 1 << 16

/** The receiving end of links. {@link startReceiver} makes one. */
export class LinkReceiver extends EventEmitter<ReceiverEvents> {
  readonly #store: Store
  readonly #options: ReadReceiverOptions
  readonly #router: Router
  /** By routing id. */
  readonly #sessions = new Map<string, ReceiverSession>()
  readonly #byKey = new Map<string, ReceiverSession>()
  #stored = 0
  #refusedEvents = 0
  #refusedSessions = 0
  #claimed = 0
  #endpoint = ""
  #running: Promise<void> | undefined
  #closing = false

  constructor(store: Store, options: ReceiverOptions) {
    super()
    this.#store = store
    this.#options = readReceiverOptions(options)
    const { security, context, heartbeat, maxEventBytes } = this.#options
    this.#router = new Router({
      ...(context && { context }),
      ...(security && { security }),
      mandatory: true,
      linger: 200,
      // Answers are bounded by credit.
      sendHighWaterMark: 0,
      receiveHighWaterMark: 0,
      // Of a frame. Senders know the limit of events; what they keep to is refused by the event, and not by the connection.
      maxMessageSize: maxEventBytes + (1 << 16),
      heartbeatInterval: heartbeat,
      heartbeatTimeout: heartbeat,
      heartbeatTimeToLive: heartbeat * 2,
    })
    if (capability.draft === true) {
      this.#router.peerEvents.on("disconnect", (id) => this.#sessions.get(id.toString("latin1"))?.stop())
    }
  }

  /** Binds, and begins to receive. */
  async start(): Promise<void> {
    await this.#router.bind(this.#options.bind)
    this.#endpoint = this.#router.lastEndpoint ?? ""
    this.#running = this.#run()
  }

  /** The address that it is, or was, bound to. */
  get endpoint(): string {
    return this.#endpoint
  }

  /** The state of the receiver and of its sessions. */
  stats(): ReceiverStats {
    return {
      sessions: [...this.#sessions.values()].map(({ stream, user, acknowledged, pendingBytes }) => ({
        stream,
        sender: user,
        acknowledged,
        pendingBytes,
      })),
      stored: this.#stored,
      refusedEvents: this.#refusedEvents,
      refusedSessions: this.#refusedSessions,
      claimedSenders: this.#claimed,
    }
  }

  async #run(): Promise<void> {
    try {
      for await (const { parts, userId } of this.#router.withMetadata()) {
        const [id, ...frames] = parts
        if (id !== undefined) this.#receive(id, frames, userId ?? undefined)
      }
    } catch (error) {
      if (!this.#closing) this.emit("failed", error as Error)
    }
  }

  #receive(id: Buffer, frames: Buffer[], user: string | undefined): void {
    const session = this.#sessions.get(id.toString("latin1"))
    try {
      const message = decodeFromSender(frames)
      // Routing ids can be chosen: this could be another connection than the one that said HELLO.
      if (session && session.user !== user) this.#refuse(id, user, "unauthenticated", "Another user has this session")
      else if (message.kind === "hello") this.#hello(id, message, user)
      else if (session) this.#inSession(session, message)
      else if (message.kind !== "bye") this.#refuse(id, user, "no-session", "Say HELLO first")
    } catch (error) {
      const reason = (error as Error).message
      const code = error instanceof LinkError ? "malformed" : "store-failed"
      if (session) session.fail(code, reason)
      else this.#refuse(id, user, code, reason)
    }
  }

  #inSession(session: ReceiverSession, message: Exclude<FromSender, Hello>): void {
    const info = { stream: session.stream, sender: session.user }
    if (message.kind === "event") session.events(message)
    else if (message.kind === "gap") {
      const { from, to, reason } = message
      if (session.loss(message)) this.emit("gap", { ...info, from, to, reason })
    } else {
      session.stop()
      if (message.code === "restored") this.emit("restored", info)
    }
  }

  #refuse(id: Buffer, user: string | undefined, code: RefusalCode, reason: string, stream = ""): void {
    this.#noteRefusal({ stream, sender: user, sequence: 0, code, reason })
    this.#send(id, encodeRefuse({ sequence: 0, code, reason }))
  }

  #noteRefusal(refusal: Refusal): void {
    if (refusal.sequence === 0) this.#refusedSessions++
    else this.#refusedEvents++
    this.emit("refused", refusal)
  }

  #hello(id: Buffer, { version, stream, instance, acknowledged }: Hello, user: string | undefined): void {
    if (version !== VERSION) {
      const reason = `The receiver speaks version ${VERSION} of the protocol, and the sender ${version}`
      this.#refuse(id, user, "version", reason)
      return
    }
    if (this.#options.security !== undefined && user === undefined) {
      this.#refuse(id, user, "unauthenticated", "The sender is not authenticated", stream)
      return
    }
    const key = `link ${JSON.stringify([user ?? null, stream])}`
    const other = this.#byKey.get(key)
    // Of the same sender it is the last connection, which is lost. Another one may be gone, too.
    if (other && !other.instance.equals(instance) && other.probe()) {
      this.#refuse(id, user, "stream-in-use", `Another sender with the stream "${stream}" is connected`, stream)
      return
    }
    other?.stop()
    this.#sessions.get(id.toString("latin1"))?.stop()
    this.#open(Buffer.from(id), key, { stream, user, instance, acknowledged })
  }

  #open(id: Buffer, key: string, { stream, user, instance, acknowledged }: Opening): void {
    const name = id.toString("latin1")
    const { whenFull, admission, maxEventBytes, trustSender } = this.#options
    const info = { stream, sender: user }
    const session: ReceiverSession = new ReceiverSession(
      {
        store: this.#store,
        whenFull,
        admission,
        maxEventBytes,
        trustsSender: user !== undefined && trustSender.has(user),
        credit: () => this.#credit(),
        send: (message) => this.#send(id, message),
        refused: (code, reason, sequence) => this.#noteRefusal({ ...info, sequence, code, reason }),
        claimed: () => {
          this.#claimed++
        },
        stored: (count, position) => {
          this.#stored += count
          if (count > 0) admission?.appended?.(count, position)
        },
        ended: () => {
          if (this.#sessions.get(name) === session) this.#sessions.delete(name)
          if (this.#byKey.get(key) === session) this.#byKey.delete(key)
          this.emit("disconnected", info)
        },
      },
      key,
      stream,
      user,
      instance,
    )
    this.#sessions.set(name, session)
    this.#byKey.set(key, session)
    this.emit("connected", info)
    session.begin(acknowledged)
  }

  #credit(): number {
    const { window, totalWindow } = this.#options
    return Math.min(window, Math.max(Math.floor(totalWindow / this.#sessions.size), Math.min(MIN_CREDIT, window)))
  }

  #send(id: Buffer, message: Buffer): boolean {
    try {
      return this.#router.trySend([id, message])
    } catch {
      // EHOSTUNREACH: the peer is gone.
      return false
    }
  }

  /** Tells the senders, and closes. What was not acknowledged, they send again later. */
  async close(): Promise<void> {
    if (this.#closing) return this.#running
    this.#closing = true
    for (const session of this.#sessions.values()) session.fail("closing", "The receiver closes")
    this.#router.close()
    await this.#running
  }

  /** Closes it, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * Receives events into a store, from links that connect to it.
 *
 * ```typescript
 * const receiver = await startReceiver(store, { bind: "tcp://0.0.0.0:5570", security: { server, authenticator } })
 * ```
 */
export async function startReceiver(store: Store, options: ReceiverOptions): Promise<LinkReceiver> {
  const receiver = new LinkReceiver(store, options)
  try {
    await receiver.start()
  } catch (error) {
    await receiver.close()
    throw error
  }
  return receiver
}
