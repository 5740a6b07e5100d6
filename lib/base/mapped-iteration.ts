// An iterator over the converted values of another one.

import { asyncDispose } from "./dispose.js"
import type { Iteration } from "./iteration.js"

/** Takes one step after the other, even if `next` is called several times. An error ends only its own step. */
export class MappedIteration<T, U> implements Iteration<U> {
  readonly #inner: Iteration<T>
  readonly #map: (value: T) => { value: U } | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** @param map Converts a value. Returns undefined to leave it out. */
  constructor(inner: Iteration<T>, map: (value: T) => { value: U } | undefined) {
    this.#inner = inner
    this.#map = map
  }

  next(): Promise<IteratorResult<U, undefined>> {
    const step = this.#last.then(() => this.#step())
    this.#last = step.catch(() => {})
    return step
  }

  return(value?: undefined | PromiseLike<undefined>): Promise<IteratorResult<U, undefined>> {
    return this.#inner.return(value) as Promise<IteratorResult<U, undefined>>
  }

  throw(error?: unknown): Promise<IteratorResult<U, undefined>> {
    return this.#inner.throw(error) as Promise<IteratorResult<U, undefined>>
  }

  async [asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #step(): Promise<IteratorResult<U, undefined>> {
    for (;;) {
      const { done, value } = await this.#inner.next()
      if (done === true) return { done, value: undefined }
      const mapped = this.#map(value)
      if (mapped !== undefined) return { done: false, ...mapped }
    }
  }
}
