// Messages that were taken off a socket and not received yet, and how many to take at a time.

import { expected } from "../base/checks.js"
import { withReturned } from "../base/iteration.js"
import { clock } from "../base/timers.js"
import { currentTurn } from "../base/turn.js"
import type { MessageForm } from "./form.js"
import type { Message } from "./message.js"
import { SharedMemory } from "./message.js"
import { type MessageWithMetadata, withoutMetadata } from "./metadata.js"

/**
 * What memory received parts of 65 to 1,024 bytes lie in. Others always have memory of their own.
 *
 * - "own": each part has its own, so that `part.buffer` holds nothing else, and can be transferred, or cloned to a worker thread
 *   alone. About 0.5 µs a part (docs/performance.md).
 * - "shared": parts that were fetched from the socket together, up to 64 KiB, may lie in the same memory, like Buffers of Node's
 *   pool. Use `byteOffset` with `part.buffer`. Messages of other sockets are never in it.
 */
export type ReceiveMemory = "own" | "shared"

/** The most messages that one call takes off a socket. */
const MOST = 256

/** A consumer that took longer than this over what was fetched last gets one message at a time. Milliseconds. */
const QUICK = 1

/** The metadata of messages that were put back. */
const withMetadata = new WeakMap<Message[], MessageWithMetadata>()

/**
 * Fetching ahead takes messages out of libzmq's queue, where another worker could have had them. So it starts with one
 * message, and grows only as long as the consumer empties what was fetched within the same turn of the event loop and
 * about a millisecond.
 */
export class Inbox {
  readonly #slot: number
  readonly #mostAhead: () => number
  readonly #drain: MessageForm["drain"]
  readonly #receiveWithMetadata: MessageForm["receiveWithMetadata"]
  #messages: (Message[] | undefined)[] = []
  #head = 0
  /** Undefined when it must be asked for again. */
  #most: number | undefined
  /** Fetches that brought something since the socket was last found empty. */
  #streak = 0
  #limit = 1
  /** Messages are asked for with their metadata, which those that are fetched ahead leave behind. */
  #keepsMetadata = false
  /** Every connection of the socket was authenticated, so that "User-Id" is never what the peer itself has said. */
  usersAreCertain = true
  /** Takes a message away: it is for nobody to receive. */
  #consume: ((message: Message[]) => boolean) | undefined
  #lastTurn = -1
  #lastTime = 0
  #memory: ReceiveMemory | undefined
  /** Undefined if each part is to have memory of its own. */
  #shared: SharedMemory | undefined = new SharedMemory()

  /**
   * @param slot Of the socket.
   * @param form Takes messages off it.
   * @param mostAhead The most messages that may be fetched ahead, 0 for any number; asked for when it may have changed.
   */
  constructor(slot: number, form: Pick<MessageForm, "drain" | "receiveWithMetadata">, mostAhead: () => number) {
    this.#slot = slot
    this.#drain = form.drain
    this.#receiveWithMetadata = form.receiveWithMetadata
    this.#mostAhead = mostAhead
  }

  /** See Receiver.receiveMemory. */
  get memory(): ReceiveMemory {
    return this.#shared === undefined ? "own" : "shared"
  }

  set memory(memory: ReceiveMemory) {
    if (memory !== "own" && memory !== "shared") throw expected("receiveMemory", '"own" or "shared"', memory)
    this.#memory = memory
    this.#shared = memory === "own" ? undefined : (this.#shared ?? new SharedMemory())
  }

  /** Its messages are secret: they have memory of their own unless the program has chosen otherwise. */
  protect(): void {
    if (this.#memory === undefined) this.#shared = undefined
  }

  get isEmpty(): boolean {
    return this.#head === this.#messages.length
  }

  /** The options that decide how much may be fetched ahead have changed. */
  reconsider(): void {
    this.#most = undefined
  }

  /** @param consume Sees each message before it can be received, and says whether it was for itself. */
  divert(consume: (message: Message[]) => boolean): void {
    this.#consume = consume
  }

  clear(): void {
    this.#messages.length = 0
    this.#head = 0
  }

  /** The next message, or undefined if the socket has none either. */
  take(): Message[] | undefined {
    if (this.isEmpty) {
      this.clear()
      this.#fetch(this.#nextLimit(), this.#messages as Message[][])
      if (this.isEmpty) {
        this.#streak = 0
        return undefined
      }
      this.#streak += 1
    }
    const message = this.#messages[this.#head]
    this.#messages[this.#head] = undefined
    this.#head += 1
    return message
  }

  /** The next messages, up to `max`, or undefined if the socket has none either. */
  takeMany(max: number): Message[][] | undefined {
    if (!this.isEmpty) {
      const messages = this.#messages.slice(this.#head, this.#head + max) as Message[][]
      this.#messages.fill(undefined, this.#head, this.#head + messages.length)
      this.#head += messages.length
      return messages
    }
    this.clear()
    const messages: Message[][] = []
    // Who asks for many takes all of them upon himself: there is no need to begin with one.
    this.#fetch(Math.min(max, this.#mostNow()), messages)
    return messages.length === 0 ? undefined : messages
  }

  /** The next message with its metadata, or undefined if the socket has none. From now on nothing is fetched ahead. */
  takeWithMetadata(names: string[]): MessageWithMetadata | undefined {
    this.#keepsMetadata = true
    this.reconsider()
    if (!this.isEmpty) {
      const parts = this.take() as Message[]
      return withMetadata.get(parts) ?? withoutMetadata(parts)
    }
    for (;;) {
      const message = this.#receiveWithMetadata(this.#slot, names)
      if (message === undefined) return undefined
      if (this.#consume?.(message.parts) === true) continue
      if (!this.usersAreCertain) message.userId = null
      return message
    }
  }

  /** Puts messages back that were taken and not delivered; see `withReturned`. */
  putBack(messages: Message[][], order: number): void {
    this.#messages = withReturned(this.takeAll(), messages, order)
  }

  putBackWithMetadata(message: MessageWithMetadata, order: number): void {
    withMetadata.set(message.parts, message)
    this.putBack([message.parts], order)
  }

  /** What was taken off the socket already. */
  takeAll(): Message[][] {
    const messages = this.#messages.slice(this.#head) as Message[][]
    this.clear()
    return messages
  }

  /** Takes up to `limit` messages off the socket; none means that it has none. */
  #fetch(limit: number, messages: Message[][]): void {
    for (;;) {
      this.#drain(this.#slot, limit, messages, this.#shared)
      const consume = this.#consume
      if (consume === undefined || messages.length === 0) return
      const kept = messages.filter((message) => !consume(message))
      messages.splice(0, messages.length, ...kept)
      if (kept.length > 0) return
    }
  }

  #mostNow(): number {
    if (this.#keepsMetadata) return 1
    if (this.#most === undefined) {
      const most = this.#mostAhead()
      this.#most = most === 0 ? Number.MAX_SAFE_INTEGER : most
    }
    return this.#most
  }

  #nextLimit(): number {
    // Single messages, with waiting between them, are the common case and cost nothing here.
    if (this.#streak === 0) return 1
    const most = Math.min(this.#mostNow(), MOST)
    if (most === 1) return 1
    const turn = currentTurn()
    const time = clock.now()
    const quick = turn === this.#lastTurn && time - this.#lastTime < QUICK
    this.#limit = quick ? Math.min(this.#limit * 2, most) : 1
    this.#lastTurn = turn
    this.#lastTime = time
    return this.#limit
  }
}
