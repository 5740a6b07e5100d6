// The messages of one socket, both ways: operations that are done at once, and those that wait.

import { isTypedArray } from "node:util/types"

import { reasonOf } from "../base/abort.js"
import { batchError, blockedError, closedError, expected, lentError, timeoutError } from "../base/errors.js"
import { SourceIterator } from "../base/iteration.js"
import { clearTimeout, setTimeout, type Timer } from "../base/timers.js"
import { settled, settledWith } from "../base/turn.js"
import { Inbox } from "../message/inbox.js"
import type { drain } from "../message/message.js"
import {
  type MessageWithMetadata,
  type MetadataOptions,
  propertyNames,
  type receiveWithMetadata,
} from "../message/metadata.js"
import { type Batch, keep, OUT, Outbox, type Outgoing, WaitingMemory } from "../message/outbox.js"
import { addon, constant } from "../native/addon.js"
import type { BatchOptions, Iteration, Message, MessageLike, OperationOptions } from "./interfaces.js"
import { checkOperation, Waiter, WaitingLine } from "./queues.js"

const IN = constant("ZMQ_POLLIN")

/** A send that is refused although ZMQ_EVENTS tells of room is tried again after so many milliseconds. */
const RETRY = 10

/** The most messages of one array of a batch, unless `max` says otherwise. */
const BATCH = 256

export enum State {
  Open = 0,
  /** A bind or unbind runs on another thread. */
  Blocked = 1,
  Closed = 2,
  /** A proxy has it. */
  Lent = 3,
}

/** What the socket says about its options. */
export interface TrafficOptions {
  sendTimeout(): number
  receiveTimeout(): number
  /** The most messages that may be fetched before they are asked for, 0 for any number. */
  mostAhead(): number
}

/** How the messages of a socket are sent and received, where they are not arrays of parts. */
export interface MessageForm {
  outbox?: Outbox
  drain?: typeof drain
  receiveWithMetadata?: typeof receiveWithMetadata
}

function checkMessages(messages: unknown): void {
  if (typeof messages === "object" && messages !== null && Symbol.iterator in messages && !isTypedArray(messages))
    return
  throw expected("messages", "an array or another iterable of messages", messages)
}

function checkMax(options: BatchOptions | undefined): number {
  if (options === undefined) return BATCH
  checkOperation(options, "max")
  const { max = BATCH } = options
  if (!(Number.isSafeInteger(max) && max > 0)) throw expected("max", "a whole number above 0", max)
  return max
}

export class Traffic {
  state = State.Open
  readonly inbox: Inbox
  readonly readers = new WaitingLine("receive")
  readonly writers = new WaitingLine("send")
  readonly #slot: number
  readonly #outbox: Outbox
  readonly #options: TrafficOptions
  /** What the addon watches for. */
  #watched = 0
  #retry: Timer | undefined
  #keepAlive = true

  /** @param type The number of the socket type in zmq.h. */
  constructor(slot: number, type: number, options: TrafficOptions, form?: MessageForm) {
    this.#slot = slot
    this.#options = options
    this.inbox = new Inbox(slot, () => options.mostAhead(), form?.drain, form?.receiveWithMetadata)
    this.#outbox = form?.outbox ?? new Outbox(slot, type)
  }

  /** Throws unless messages can be sent and received. */
  checkUsable(): void {
    if (this.state === State.Open) return
    if (this.state === State.Closed) throw closedError()
    throw this.state === State.Lent ? lentError() : blockedError()
  }

  get readable(): boolean {
    return !this.inbox.isEmpty || (this.#look() & IN) !== 0
  }

  get writable(): boolean {
    return (this.#look() & OUT) !== 0 && this.writers.hasRoom
  }

  /** To be called when the addon's socket is closed. */
  close(): void {
    this.state = State.Closed
    this.inbox.clear()
    clearTimeout(this.#retry)
    this.readers.rejectAll(timeoutError)
    this.writers.rejectAll(timeoutError)
  }

  keepAlive(keep: boolean): void {
    this.#keepAlive = keep
    this.readers.keepAlive(keep)
    this.writers.keepAlive(keep)
  }

  // --- Waiting

  /** Nothing may be called on the socket until the next `attend`. */
  stopWatching(): void {
    clearTimeout(this.#retry)
    this.#watch(0)
  }

  #wanted(): number {
    return (this.readers.isEmpty ? 0 : IN) | (this.writers.isEmpty ? 0 : OUT)
  }

  /** True if some of it may have come before anybody watched. */
  #watch(events: number): boolean {
    if (events === this.#watched) return false
    this.#watched = events
    return addon.watch(this.#slot, events)
  }

  #look(): number {
    const events = addon.events(this.#slot)
    if (this.#wanted() === 0) return events
    // What is there may be for somebody who waits.
    this.attend()
    const left = addon.events(this.#slot)
    this.attend()
    return left
  }

  /** Lets go on what waited for these events, which have come. */
  serve(ready: number): void {
    if (this.state !== State.Open) return
    if ((ready & IN) !== 0) this.readers.serve()
    if ((ready & OUT) !== 0) this.writers.serve()
    if (ready === IN) this.#attendAfterReceive()
    else this.attend()
  }

  /**
   * The same, when the last call on the socket was a receive. One that finds nothing has looked at all that libzmq's
   * threads have told, so where only readers wait, there is nothing unseen: a look at ZMQ_EVENTS, which costs as much as
   * several sends, can be spared.
   */
  #attendAfterReceive(): void {
    if (!this.writers.isEmpty || this.#watch(this.#wanted())) this.attend()
  }

  /**
   * To be called after anything that may have used up the edge of ZMQ_FD, which is any call on the socket: looks at
   * ZMQ_EVENTS, lets go on what can, and watches for what still waits.
   */
  attend(): void {
    if (this.state !== State.Open) return
    let refused = 0
    for (;;) {
      const wanted = this.#wanted() & ~refused
      if (wanted === 0) break
      const ready = addon.events(this.#slot) & wanted
      if (ready === 0) break
      if ((ready & IN) !== 0) {
        this.readers.serve()
        if (!this.readers.isEmpty) refused |= IN
      }
      if ((ready & OUT) !== 0) {
        this.writers.serve()
        if (!this.writers.isEmpty) refused |= OUT
      }
    }
    if (this.#watch(this.#wanted())) {
      this.attend()
      return
    }
    if (refused !== 0) {
      // Such a socket may always count as writable, so its edge may have been used up in here unseen.
      clearTimeout(this.#retry)
      this.#retry = setTimeout(() => this.serve(refused), RETRY)
      if (!this.#keepAlive) this.#retry.unref()
    }
  }

  #wait<T>(
    line: WaitingLine,
    attempt: (waiter: Waiter<T>) => boolean,
    timeout: number,
    options: OperationOptions | undefined,
    failure?: (reason: unknown) => unknown,
  ): Waiter<T> {
    const waiter = new Waiter<T>(attempt, failure)
    // Some of those that wait may not have to any more.
    if (!line.isEmpty) this.attend()
    const refusal = timeout === 0 ? timeoutError() : line.admit()
    if (refusal !== undefined) {
      waiter.reject(refusal)
      this.attend()
      return waiter
    }
    waiter.limit(timeout, options?.signal, (reason) => {
      line.remove(waiter)
      waiter.reject(reason)
      this.attend()
    })
    waiter.keepAlive(this.#keepAlive)
    const first = line.isEmpty
    line.add(waiter)
    if (first && line === this.readers) this.#attendAfterReceive()
    else this.attend()
    return waiter
  }

  // --- Sending. What is done at once makes no closures, which cost as much as the call.

  send(message: MessageLike | MessageLike[], options?: OperationOptions): Promise<void> {
    const outgoing = this.#outbox.prepare(message)
    if (options !== undefined) checkOperation(options)
    this.checkUsable()
    this.writers.checkBusy()
    if (options?.signal?.aborted) return Promise.reject(reasonOf(options.signal))
    try {
      if (this.writers.isEmpty && this.#outbox.send(outgoing)) {
        if (!this.readers.isEmpty) this.attend()
        return settled()
      }
    } catch (error) {
      if (!this.readers.isEmpty) this.attend()
      return Promise.reject(error)
    }
    return this.#sendLater(outgoing, options)
  }

  /** libzmq refuses a send without looking whether room was made meanwhile, which only a look at ZMQ_EVENTS tells. */
  #sendAfterLook(outgoing: Outgoing): boolean {
    return (addon.events(this.#slot) & OUT) !== 0 && this.#outbox.send(outgoing)
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
    return this.#wait(this.writers, attempt, options?.timeout ?? this.#options.sendTimeout(), options).promise
  }

  sendMany(messages: Iterable<MessageLike | MessageLike[]>, options?: OperationOptions): Promise<void> {
    checkMessages(messages)
    const batch = this.#outbox.prepareMany(messages)
    if (options !== undefined) checkOperation(options)
    this.checkUsable()
    this.writers.checkBusy()
    if (options?.signal?.aborted) return Promise.reject(batchError(reasonOf(options.signal), 0, true))
    try {
      if (this.writers.isEmpty && this.#outbox.sendMany(batch)) {
        if (!this.readers.isEmpty) this.attend()
        return settled(batch.messages.length)
      }
    } catch (error) {
      if (!this.readers.isEmpty) this.attend()
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
    return this.#wait(this.writers, attempt, options?.timeout ?? this.#options.sendTimeout(), options, failure).promise
  }

  trySend(message: MessageLike | MessageLike[]): boolean {
    const outgoing = this.#outbox.prepare(message)
    this.checkUsable()
    if (!this.writers.isEmpty) return false
    try {
      return this.#outbox.send(outgoing) || this.#sendAfterLook(outgoing)
    } finally {
      if (!this.readers.isEmpty) this.attend()
    }
  }

  // --- Receiving

  receive(options?: OperationOptions): Promise<Message[]> {
    if (options !== undefined) checkOperation(options)
    this.checkUsable()
    this.readers.checkBusy()
    if (options?.signal?.aborted) return Promise.reject(reasonOf(options.signal))
    try {
      const message = this.#take()
      if (message !== undefined) return settledWith(message)
    } catch (error) {
      return Promise.reject(error)
    }
    return this.#receiveLater(() => this.inbox.take(), options)
  }

  receiveMany(options?: BatchOptions): Promise<Message[][]> {
    const max = checkMax(options)
    this.checkUsable()
    this.readers.checkBusy()
    if (options?.signal?.aborted) return Promise.reject(reasonOf(options.signal))
    try {
      const messages = this.#takeMany(max)
      if (messages !== undefined) return settledWith(messages, messages.length)
    } catch (error) {
      return Promise.reject(error)
    }
    return this.#receiveLater(() => this.inbox.takeMany(max), options)
  }

  receiveWithMetadata(options?: MetadataOptions): Promise<MessageWithMetadata> {
    const names = propertyNames(options)
    this.checkUsable()
    this.readers.checkBusy()
    if (options?.signal?.aborted) return Promise.reject(reasonOf(options.signal))
    try {
      const message = this.#takeWithMetadata(names)
      if (message !== undefined) return settledWith(message)
    } catch (error) {
      return Promise.reject(error)
    }
    return this.#receiveLater(() => this.inbox.takeWithMetadata(names), options)
  }

  withMetadata(options?: MetadataOptions): Iteration<MessageWithMetadata> {
    const names = propertyNames(options)
    return this.#iterate(
      () => this.#takeWithMetadata(names),
      () => this.inbox.takeWithMetadata(names),
      (message, order) => this.inbox.putBackWithMetadata(message, order),
      options,
    )
  }

  tryReceive(): Message[] | undefined {
    this.checkUsable()
    return this.#take()
  }

  iterate(): Iteration<Message[]> {
    return this.#iterate(
      () => this.#take(),
      () => this.inbox.take(),
      (message, order) => this.inbox.putBack([message], order),
    )
  }

  batches(options?: BatchOptions): Iteration<Message[][]> {
    const max = checkMax(options)
    return this.iterateMany(() => max, options)
  }

  /** @param max Asked for at each step. */
  iterateMany(max: () => number, options?: OperationOptions): Iteration<Message[][]> {
    return this.#iterate(
      () => this.#takeMany(max()),
      () => this.inbox.takeMany(max()),
      (messages, order) => this.inbox.putBack(messages, order),
      options,
    )
  }

  /** What is there, unless others wait for it. */
  #take(): Message[] | undefined {
    if (!this.readers.isEmpty) return undefined
    if (this.writers.isEmpty || !this.inbox.isEmpty) return this.inbox.take()
    try {
      return this.inbox.take()
    } finally {
      this.attend()
    }
  }

  #takeWithMetadata(names: string[]): MessageWithMetadata | undefined {
    if (!this.readers.isEmpty) return undefined
    try {
      return this.inbox.takeWithMetadata(names)
    } finally {
      if (!this.writers.isEmpty) this.attend()
    }
  }

  #takeMany(max: number): Message[][] | undefined {
    if (!this.readers.isEmpty) return undefined
    try {
      return this.inbox.takeMany(max)
    } finally {
      if (!this.writers.isEmpty) this.attend()
    }
  }

  #receiveLater<T>(take: () => T | undefined, options?: OperationOptions): Promise<T> {
    const attempt = (waiter: Waiter<T>) => {
      const taken = take()
      if (taken === undefined) return false
      waiter.resolve(taken)
      return true
    }
    return this.#wait(this.readers, attempt, options?.timeout ?? this.#options.receiveTimeout(), options).promise
  }

  /**
   * @param take Takes what is there, unless other readers wait for it.
   * @param takeInTurn Takes what is there when this reader is the first in the line.
   */
  #iterate<T>(
    take: () => T | undefined,
    takeInTurn: () => T | undefined,
    putBack: (value: T, order: number) => void,
    options?: OperationOptions,
  ): Iteration<T> {
    return new SourceIterator<T, Waiter<void>>({
      isEnded: () => this.state === State.Closed,
      take: () => {
        this.checkUsable()
        this.readers.checkBusy()
        if (options?.signal?.aborted) throw reasonOf(options.signal)
        return take()
      },
      wait: (hold) => {
        const attempt = (waiter: Waiter<void>) => {
          const value = takeInTurn()
          if (value === undefined) return false
          hold(value)
          waiter.resolve()
          return true
        }
        return this.#wait(this.readers, attempt, options?.timeout ?? this.#options.receiveTimeout(), options)
      },
      cancel: (waiter) => this.cancel(waiter, undefined),
      putBack: (value, order) => {
        // During a bind, a reader that is served may not call libzmq. A proxy has already taken the messages in the inbox.
        if (this.state !== State.Open && !(this.state === State.Blocked && this.readers.isEmpty)) return false
        putBack(value, order)
        if (!this.readers.isEmpty) {
          this.readers.serve()
          this.attend()
        }
        return true
      },
    })
  }

  /** Removes a reader from the line and rejects it, if it still waits. */
  cancel(reader: Waiter<void>, reason: unknown): void {
    if (!this.readers.remove(reader)) return
    reader.reject(reason)
    this.attend()
  }
}
