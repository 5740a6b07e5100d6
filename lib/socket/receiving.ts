// Receives and iterators: they take a message that is there, or wait for one.

import { reasonOf } from "../base/abort.js"
import { checkOperation, expected, type OperationOptions } from "../base/checks.js"
import { type Iteration, type Source, SourceIterator } from "../base/iteration.js"
import { settledWith } from "../base/turn.js"
import type { Inbox } from "../message/inbox.js"
import type { Message } from "../message/message.js"
import { type MessageWithMetadata, type MetadataOptions, propertyNames } from "../message/metadata.js"
import { POLLIN } from "../native/addon.js"
import type { Waiter, WaitingLine } from "./queues.js"
import type { Readiness } from "./readiness.js"

/** Options of an operation with many messages. */
export interface BatchOptions extends OperationOptions {
  /** The maximum number of messages in one array. Default 256. */
  max?: number
}

/** The default of `max`. */
const BATCH = 256

function checkMax(options: BatchOptions | undefined): number {
  if (options === undefined) return BATCH
  checkOperation(options, "max")
  const { max = BATCH } = options
  if (!(Number.isSafeInteger(max) && max > 0)) throw expected("max", "a positive integer", max)
  return max
}

/** Receives the messages of a socket. */
export class Receiving {
  readonly inbox: Inbox
  readonly #readiness: Readiness
  readonly #readers: WaitingLine
  readonly #writers: WaitingLine
  readonly #timeout: () => number

  /** @param timeout Returns the default timeout of a receive, in milliseconds. */
  constructor(readiness: Readiness, inbox: Inbox, timeout: () => number) {
    this.inbox = inbox
    this.#readiness = readiness
    this.#readers = readiness.readers
    this.#writers = readiness.writers
    this.#timeout = timeout
  }

  /** Whether the socket is closed. */
  get isEnded(): boolean {
    return this.#readiness.isClosed
  }

  get isPossible(): boolean {
    return !this.inbox.isEmpty || (this.#readiness.look() & POLLIN) !== 0
  }

  receive(options?: OperationOptions): Promise<Message[]> {
    if (options !== undefined) checkOperation(options)
    this.#readiness.checkUsable()
    this.#readers.checkBusy()
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
    this.#readiness.checkUsable()
    this.#readers.checkBusy()
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
    this.#readiness.checkUsable()
    this.#readers.checkBusy()
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
    this.#readiness.checkUsable()
    return this.#take()
  }

  /** @param signal Ends the iterator. */
  iterate(timeout?: number, signal?: AbortSignal): Iteration<Message[]> {
    return this.#iterate(
      () => this.#take(),
      () => this.inbox.take(),
      (message, order) => this.inbox.putBack([message], order),
      timeout === undefined ? undefined : { timeout },
      signal,
    )
  }

  batches(options?: BatchOptions): Iteration<Message[][]> {
    const max = checkMax(options)
    return this.iterateMany(() => max, options)
  }

  /** @param max Called at each step. */
  iterateMany(max: () => number, options?: OperationOptions): Iteration<Message[][]> {
    return this.#iterate(
      () => this.#takeMany(max()),
      () => this.inbox.takeMany(max()),
      (messages, order) => this.inbox.putBack(messages, order),
      options,
    )
  }

  /** Takes the next message, unless other readers are waiting for it. */
  #take(): Message[] | undefined {
    if (!this.#readers.isEmpty) return undefined
    if (this.#writers.isEmpty || !this.inbox.isEmpty) return this.inbox.take()
    try {
      return this.inbox.take()
    } finally {
      this.#readiness.attend()
    }
  }

  #takeWithMetadata(names: string[]): MessageWithMetadata | undefined {
    if (!this.#readers.isEmpty) return undefined
    try {
      return this.inbox.takeWithMetadata(names)
    } finally {
      if (!this.#writers.isEmpty) this.#readiness.attend()
    }
  }

  #takeMany(max: number): Message[][] | undefined {
    if (!this.#readers.isEmpty) return undefined
    try {
      return this.inbox.takeMany(max)
    } finally {
      if (!this.#writers.isEmpty) this.#readiness.attend()
    }
  }

  #receiveLater<T>(take: () => T | undefined, options?: OperationOptions): Promise<T> {
    const attempt = (waiter: Waiter<T>) => {
      const taken = take()
      if (taken === undefined) return false
      waiter.resolve(taken)
      return true
    }
    return this.#readiness.wait(this.#readers, attempt, options?.timeout ?? this.#timeout(), options).promise
  }

  /**
   * @param take Takes the next value, unless other readers are waiting for it.
   * @param takeInTurn Takes the next value when this reader is first in the line.
   * @param options Apply to each step. If their signal is aborted, the step rejects.
   * @param ends Ends the iterator without an error.
   */
  #iterate<T>(
    take: () => T | undefined,
    takeInTurn: () => T | undefined,
    putBack: (value: T, order: number) => void,
    options?: OperationOptions,
    ends?: AbortSignal,
  ): Iteration<T> {
    const source: Source<T, Waiter<void>> = {
      isEnded: () => this.isEnded,
      take: () => {
        this.#readiness.checkUsable()
        this.#readers.checkBusy()
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
        return this.#readiness.wait(this.#readers, attempt, options?.timeout ?? this.#timeout(), options)
      },
      cancel: (waiter) => this.#readiness.cancel(waiter, undefined),
      putBack: (value, order) => {
        const readiness = this.#readiness
        // During a bind, readers must not call libzmq. If a proxy has the socket, it has already taken the messages in the inbox.
        if (!readiness.isOpen && !(readiness.isBlocked && this.#readers.isEmpty)) return false
        putBack(value, order)
        if (!this.#readers.isEmpty) {
          this.#readers.serve()
          this.#readiness.attend()
        }
        return true
      },
    }
    return new SourceIterator(source, ends)
  }
}
