// The events that were not read yet, and the operations that wait for the next one.

import { reasonOf } from "../base/abort.js"
import type { OperationOptions } from "../base/checks.js"
import { busyObserverError, closedError, interruptedError, timeoutError } from "../base/errors.js"
import { type Iteration, type Source, SourceIterator, withReturned } from "../base/iteration.js"
import { Waiter, WaitingLine } from "../socket/queues.js"
import type { Event } from "./decoding.js"

/** The maximum number of unread events. Beyond it, the oldest are discarded. */
const KEPT = 10_000

/** An operation that waits for an event, which others can still read. */
interface Watcher {
  isAwaited(event: Event): boolean
  waiter: Waiter<Event>
}

export class EventQueue {
  #events: Event[] = []
  readonly #readers = new WaitingLine("receive")
  readonly #watchers = new Set<Watcher>()
  readonly #waitingChanged: () => void
  #closed = false
  /** The error that a receive throws because events are read in another way. */
  #refusal: (() => Error) | undefined

  /** @param waitingChanged Called when an operation may have started or stopped waiting. */
  constructor(waitingChanged: () => void) {
    this.#waitingChanged = waitingChanged
  }

  /** Whether an operation waits for an event. */
  get isAwaited(): boolean {
    return !this.#readers.isEmpty || this.#watchers.size > 0
  }

  /** Adds an event, and serves the operations that wait for one. */
  push(event: Event): void {
    this.#events.push(event)
    if (this.#events.length > KEPT) this.#events.shift()
    this.#readers.serve()
    this.#waitingChanged()
  }

  /** From now on events cannot be received. */
  refuse(error: () => Error): void {
    this.#refusal = error
    this.#readers.rejectAll(error)
    this.#waitingChanged()
  }

  /** Takes all events. */
  takeAll(): Event[] {
    return this.#events.splice(0)
  }

  /** No more events will come. Those that are kept can still be read. */
  close(): void {
    this.#closed = true
    this.#readers.rejectAll(interruptedError)
    for (const { waiter } of this.#watchers) waiter.reject(interruptedError())
    this.#watchers.clear()
    this.#waitingChanged()
  }

  receive(options: OperationOptions | undefined): Promise<Event> {
    this.#checkReceive()
    if (options?.signal?.aborted) return Promise.reject(reasonOf(options.signal))
    const event = this.#events.shift()
    if (event !== undefined) return Promise.resolve(event)
    if (this.#closed) throw closedError()
    return this.#read<Event>((waiter, next) => waiter.resolve(next), options).promise
  }

  /** @param signal Ends the iterator. */
  iterate(timeout?: number, signal?: AbortSignal): Iteration<Event> {
    const source: Source<Event, Waiter<void>> = {
      isEnded: () => this.#closed && this.#events.length === 0,
      take: () => {
        this.#checkReceive()
        return this.#events.shift()
      },
      wait: (hold) =>
        this.#read<void>(
          (waiter, event) => {
            hold(event)
            waiter.resolve()
          },
          timeout === undefined ? undefined : { timeout },
        ),
      cancel: (waiter) => {
        if (this.#readers.remove(waiter)) waiter.reject(undefined)
        this.#waitingChanged()
      },
      putBack: (event, order) => {
        if (this.#refusal !== undefined) return false
        this.#events = withReturned(this.#events, [event], order)
        this.#readers.serve()
        this.#waitingChanged()
        return true
      },
    }
    return new SourceIterator(source, signal)
  }

  /** Resolves with the next event for which `isAwaited` returns true. Others can still read it. */
  watchFor(isAwaited: Watcher["isAwaited"], options: OperationOptions | undefined): Promise<Event> {
    if (this.#closed) return Promise.reject(closedError())
    if (options?.signal?.aborted) return Promise.reject(reasonOf(options.signal))
    const waiter = new Waiter<Event>(() => false)
    const watcher = { isAwaited, waiter }
    this.#watchers.add(watcher)
    return this.#limit(waiter, options, () => this.#watchers.delete(watcher)).promise
  }

  /** Resolves the operations that wait for this event. Call it before the event is kept or emitted. */
  serveWatchers(event: Event): void {
    for (const watcher of this.#watchers) {
      if (!watcher.isAwaited(event)) continue
      this.#watchers.delete(watcher)
      watcher.waiter.resolve(event)
    }
  }

  #checkReceive(): void {
    if (this.#refusal !== undefined) throw this.#refusal()
    if (!this.#readers.isEmpty) throw busyObserverError()
  }

  /** Waits for the next event, and passes it to `give`. */
  #read<T>(give: (waiter: Waiter<T>, event: Event) => void, options: OperationOptions | undefined): Waiter<T> {
    const waiter = new Waiter<T>((self) => {
      const event = this.#events.shift()
      if (event === undefined) return false
      give(self, event)
      return true
    })
    this.#readers.add(waiter)
    return this.#limit(waiter, options, () => this.#readers.remove(waiter))
  }

  /** @param remove Removes the waiter from those that wait. */
  #limit<T>(waiter: Waiter<T>, options: OperationOptions | undefined, remove: () => void): Waiter<T> {
    const giveUp = (reason: unknown) => {
      remove()
      waiter.reject(reason)
      this.#waitingChanged()
    }
    if (options?.timeout === 0) giveUp(timeoutError())
    else waiter.limit(options?.timeout ?? -1, options?.signal, giveUp)
    this.#waitingChanged()
    return waiter
  }
}
