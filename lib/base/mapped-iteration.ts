// An iterator over the converted values of another one.

import { asyncDispose } from "./dispose.js"
import { type Iteration, inheritHelpers } from "./iteration.js"

/** Takes one step after the other, even if `next` is called several times. An error ends only its own step. */
export class MappedIteration<T, U> implements Iteration<U> {
  readonly #inner: Iteration<T>
  readonly #map: (value: T) => { value: U } | undefined
  /** The number of steps that have not settled. */
  #pending = 0
  /** Resolves when the last step has settled. */
  #last: Promise<unknown> = Promise.resolve()

  /** @param map Converts a value. Returns undefined to leave it out. */
  constructor(inner: Iteration<T>, map: (value: T) => { value: U } | undefined) {
    this.#inner = inner
    this.#map = map
  }

  next(): Promise<IteratorResult<U, undefined>> {
    // At once if possible: a stream that is destroyed loses what a step has taken but not delivered.
    const step = this.#pending === 0 ? this.#step() : this.#last.then(this.#step)
    this.#pending += 1
    this.#last = step.then(this.#settled, this.#settled)
    return step
  }

  /** Resolves after the steps that were called before it. */
  async return(value?: undefined | PromiseLike<undefined>): Promise<IteratorResult<U, undefined>> {
    await this.#end()
    return { done: true, value: await value }
  }

  async throw(error?: unknown): Promise<IteratorResult<U, undefined>> {
    await this.#end()
    throw error
  }

  async [asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #end(): Promise<void> {
    const ended = this.#inner.return()
    await this.#last
    await ended
  }

  readonly #step = (): Promise<IteratorResult<U, undefined>> => this.#inner.next().then(this.#deliver)

  readonly #deliver = (result: IteratorResult<T, undefined>) => {
    if (result.done === true) return result
    const mapped = this.#map(result.value)
    return mapped === undefined ? this.#step() : { done: false as const, ...mapped }
  }

  readonly #settled = (): void => {
    this.#pending -= 1
  }
}

inheritHelpers(MappedIteration)
