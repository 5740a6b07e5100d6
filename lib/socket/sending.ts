// Sends: libzmq takes a message at once, or the send waits for room. queues.ts decides how many can wait, and what happens if one more
// comes (`sendQueue`).

import { isTypedArray } from "node:util/types"

import { reasonOf } from "../base/abort.js"
import { checkOperation, expected, type OperationOptions } from "../base/checks.js"
import { batchError } from "../base/errors.js"
import { settled } from "../base/turn.js"
import type { MessageLike } from "../message/message.js"
import { type Batch, keep, type Outbox, type Outgoing, WaitingMemory } from "../message/outbox.js"
import { addon, POLLOUT } from "../native/addon.js"
import type { Waiter, WaitingLine } from "./queues.js"
import type { Readiness } from "./readiness.js"

function checkMessages(messages: unknown): void {
  if (typeof messages === "object" && messages !== null && Symbol.iterator in messages && !isTypedArray(messages))
    return
  throw expected("messages", "an array or another iterable of messages", messages)
}

/** Sends the messages of a socket. A send that is done at once creates no closures, because they cost as much as the call. */
export class Sending {
  readonly #slot: number
  readonly #readiness: Readiness
  readonly #readers: WaitingLine
  readonly #writers: WaitingLine
  readonly #outbox: Outbox
  readonly #timeout: () => number

  /** @param timeout Returns the default timeout of a send, in milliseconds. */
  constructor(slot: number, readiness: Readiness, outbox: Outbox, timeout: () => number) {
    this.#slot = slot
    this.#readiness = readiness
    this.#readers = readiness.readers
    this.#writers = readiness.writers
    this.#outbox = outbox
    this.#timeout = timeout
  }

  get isPossible(): boolean {
    return (this.#readiness.look() & POLLOUT) !== 0 && this.#writers.hasRoom
  }

  /** See Outbox. */
  get fillers(): number {
    return this.#outbox.fillers
  }

  send(message: MessageLike | MessageLike[], options?: OperationOptions): Promise<void> {
    const outgoing = this.#outbox.prepare(message)
    if (options !== undefined) checkOperation(options)
    this.#readiness.checkUsable()
    this.#writers.checkBusy()
    if (options?.signal?.aborted) return Promise.reject(reasonOf(options.signal))
    try {
      if (this.#writers.isEmpty && this.#outbox.send(outgoing)) {
        if (!this.#readers.isEmpty) this.#readiness.attend()
        return settled()
      }
    } catch (error) {
      if (!this.#readers.isEmpty) this.#readiness.attend()
      return Promise.reject(error)
    }
    return this.#sendLater(outgoing, options)
  }

  /** libzmq may refuse a send although there is room again by now. Reading ZMQ_EVENTS makes it notice. */
  #sendAfterLook(outgoing: Outgoing): boolean {
    return (addon.events(this.#slot) & POLLOUT) !== 0 && this.#outbox.send(outgoing)
  }

  #sendLater(outgoing: Outgoing, options: OperationOptions | undefined): Promise<void> {
    const kept = keep(outgoing)
    const memory = new WaitingMemory([kept])
    const attempt = (waiter: Waiter<void>) => {
      memory.check()
      if (!this.#outbox.send(kept)) return false
      waiter.resolve()
      return true
    }
    return this.#readiness.wait(this.#writers, attempt, options?.timeout ?? this.#timeout(), options).promise
  }

  sendMany(messages: Iterable<MessageLike | MessageLike[]>, options?: OperationOptions): Promise<void> {
    checkMessages(messages)
    const batch = this.#outbox.prepareMany(messages)
    if (options !== undefined) checkOperation(options)
    this.#readiness.checkUsable()
    this.#writers.checkBusy()
    if (options?.signal?.aborted) return Promise.reject(batchError(reasonOf(options.signal), 0, true))
    try {
      if (this.#writers.isEmpty && this.#outbox.sendMany(batch)) {
        if (!this.#readers.isEmpty) this.#readiness.attend()
        return settled(batch.messages.length)
      }
    } catch (error) {
      if (!this.#readers.isEmpty) this.#readiness.attend()
      return Promise.reject(batchError(error, batch.sent, false))
    }
    return this.#sendManyLater(batch, options)
  }

  #sendManyLater(batch: Batch, options: OperationOptions | undefined): Promise<void> {
    batch.keep()
    const memory = new WaitingMemory(batch.messages)
    const signal = options?.signal
    const failure = (error: unknown) =>
      batchError(error, batch.sent, signal?.aborted === true && error === signal.reason)
    const attempt = (waiter: Waiter<void>) => {
      memory.check()
      if (!this.#outbox.sendMany(batch)) return false
      waiter.resolve()
      return true
    }
    return this.#readiness.wait(this.#writers, attempt, options?.timeout ?? this.#timeout(), options, failure).promise
  }

  trySend(message: MessageLike | MessageLike[]): boolean {
    const outgoing = this.#outbox.prepare(message)
    this.#readiness.checkUsable()
    if (!this.#writers.isEmpty) return false
    try {
      return this.#outbox.send(outgoing) || this.#sendAfterLook(outgoing)
    } finally {
      if (!this.#readers.isEmpty) this.#readiness.attend()
    }
  }
}
