// A line: who enters first is served first, one at a time.

/** Resolves like the promise, unless the signal is aborted before. */
export function unlessAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener("abort", abort, { once: true })
    promise.then(() => {
      signal.removeEventListener("abort", abort)
      resolve()
    })
  })
}

/** Those who wait for their turn. */
export class Line {
  #tail: Promise<void> = Promise.resolve()
  #length = 0

  /** Those who wait, and the one who is served. */
  get length(): number {
    return this.#length
  }

  /** Runs a function when all before it are done. */
  async serve<T>(signal: AbortSignal | undefined, turn: () => Promise<T>): Promise<T> {
    const before = this.#tail
    let leave = () => {}
    const left = new Promise<void>((resolve) => {
      leave = resolve
    })
    // Who leaves early does not let the next one pass those before.
    this.#tail = before.then(() => left)
    this.#length++
    try {
      await unlessAborted(before, signal)
      return await turn()
    } finally {
      this.#length--
      leave()
    }
  }
}
