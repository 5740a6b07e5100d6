// Iterates over the items of a source, and records each.

import { Readable, Writable } from "node:stream"
import { ReadableStream } from "node:stream/web"

import { expect } from "vitest"

import { eventually, failure } from "./sockets.js"
import type { Source } from "./sources.js"

/** Iterator helpers as in the proposal. If the runtime lacks them, they show that an iterator would inherit them. */
const asyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}.prototype))
export interface Helpers extends AsyncIterableIterator<unknown> {
  take(count: number): AsyncIterable<unknown>
  map(change: (item: unknown) => unknown): AsyncIterable<unknown>
}
asyncIteratorPrototype.take ??= async function* (this: Helpers, count: number) {
  let left = count
  if (left > 0) {
    for await (const item of this) {
      yield item
      left -= 1
      if (left === 0) return
    }
  }
}
asyncIteratorPrototype.map ??= async function* (this: Helpers, change: (item: unknown) => unknown) {
  for await (const item of this) yield await change(item)
}

/** How many of the items that were sent first to look at. */
export const ENOUGH = 2

export const stop = new Error("stop")
export const stopped = async (operation: Promise<unknown>) => expect(await failure(() => operation)).toBe(stop)

export class Run {
  readonly seen: string[] = []
  /** The items that streams received, which may be more than were seen. */
  readonly handed: string[] = []
  readonly controller = new AbortController()
  readonly #source: Source

  constructor(source: Source) {
    this.#source = source
  }

  /** Records an item, and returns whether there are enough. */
  readonly see = (item: unknown): boolean => this.seen.push(this.#source.label(item as never)) === ENOUGH
  readonly stopWhenEnough = (item: unknown): unknown => {
    if (this.see(item)) throw stop
    return item
  }

  iterate = (signal?: AbortSignal) => this.#source.iterate(signal)
  iterateWithSignal = () => this.iterate(this.controller.signal)
  iterator = () => this.iterate()[Symbol.asyncIterator]() as Helpers & AsyncDisposable
  /** Resolves when all items were seen and a step waits for more. */
  async waits() {
    await eventually(() => expect(this.seen.length).toBe(ENOUGH))
    await this.#source.waits()
  }

  close = () => this.#source.close()
  abort = () => this.controller.abort(stop)

  #watched(readable: Readable, isHanded = (_: Readable) => true): Readable {
    const push = readable.push.bind(readable)
    readable.push = (item, encoding) => {
      if (item !== null && isHanded(readable)) this.handed.push(this.#source.label(item as never))
      return push(item, encoding)
    }
    readable.on("error", () => {})
    return readable
  }

  /** After it was destroyed, its items are lost. */
  readable = () => this.#watched(Readable.from(this.iterate()), (readable) => !readable.destroyed)
  toReadable = () => this.#watched((this.#source.toReadable as NonNullable<Source["toReadable"]>)())
  toReadableStream = () => (this.#source.toReadableStream as NonNullable<Source["toReadableStream"]>)()
  web = () => ReadableStream.from(this.iterate())

  sink(write: (item: unknown, sink: Writable) => void): Writable {
    return new Writable({
      objectMode: true,
      write(item, _encoding, done) {
        try {
          write(item, this)
          done()
        } catch (error) {
          done(error as Error)
        }
      },
    })
  }

  watchedSink(write: (item: unknown) => void): Writable {
    const sink = this.sink(write)
    const original = sink.write
    sink.write = ((...args: [never, never]) => {
      this.handed.push(this.#source.label(args[0]))
      return original.apply(sink, args)
    }) as typeof original
    return sink
  }

  async all(items: AsyncIterable<unknown>): Promise<void> {
    for await (const item of items) this.see(item)
  }
}
