// A time limit on something that can be stopped before. AbortSignal.any would keep each of its signals in memory for as long as a source lives
// (https://github.com/nodejs/node/issues/54614), and a relay's source lives as long as the relay.

import { clearTimeout, setTimeout } from "node:timers"

/** A signal that is aborted when one of others is, or after a time. Dispose of it when what it limits has ended. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController()
  readonly #sources: readonly AbortSignal[]
  readonly #timer: NodeJS.Timeout
  readonly #abort = (): void => {
    const source = this.#sources.find(({ aborted }) => aborted)
    this.#controller.abort(
      source?.reason ?? new DOMException("The operation was aborted due to timeout", "TimeoutError"),
    )
  }

  /** @param milliseconds The time. */
  constructor(milliseconds: number, ...sources: readonly AbortSignal[]) {
    this.#sources = sources
    this.#timer = setTimeout(this.#abort, milliseconds)
    for (const source of sources) source.addEventListener("abort", this.#abort, { once: true })
    if (sources.some(({ aborted }) => aborted)) this.#abort()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Ends the wait. The signal stays as it is. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    for (const source of this.#sources) source.removeEventListener("abort", this.#abort)
  }
}
