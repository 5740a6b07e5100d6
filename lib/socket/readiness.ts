// Whether a socket can be used, and which operations wait for it to become readable or writable.

import type { OperationOptions } from "../base/checks.js"
import { blockedError, closedError, interruptedError, lentError, timeoutError } from "../base/errors.js"
import { clearTimeout, setTimeout, type Timer } from "../base/timers.js"
import { addon, POLLIN, POLLOUT } from "../native/addon.js"
import { Waiter, WaitingLine } from "./queues.js"

/** If libzmq refuses a send although ZMQ_EVENTS reports room, it is retried after this many milliseconds. */
const RETRY = 10

enum State {
  Open = 0,
  /** A bind or unbind runs on another thread. */
  Blocked = 1,
  /** A proxy has it. */
  Lent = 2,
  Closed = 3,
}

export class Readiness {
  readonly readers = new WaitingLine("receive")
  readonly writers = new WaitingLine("send")
  readonly #slot: number
  #state = State.Open
  /** What the addon watches for. */
  #watched = 0
  #retry: Timer | undefined
  #keepAlive = true

  constructor(slot: number) {
    this.#slot = slot
  }

  // --- The state. Only these methods change it.

  get isOpen(): boolean {
    return this.#state === State.Open
  }

  get isBlocked(): boolean {
    return this.#state === State.Blocked
  }

  get isLent(): boolean {
    return this.#state === State.Lent
  }

  get isClosed(): boolean {
    return this.#state === State.Closed
  }

  /** Throws unless messages can be sent and received. */
  checkUsable(): void {
    if (this.#state === State.Open) return
    if (this.#state === State.Closed) throw closedError()
    throw this.#state === State.Lent ? lentError() : blockedError()
  }

  /** Call it before a bind or unbind begins on another thread. Until `resume`, nothing may be called on the socket. */
  block(): void {
    this.#suspend(State.Blocked)
  }

  /** Call it before a proxy gets the socket. Until `resume`, nothing may be called on it. */
  lend(): void {
    this.#suspend(State.Lent)
  }

  /** Call it when the bind, the unbind or the proxy has ended. */
  resume(): void {
    this.#state = State.Open
  }

  /** Call it when the addon's socket is closed. */
  close(): void {
    this.#state = State.Closed
    clearTimeout(this.#retry)
    this.readers.rejectAll(interruptedError)
    this.writers.rejectAll(interruptedError)
  }

  #suspend(state: State.Blocked | State.Lent): void {
    this.#state = state
    clearTimeout(this.#retry)
    this.#watch(0)
  }

  // --- Waiting

  get keepsAlive(): boolean {
    return this.#keepAlive
  }

  keepAlive(keep: boolean): void {
    this.#keepAlive = keep
    this.readers.keepAlive(keep)
    this.writers.keepAlive(keep)
  }

  #wanted(): number {
    return (this.readers.isEmpty ? 0 : POLLIN) | (this.writers.isEmpty ? 0 : POLLOUT)
  }

  /** Returns true if such an event may have come before the addon watched for it. */
  #watch(events: number): boolean {
    if (events === this.#watched) return false
    this.#watched = events
    return addon.watch(this.#slot, events)
  }

  /** What the socket is ready for, according to ZMQ_EVENTS. */
  look(): number {
    const events = addon.events(this.#slot)
    if (this.#wanted() === 0) return events
    // Operations that wait come first.
    this.attend()
    const left = addon.events(this.#slot)
    this.attend()
    return left
  }

  /** Serves the operations that waited for these events, which have come. */
  serve(ready: number): void {
    if (this.#state !== State.Open) return
    if ((ready & POLLIN) !== 0) this.readers.serve()
    if ((ready & POLLOUT) !== 0) this.writers.serve()
    if (ready === POLLIN) this.#attendAfterReceive()
    else this.attend()
  }

  /**
   * Like `attend`, if the last call on the socket was a receive. A receive that finds nothing has processed everything
   * from libzmq's threads. So if only readers wait, this skips reading ZMQ_EVENTS, which costs as much as several
   * sends.
   */
  #attendAfterReceive(): void {
    if (!this.writers.isEmpty || this.#watch(this.#wanted())) this.attend()
  }

  /**
   * Call it after anything that may have consumed the edge of ZMQ_FD, which is any call on the socket. It reads
   * ZMQ_EVENTS, serves the operations that can continue, and watches for those that still wait.
   */
  attend(): void {
    if (this.#state !== State.Open) return
    let refused = 0
    for (;;) {
      const wanted = this.#wanted() & ~refused
      if (wanted === 0) break
      const ready = addon.events(this.#slot) & wanted
      if (ready === 0) break
      if ((ready & POLLIN) !== 0) {
        this.readers.serve()
        if (!this.readers.isEmpty) refused |= POLLIN
      }
      if ((ready & POLLOUT) !== 0) {
        this.writers.serve()
        if (!this.writers.isEmpty) refused |= POLLOUT
      }
    }
    if (this.#watch(this.#wanted())) {
      this.attend()
      return
    }
    if (refused !== 0) {
      // Such a socket may always report that it is writable, so its edge may have been consumed here unnoticed.
      clearTimeout(this.#retry)
      this.#retry = setTimeout(() => this.serve(refused), RETRY)
      if (!this.#keepAlive) this.#retry.unref()
    }
  }

  /**
   * Makes an operation wait in a line.
   *
   * @param attempt Tries to finish the operation; see Waiter.
   * @param timeout In milliseconds, -1 for no limit.
   * @param failure Converts a reason to the value that the promise rejects with.
   */
  wait<T>(
    line: WaitingLine,
    attempt: (waiter: Waiter<T>) => boolean,
    timeout: number,
    options: OperationOptions | undefined,
    failure?: (reason: unknown) => unknown,
  ): Waiter<T> {
    const waiter = new Waiter<T>(attempt, failure)
    const first = line.isEmpty
    // Some of those that wait may be able to continue by now.
    if (!first) this.attend()
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
    line.add(waiter)
    // One that came behind others has not tried yet, even if they are gone by now.
    if (first && line === this.readers) this.#attendAfterReceive()
    else this.attend()
    return waiter
  }

  /** Removes a reader from the line and rejects it, if it still waits. */
  cancel(reader: Waiter<void>, reason: unknown): void {
    if (!this.readers.remove(reader)) return
    reader.reject(reason)
    this.attend()
  }
}
