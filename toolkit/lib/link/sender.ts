// The sending end of a link: brings the events of a store to a receiver, and its cursor behind what is stored there.

import { randomBytes } from "node:crypto"
import { EventEmitter } from "node:events"
import { setTimeout as wait } from "node:timers/promises"
import type { Dealer } from "ohmq"
import type { Entry, Store } from "../store/index.js"
import { newDealer, watchConnection } from "./connection.js"
import { passLeading } from "./leading.js"
import { LinkError } from "./link-error.js"
import { Progress } from "./progress.js"
import { encodeBye } from "./protocol.js"
import { type ReadSenderOptions, readSenderOptions, type SenderOptions } from "./sender-options.js"
import { SenderSession } from "./sender-session.js"
import type { SenderEvents, SenderStats } from "./sender-state.js"

/** The sending end of a link. {@link startSender} makes one. */
export class LinkSender extends EventEmitter<SenderEvents> {
  readonly #store: Store
  readonly #options: ReadSenderOptions
  readonly #progress: Progress
  readonly #instance = randomBytes(16)
  readonly #closing = new AbortController()
  #running: Promise<void> | undefined
  #state: SenderStats["state"] = "connecting"
  #session: SenderSession | undefined
  /** Ends the session. */
  #end: AbortController | undefined
  #endpoint = 0
  #sessions = 0
  #sent = 0
  #delivered = 0
  #refused = 0
  #creditWaits = 0
  /** The first entry that is to be sent when there is a session. */
  #first: Entry | undefined
  #error: Error | undefined
  /** Called after each commit, and when the sender ends. */
  readonly #watchers = new Set<() => void>()

  /** The cursor must exist. */
  constructor(store: Store, options: ReadSenderOptions) {
    super()
    this.#store = store
    this.#options = options
    this.#progress = new Progress(
      store,
      options,
      () => this.#tell(),
      (error) => this.#end?.abort(error),
    )
  }

  /** Notes the name of the stream, so that the next sender of the cursor has the same. */
  prepare(): Promise<void> {
    return this.#progress.begin()
  }

  /** Begins to connect and to send. */
  start(): void {
    const { signal } = this.#options
    if (signal?.aborted) void this.close()
    signal?.addEventListener("abort", () => void this.close(), { once: true, signal: this.#closing.signal })
    this.#running ??= this.#run()
  }

  /** The state of the sender. */
  stats(): SenderStats {
    const underWay = this.#session?.underWay
    return {
      state: this.#state,
      endpoint: this.#options.connect[this.#endpoint] ?? "",
      stream: this.#options.stream,
      acknowledged: this.#progress.acknowledged,
      lag: this.#progress.waiting,
      underWay: underWay?.length ?? 0,
      underWayBytes: underWay?.bytes ?? 0,
      oldest: this.#state === "connected" ? underWay?.oldest : this.#first?.time,
      sent: this.#sent,
      delivered: this.#delivered,
      refused: this.#refused,
      creditWaits: this.#creditWaits + (underWay?.waits ?? 0),
      sessions: this.#sessions,
      error: this.#error,
    }
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher()
  }

  async #run(): Promise<void> {
    const { connect, minBackoff, maxBackoff } = this.#options
    let attempts = 0
    while (!this.#closing.signal.aborted) {
      const before = this.#progress.committed
      const since = performance.now()
      const error = await this.#connect().catch((reason: Error) => reason)
      if (this.#closing.signal.aborted) break
      this.#error = error
      this.emit("disconnected", error)
      if (error instanceof LinkError && error.code === "RESTORED") {
        this.#state = "stopped"
        this.emit("stopped", error)
        this.#tell()
        return
      }
      if (this.#progress.failure) this.#progress.recover()
      this.#state = "connecting"
      // A session that brought nothing forward may end at once again.
      const wasGood = this.#progress.committed > before || performance.now() - since > 2 * maxBackoff
      attempts = wasGood ? 0 : attempts + 1
      this.#endpoint = (this.#endpoint + 1) % connect.length
      // Full jitter, so that the senders of a receiver that comes back do not all come at once.
      const longest = Math.min(maxBackoff, minBackoff * 2 ** Math.min(attempts, 20))
      await wait(Math.random() * longest, undefined, { signal: this.#closing.signal }).catch(() => {})
    }
    this.#state = "closed"
    this.#tell()
  }

  /** One session on a socket of its own. */
  async #connect(): Promise<never> {
    const { connect, helloTimeout } = this.#options
    const endpoint = connect[this.#endpoint] as string
    const end = new AbortController()
    this.#end = end
    const dealer = newDealer(this.#options)
    const leading = this.#passLeading()
    const lost = (what: string) => end.abort(new LinkError("LOST", what))
    const close = () => end.abort(new LinkError("CLOSED", "The sender was closed"))
    let timer: NodeJS.Timeout | undefined
    const limit = () => {
      timer ??= setTimeout(() => lost(`${endpoint} did not answer within ${helloTimeout} ms`), helloTimeout)
    }
    watchConnection(dealer, endpoint, {
      lost,
      reached: limit,
      unreachable: (reason) => this.#reportUnreachable(reason),
    })
    this.#closing.signal.addEventListener("abort", close, { once: true })
    if (this.#closing.signal.aborted) close()
    // libzmq itself tries again until there is a connection. With several receivers, the next one has its turn.
    if (connect.length > 1) limit()
    try {
      dealer.connect(endpoint)
      this.#session = new SenderSession(
        this.#host(endpoint, leading, () => clearTimeout(timer)),
        dealer,
        end.signal,
      )
      return await this.#session.run()
    } catch (error) {
      throw end.signal.aborted ? end.signal.reason : error
    } finally {
      clearTimeout(timer)
      await leading()
      this.#creditWaits += this.#session?.underWay.waits ?? 0
      this.#closing.signal.removeEventListener("abort", close)
      this.#session = undefined
      await this.#leave(dealer)
    }
  }

  /** Says goodbye, if that is possible at once. */
  async #leave(dealer: Dealer): Promise<void> {
    try {
      if (this.#closing.signal.aborted && this.#state === "connected") {
        dealer.linger = 200
        dealer.trySend(encodeBye("closed"))
      } else if (this.#state !== "connected") dealer.linger = 200
    } catch {
      // The receiver notices without it.
    }
    dealer.close()
  }

  /** Begins to pass what is not sent. Returns what ends that. */
  #passLeading(): () => Promise<void> {
    const end = new AbortController()
    this.#first = undefined
    const passed = passLeading(this.#store, this.#options, this.#progress, end.signal, (entry) => {
      this.#first = entry
      // A session meets the same error, and reports it.
    }).catch(() => {})
    return () => {
      end.abort()
      return passed
    }
  }

  /** The first time in a row. */
  #reportUnreachable(reason: string): void {
    if (this.#error !== undefined) return
    const error = new LinkError("LOST", reason)
    this.#error = error
    this.emit("unreachable", error)
  }

  #host(endpoint: string, answered: () => Promise<void>, settled: () => void) {
    return {
      store: this.#store,
      options: this.#options,
      progress: this.#progress,
      instance: this.#instance,
      answered,
      ready: () => {
        settled()
        this.#sessions++
        this.#state = "connected"
        this.#error = undefined
        this.emit("connected", endpoint)
      },
      behind: (last: number, acknowledged: number, resentFrom: number) => {
        this.emit("behind", { last, acknowledged, resentFrom })
      },
      refused: (sequence: number, reason: string) => {
        this.#refused++
        this.emit("refused", { sequence, reason })
      },
      lost: (events: number) => {
        this.emit("lost", events)
      },
      sent: (events: number) => {
        this.#sent += events
      },
      delivered: (events: number) => {
        this.#delivered += events
        this.emit("delivered", events)
      },
    }
  }

  /**
   * Waits until the receiver has everything that is in the store now.
   *
   * @throws LinkError `CLOSED` or `RESTORED` if the sender ends before.
   */
  async drained({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    const { last } = this.#store.stats()
    const isDone = () => this.#progress.committed >= last || this.#progress.waiting === 0
    while (!isDone()) {
      signal?.throwIfAborted()
      if (this.#state === "closed") throw new LinkError("CLOSED", "The sender was closed")
      if (this.#state === "stopped" && this.#error) throw this.#error
      await new Promise<void>((resolve) => {
        const done = () => {
          this.#watchers.delete(done)
          signal?.removeEventListener("abort", done)
          resolve()
        }
        this.#watchers.add(done)
        signal?.addEventListener("abort", done, { once: true })
      })
    }
  }

  /** Ends the session, and commits what was acknowledged. Events that were not are sent when a sender of this stream starts again. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
    await this.#progress.flush()
  }

  /** Closes it, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * Sends the events of a store to a receiver.
 *
 * ```typescript
 * const sender = await startSender(store, { connect: "tcp://hub:5570", stream: "scanner-7", security: { client, serverKey } })
 * ```
 */
export async function startSender(store: Store, options: SenderOptions): Promise<LinkSender> {
  const complete = readSenderOptions(store, options)
  await store.addCursor(complete.cursor, complete.from)
  const sender = new LinkSender(store, complete)
  await sender.prepare()
  sender.start()
  return sender
}
