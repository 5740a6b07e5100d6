// Operations that wait: their promise, timeout and signal, and the lines in which they wait (`sendQueue`, `receiveQueue`).

import { reasonOf, stopWaiting, waitForAbort } from "../base/abort.js"
import { checkNames, expected, LONGEST_TIMER } from "../base/checks.js"
import { busyReadingError, busyWritingError, droppedError, queueFullError, timeoutError } from "../base/errors.js"
import { clearTimeout, setTimeout, type Timer } from "../base/timers.js"
import { nextTurnIfPending } from "../base/turn.js"

/** How many operations can wait at a time, and what happens if one more comes. */
export interface QueueOptions {
  /** The maximum number of waiting operations. While it is reached, `writable` is false. */
  limit: number
  /**
   * What happens to one more. "wait" (the default): it waits as well. "reject": it rejects with EBUSY. "drop-oldest": it waits, and the one
   * that has waited longest rejects with ECANCELED.
   */
  whenFull?: "wait" | "reject" | "drop-oldest"
}

/** The limit of a queue that was set to `true`. */
const LIMIT = 1000

/** One waiting operation. It settles once, and whatever settles it removes it from its line. */
export class Waiter<T> {
  readonly promise: Promise<T>
  /** Tries to finish the operation: settles it and returns true, or returns false if it must wait longer. May throw. */
  readonly attempt: (waiter: Waiter<T>) => boolean
  readonly #failure: (reason: unknown) => unknown
  #resolve!: (value: T) => void
  #reject!: (reason: unknown) => void
  #timer: Timer | undefined
  #signal: AbortSignal | undefined
  #onAbort: (() => void) | undefined

  /** @param failure Converts a reason to the value that the promise rejects with. */
  constructor(attempt: (waiter: Waiter<T>) => boolean, failure: (reason: unknown) => unknown = (reason) => reason) {
    this.attempt = attempt
    this.#failure = failure
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /**
   * @param timeout In milliseconds, -1 for no limit.
   * @param giveUp Called with the reason when the time has passed or the signal is aborted.
   */
  limit(timeout: number, signal: AbortSignal | undefined, giveUp: (reason: unknown) => void): void {
    if (timeout >= 0 && timeout <= LONGEST_TIMER) this.#timer = setTimeout(() => giveUp(timeoutError()), timeout)
    if (signal !== undefined) {
      this.#signal = signal
      this.#onAbort = () => giveUp(reasonOf(signal))
      waitForAbort(signal, this.#onAbort)
    }
  }

  resolve(value: T): void {
    this.#tidy()
    const later = nextTurnIfPending()
    if (later === undefined) this.#resolve(value)
    else later.then(() => this.#resolve(value))
  }

  reject(reason: unknown): void {
    this.#tidy()
    this.#reject(this.#failure(reason))
  }

  keepAlive(keep: boolean): void {
    if (keep) this.#timer?.ref()
    else this.#timer?.unref()
  }

  #tidy(): void {
    clearTimeout(this.#timer)
    if (this.#signal !== undefined && this.#onAbort !== undefined) stopWaiting(this.#signal, this.#onAbort)
  }
}

// biome-ignore lint/suspicious/noExplicitAny: operations of all kinds wait in one line
type AnyWaiter = Waiter<any>

/** The waiting operations of one direction, in the order of the calls. */
export class WaitingLine {
  readonly #direction: "send" | "receive"
  readonly #waiters: AnyWaiter[] = []
  #queue: QueueOptions | null = null

  constructor(direction: "send" | "receive") {
    this.#direction = direction
  }

  get length(): number {
    return this.#waiters.length
  }

  get isEmpty(): boolean {
    return this.#waiters.length === 0
  }

  /** The newest operation. */
  get last(): AnyWaiter | undefined {
    return this.#waiters.at(-1)
  }

  get queue(): QueueOptions | null {
    return this.#queue
  }

  set queue(queue: QueueOptions | true | null) {
    if (queue === null) {
      this.#queue = null
      return
    }
    if (queue !== true && typeof queue !== "object") {
      throw expected(`${this.#direction}Queue`, "an object, true or null", queue)
    }
    if (queue !== true) checkNames(queue, "limit", "whenFull")
    const { limit, whenFull = "wait" } = queue === true ? { limit: LIMIT } : queue
    if (!(Number.isSafeInteger(limit) && limit > 0)) throw expected("limit", "a positive integer", limit)
    if (whenFull !== "wait" && whenFull !== "reject" && whenFull !== "drop-oldest") {
      throw expected("whenFull", `"wait", "reject" or "drop-oldest"`, whenFull)
    }
    this.#queue = Object.freeze({ limit, whenFull })
  }

  /** Whether one more operation can wait. */
  get hasRoom(): boolean {
    return this.#waiters.length < (this.#queue?.limit ?? 1)
  }

  /** Throws if an operation is waiting and there is no queue for others. */
  checkBusy(): void {
    if (this.#queue !== null || this.isEmpty) return
    throw this.#direction === "send" ? busyWritingError() : busyReadingError()
  }

  /** Makes room for one more operation. Returns an error if it must fail instead. */
  admit(): Error | undefined {
    if (this.#queue === null || this.hasRoom) return undefined
    if (this.#queue.whenFull === "reject") return queueFullError(this.#direction, this.#queue.limit)
    if (this.#queue.whenFull === "drop-oldest") {
      while (!this.hasRoom) this.#waiters.shift()?.reject(droppedError(this.#direction))
    }
    return undefined
  }

  add(waiter: AnyWaiter): void {
    this.#waiters.push(waiter)
  }

  /** Returns false if it no longer waits here. */
  remove(waiter: AnyWaiter): boolean {
    const index = this.#waiters.indexOf(waiter)
    if (index >= 0) this.#waiters.splice(index, 1)
    return index >= 0
  }

  /** Tries the operations in order, until one must wait longer. */
  serve(): void {
    for (let first = this.#waiters[0]; first !== undefined; first = this.#waiters[0]) {
      try {
        if (!first.attempt(first)) return
      } catch (error) {
        first.reject(error)
      }
      this.#waiters.shift()
    }
  }

  rejectAll(reason: () => unknown): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(reason())
  }

  keepAlive(keep: boolean): void {
    for (const waiter of this.#waiters) waiter.keepAlive(keep)
  }
}
