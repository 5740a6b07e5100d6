// The messages that were fetched from a socket but not received yet, and how many to prefetch.

import { expected } from "../base/checks.js"
import { withReturned } from "../base/iteration.js"
import { clock } from "../base/timers.js"
import { currentTurn } from "../base/turn.js"
import { countOf, type MessageCount } from "./count.js"
import type { MessageForm } from "./form.js"
import type { Message } from "./message.js"
import { SharedMemory } from "./message.js"
import { type MessageWithMetadata, withoutMetadata } from "./metadata.js"

/**
 * The memory of received parts of 65 to 1,024 bytes. Other parts always have their own.
 *
 * - "own": each part has its own memory, so `part.buffer` holds nothing else and can be transferred or cloned to a worker thread. This costs
 *   about 0.5 µs per part (docs/performance.md).
 * - "shared": parts that were fetched from the socket together, up to 64 KiB, may share memory, like Buffers of Node's pool. Use
 *   `byteOffset` with `part.buffer`. Messages of other sockets are never in the same memory.
 */
export type ReceiveMemory = "own" | "shared"

/** The maximum number of messages that one call fetches. */
const MOST = 256

/** If a consumer took longer than this over the last fetch, in milliseconds, the next fetch is one message. */
const QUICK = 1

/** The metadata of messages that were put back. */
const withMetadata = new WeakMap<Message[], MessageWithMetadata>()

/**
 * Prefetching takes messages out of libzmq's queue, where another worker could have had them. So a fetch starts with one message, and
 * doubles only while the consumer empties the last fetch within the same turn of the event loop and about a millisecond.
 */
export class Inbox {
  readonly #slot: number
  readonly #mostAhead: () => number
  readonly #drain: MessageForm["drain"]
  readonly #receiveWithMetadata: MessageForm["receiveWithMetadata"]
  #messages: (Message[] | undefined)[] = []
  #head = 0
  /** Undefined if the options may have changed since it was read. */
  #most: number | undefined
  /** The number of fetches that brought a message since the socket was last empty. */
  #streak = 0
  #limit = 1
  /** If true, nothing is prefetched, because prefetched messages lose their metadata. */
  #keepsMetadata = false
  /** Whether every connection of the socket is authenticated. If not, a peer may have set its "User-Id" itself. */
  usersAreCertain = true
  /** The messages that were not for the program to receive. */
  readonly diverted: MessageCount = { messages: 0, bytes: 0 }
  /** Returns true for a message that is not for the program to receive. */
  #consume: ((message: Message[]) => boolean) | undefined
  #lastTurn = -1
  #lastTime = 0
  #memory: ReceiveMemory | undefined
  /** Undefined if each part gets its own memory. */
  #shared: SharedMemory | undefined = new SharedMemory()

  /**
   * @param slot The socket's slot.
   * @param form Fetches messages.
   * @param mostAhead Returns the maximum number of messages to prefetch, 0 for any number. Called again if options have changed.
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

  /** Gives each part its own memory, because the messages are secret, unless the program has set `memory`. */
  protect(): void {
    if (this.#memory === undefined) this.#shared = undefined
  }

  /** The messages that it holds. */
  get fetched(): MessageCount {
    return countOf(this.#messages.slice(this.#head) as Message[][])
  }

  get isEmpty(): boolean {
    return this.#head === this.#messages.length
  }

  /** Call it if options that limit prefetching have changed. */
  reconsider(): void {
    this.#most = undefined
  }

  /** @param consume Called with each message before the program can receive it. Returns true to take the message. */
  divert(consume: (message: Message[]) => boolean): void {
    this.#consume = consume
  }

  clear(): void {
    this.#messages.length = 0
    this.#head = 0
  }

  /** The next message, or undefined if there is none. */
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

  /** The next messages, up to `max`, or undefined if there are none. */
  takeMany(max: number): Message[][] | undefined {
    if (!this.isEmpty) {
      const messages = this.#messages.slice(this.#head, this.#head + max) as Message[][]
      this.#messages.fill(undefined, this.#head, this.#head + messages.length)
      this.#head += messages.length
      return messages
    }
    this.clear()
    const messages: Message[][] = []
    // A caller that asks for many takes all of them, so there is no need to start with one.
    this.#fetch(Math.min(max, this.#mostNow()), messages)
    return messages.length === 0 ? undefined : messages
  }

  /** The next message with its metadata, or undefined if there is none. From now on nothing is prefetched. */
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
      if (this.#diverts(message.parts)) continue
      if (!this.usersAreCertain) message.userId = null
      return message
    }
  }

  /** Puts back messages that were taken but not delivered; see `withReturned`. */
  putBack(messages: Message[][], order: number): void {
    this.#messages = withReturned(this.takeAll(), messages, order)
  }

  putBackWithMetadata(message: MessageWithMetadata, order: number): void {
    withMetadata.set(message.parts, message)
    this.putBack([message.parts], order)
  }

  /** Takes all messages that were fetched already. */
  takeAll(): Message[][] {
    const messages = this.#messages.slice(this.#head) as Message[][]
    this.clear()
    return messages
  }

  /** Fetches up to `limit` messages. If it fetches none, the socket has none. */
  #fetch(limit: number, messages: Message[][]): void {
    for (;;) {
      this.#drain(this.#slot, limit, messages, this.#shared)
      if (this.#consume === undefined || messages.length === 0) return
      const kept = messages.filter((message) => !this.#diverts(message))
      messages.splice(0, messages.length, ...kept)
      if (kept.length > 0) return
    }
  }

  #diverts(message: Message[]): boolean {
    if (this.#consume?.(message) !== true) return false
    const { messages, bytes } = countOf([message])
    this.diverted.messages += messages
    this.diverted.bytes += bytes
    return true
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
    // The common case, single messages with waits between them, costs nothing here.
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
