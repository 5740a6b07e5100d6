// Signals joined for as long as something takes. AbortSignal.any would keep what it makes in memory for as long as one of its sources lives
// (https://github.com/nodejs/node/issues/54614), and some live as long as the program.

import { clearTimeout, setTimeout } from "node:timers"

/** A signal that is aborted when one of others is, or after a time. Dispose of it when what it ends has ended. */
export class AnySignal implements Disposable {
  readonly #controller = new AbortController()
  readonly #sources: readonly AbortSignal[]
  readonly #timer: NodeJS.Timeout | undefined
  readonly #abort = (): void => {
    const source = this.#sources.find(({ aborted }) => aborted)
    this.#controller.abort(
      source?.reason ?? new DOMException("The operation was aborted due to timeout", "TimeoutError"),
    )
  }

  /** @param milliseconds The time. None, by default. */
  constructor(sources: readonly AbortSignal[], milliseconds?: number) {
    this.#sources = sources
    this.#timer = milliseconds === undefined ? undefined : setTimeout(this.#abort, milliseconds)
    for (const source of sources) source.addEventListener("abort", this.#abort, { once: true })
    if (sources.some(({ aborted }) => aborted)) this.#abort()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Lets go of the others. The signal stays as it is. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    for (const source of this.#sources) source.removeEventListener("abort", this.#abort)
  }
}
