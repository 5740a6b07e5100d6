// Batches of a sink's events: up to so many, so many bytes, or for so long.

import type { Entry, Position } from "../../store/index.js"
import type { Clock } from "../clock.js"

/** The bounds of a batch. */
export interface BatchOptions {
  /** At most this many events. */
  batch: number
  /** At most this many bytes, unless a single event has more. */
  batchBytes: number
  /** How long an event may wait for others, in milliseconds. */
  batchWait: number
}

/** Some entries, and the position that is reached with them. */
export interface Batch {
  readonly entries: readonly Entry[]
  readonly last: Position
}

/** Makes batches out of what is read from a store. */
export class Batcher {
  readonly #options: BatchOptions
  readonly #sizeOf: (entry: Entry) => number | undefined
  readonly #clock: Clock
  #entries: Entry[] = []
  #bytes = 0
  #last = 0
  /** Ends the wait for more. */
  #waiting = new AbortController()
  #isHurried = false

  /** @param sizeOf The bytes of an entry. Undefined if it is not for this sink: it is passed over. */
  constructor(options: BatchOptions, sizeOf: (entry: Entry) => number | undefined, clock: Clock) {
    this.#options = options
    this.#sizeOf = sizeOf
    this.#clock = clock
  }

  /** From now on no event waits for others. */
  hurry(): void {
    this.#isHurried = true
    this.#waiting.abort()
  }

  /** @param read Starts to read. It ends when the signal is aborted. */
  async *batches(read: (signal: AbortSignal) => AsyncIterable<Entry[]>, signal: AbortSignal): AsyncGenerator<Batch> {
    const ended = new AbortController()
    // What an earlier reading left is read again.
    this.#take()
    const reading = read(AbortSignal.any([signal, ended.signal]))[Symbol.asyncIterator]()
    let next: Promise<IteratorResult<Entry[]>> | undefined
    let timeUp: Promise<undefined> | undefined
    try {
      for (;;) {
        next ??= reading.next()
        const result = timeUp === undefined ? await next : await Promise.race([next, timeUp])
        if (result !== undefined) {
          next = undefined
          if (result.done) break
          for (const entry of result.value) {
            const size = this.#sizeOf(entry)
            if (size !== undefined && this.#entries.length > 0 && this.#bytes + size > this.#options.batchBytes)
              yield this.#take()
            this.#last = entry.position
            if (size === undefined) continue
            this.#entries.push(entry)
            this.#bytes += size
            if (this.#entries.length >= this.#options.batch) yield this.#take()
          }
        }
        const isWaiting = result !== undefined && this.#entries.length > 0 && !this.#isHurried
        if (isWaiting && this.#options.batchWait > 0) timeUp ??= this.#wait()
        else {
          timeUp = undefined
          this.#waiting.abort()
          if (this.#last > 0) yield this.#take()
        }
      }
      if (this.#last > 0) yield this.#take()
    } finally {
      this.#waiting.abort()
      ended.abort()
      next?.catch(() => {})
      await reading.return?.()
    }
  }

  #take(): Batch {
    const batch = { entries: this.#entries, last: this.#last }
    this.#entries = []
    this.#bytes = 0
    this.#last = 0
    return batch
  }

  async #wait(): Promise<undefined> {
    this.#waiting = new AbortController()
    if (!this.#isHurried) await this.#clock.wait(this.#options.batchWait, this.#waiting.signal)
  }
}
