// Operations that wait: their promise, their timeout and their signal.

import { expected, timeoutError } from "./errors.js"
import type { OperationOptions } from "./types.js"

/** The longest that a timer of JavaScript can run. */
const LONGEST = 2 ** 31 - 1

/** Throws unless these are options of an operation. */
export function checkOperation(options: OperationOptions | undefined): void {
  if (options === undefined) return
  if (typeof options !== "object" || options === null) throw expected("options", "an object", options)
  const { timeout, signal } = options
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= -1)) {
    throw expected("timeout", "a number of milliseconds, or -1 for no limit,", timeout)
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw expected("signal", "an AbortSignal", signal)
}

/** One operation that waits for its socket. Settles once; who settles it takes it off the socket. */
export class Waiter<T> {
  readonly promise: Promise<T>
  #resolve!: (value: T) => void
  #reject!: (reason: unknown) => void
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: (() => void) | undefined
  readonly #timer: NodeJS.Timeout | undefined

  /**
   * @param timeout Milliseconds, -1 for ever.
   * @param giveUp Called with the reason when the time is up or the signal is aborted.
   */
  constructor(timeout: number, signal: AbortSignal | undefined, giveUp: (reason: unknown) => void) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (timeout >= 0 && timeout <= LONGEST) this.#timer = setTimeout(() => giveUp(timeoutError()), timeout)
    if (signal !== undefined) {
      this.#signal = signal
      this.#onAbort = () => giveUp(signal.reason)
      signal.addEventListener("abort", this.#onAbort)
    }
  }

  resolve(value: T): void {
    this.#tidy()
    this.#resolve(value)
  }

  reject(reason: unknown): void {
    this.#tidy()
    this.#reject(reason)
  }

  keepAlive(keep: boolean): void {
    if (keep) this.#timer?.ref()
    else this.#timer?.unref()
  }

  #tidy(): void {
    clearTimeout(this.#timer)
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener("abort", this.#onAbort)
  }
}
