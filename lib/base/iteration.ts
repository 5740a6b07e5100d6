// The async iterators of sockets and observers.

import { stopWaiting, waitForAbort } from "./abort.js"
import { asyncDispose } from "./dispose.js"
import { spend } from "./turn.js"

/** The iterator of a loop over a socket. Like AsyncIterableIterator, whose second parameter needs TypeScript 5.6. */
export interface Iteration<T> extends AsyncIterator<T, undefined> {
  /**
   * Ends the iterator and cancels a waiting `next`. That one and all later ones are done; no message is lost. The socket stays
   * open.
   */
  return(value?: undefined | PromiseLike<undefined>): Promise<IteratorResult<T, undefined>>
  /** Like `return`, but rejects with the error. */
  throw(error?: unknown): Promise<IteratorResult<T, undefined>>
  /** Calls `return` at the end of a scope: `await using messages = socket.batches()`. */
  [Symbol.asyncDispose](): Promise<void>
  /** Returns this iterator. */
  [Symbol.asyncIterator](): Iteration<T>
}

/** The source that an iterator reads from. */
export interface Source<T, R extends { readonly promise: Promise<unknown> } = { readonly promise: Promise<unknown> }> {
  /** Whether no more values will come. */
  isEnded(): boolean
  /** Takes the next value, or returns undefined if there is none yet. Throws the errors of a receive. */
  take(): T | undefined
  /** Waits for the next value. Calls `hold` with it once, before the promise resolves. */
  wait(hold: (value: T) => void): R
  /** Cancels a read that has not called `hold`. It takes nothing, and its promise resolves or rejects. */
  cancel(read: R): void
  /**
   * Puts back a value from `take` or `hold`, so that it is the next one again. `order` grows with each value that an iterator held.
   * Returns false if the value cannot be put back.
   */
  putBack(value: T, order: number): boolean
}

const ended = <T>(): IteratorResult<T, undefined> => ({ done: true, value: undefined })

/** Stands for no value: undefined may be one. */
const nothing = Symbol("nothing")

let holds = 0

/** The order in which values that were put back had been taken. */
const orders = new WeakMap<object, number>()

/** Returns the queue with values put back at the front, in the order in which they were taken. */
export function withReturned<T extends object>(queue: T[], values: T[], order: number): T[] {
  // A value that is put back twice keeps its place.
  const own = orders.get(values[0] as T) ?? order
  let index = 0
  while (index < queue.length && (orders.get(queue[index] as T) ?? Number.POSITIVE_INFINITY) < own) index += 1
  for (const value of values) orders.set(value, own)
  return [...queue.slice(0, index), ...values, ...queue.slice(index)]
}

/**
 * Like an async generator, it queues calls of `next` behind a waiting step. Unlike in an async generator, `return` and `throw` cancel the
 * waiting step, which takes no value; then the iterator is done. An error ends only its own step. A signal does the same as `return`.
 */
export class SourceIterator<T, R extends { readonly promise: Promise<unknown> }> implements Iteration<T> {
  readonly #source: Source<T, R>
  readonly #signal: AbortSignal | undefined
  #isDone = false
  /** Whether a step waits. */
  #isBusy = false
  /** The read that the step waits for; undefined if it waits only for the next turn of the event loop. */
  #read: R | undefined
  /** The value that the step has taken but not delivered yet. */
  #held: T | typeof nothing = nothing
  #order = 0
  readonly #queue: ((step: Promise<IteratorResult<T, undefined>>) => void)[] = []

  constructor(source: Source<T, R>, signal?: AbortSignal) {
    this.#source = source
    this.#signal = signal
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#isBusy) return new Promise((resolve) => this.#queue.push(resolve))
    // Between its steps it does not listen to the signal, so that a loop that is left and forgotten leaves nothing behind.
    if (this.#signal?.aborted) this.#isDone = true
    if (this.#isDone || this.#source.isEnded()) return Promise.resolve(ended())
    try {
      const value = this.#source.take()
      if (value === undefined) return this.#wait()
      const later = spend(1)
      if (later === undefined) return Promise.resolve({ done: false, value })
      this.#hold(value)
      return this.#finish(later)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Resolves after the steps that were called before it. */
  async return(value?: undefined | PromiseLike<undefined>): Promise<IteratorResult<T, undefined>> {
    this.#end()
    await this.next()
    return { done: true, value: await value }
  }

  async throw(error?: unknown): Promise<IteratorResult<T, undefined>> {
    this.#end()
    await this.next()
    throw error
  }

  async [asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #wait(): Promise<IteratorResult<T, undefined>> {
    const read = this.#source.wait(this.#hold)
    this.#read = read
    return this.#finish(read.promise)
  }

  #finish(reading: Promise<unknown>): Promise<IteratorResult<T, undefined>> {
    this.#isBusy = true
    if (this.#signal !== undefined) waitForAbort(this.#signal, this.#end)
    return reading.then(this.#deliver, this.#fail)
  }

  readonly #hold = (value: T): void => {
    this.#held = value
    this.#order = holds += 1
  }

  readonly #deliver = (): IteratorResult<T, undefined> => {
    const value = this.#held
    this.#held = nothing
    this.#proceed()
    return value === nothing ? ended() : { done: false, value }
  }

  readonly #fail = (error: unknown): IteratorResult<T, undefined> => {
    this.#proceed()
    if (this.#isDone) return ended()
    // A loop ends when its source is closed. The loop sees all other errors.
    if (this.#source.isEnded() && (error as { code?: string } | null | undefined)?.code === "EAGAIN") return ended()
    throw error
  }

  /** Called when the step that waited is over. */
  #proceed(): void {
    if (this.#signal !== undefined) stopWaiting(this.#signal, this.#end)
    this.#isBusy = false
    this.#read = undefined
    while (!this.#isBusy) {
      const resolve = this.#queue.shift()
      if (resolve === undefined) return
      resolve(this.next())
    }
  }

  readonly #end = (): void => {
    if (this.#isDone) return
    this.#isDone = true
    const held = this.#held
    if (held !== nothing) {
      // If it cannot be put back, the step delivers it.
      if (this.#source.putBack(held, this.#order)) this.#held = nothing
    } else if (this.#read !== undefined) {
      this.#source.cancel(this.#read)
    }
  }
}

/** Makes a class inherit the helpers of async iterators (`map`, `filter` and so on), if the runtime has them. */
export function inheritHelpers({ prototype }: { prototype: object }): void {
  Object.setPrototypeOf(prototype, Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}.prototype)))
}

inheritHelpers(SourceIterator)
