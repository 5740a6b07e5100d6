// The way out: from the store to one sink.

import { setTimeout } from "node:timers/promises"
import type { Logger } from "pino"
import type { Entry, Store } from "../store/index.js"
import type { Outcome, Outgoing, Outlet, Sink } from "./components.js"
import type { Metrics } from "./metrics.js"
import { decodeTag } from "./tags.js"

/** How a sink is served. */
export interface DeliveryOptions {
  /** At most this many events a batch. */
  batch: number
  /** The longest wait before the first retry, in milliseconds. It doubles with each. */
  retryMin: number
  /** The longest wait at all. */
  retryMax: number
}

/** How long to wait if a person must change something. */
const heldMs = 60_000

/** A random time below a bound that doubles with each attempt: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
export const backoff = (attempt: number, { retryMin, retryMax }: DeliveryOptions): number =>
  Math.random() * Math.min(retryMax, retryMin * 2 ** Math.min(attempt, 40))

/** Delivers what the store has for a sink, in order. */
export class Delivery implements Outlet {
  readonly name: string
  readonly sink: Sink
  readonly #store: Store
  readonly #options: DeliveryOptions
  readonly #metrics: Metrics
  readonly #log: Logger
  /** Nothing new is begun. */
  readonly #drained = new AbortController()
  /** What is under way ends too. */
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined
  #oldest: number | undefined
  #failingSince: number | undefined
  #problem: string | undefined

  constructor(name: string, sink: Sink, store: Store, options: DeliveryOptions, metrics: Metrics, log: Logger) {
    this.name = name
    this.sink = sink
    this.#store = store
    this.#options = options
    this.#metrics = metrics
    this.#log = log
  }

  /** The time of the oldest event under way. */
  get oldest(): number | undefined {
    return this.#oldest
  }

  /** Since when the sink fails, and why. */
  get failing(): { since: number; reason: string } | undefined {
    return this.#failingSince === undefined ? undefined : { since: this.#failingSince, reason: this.#problem ?? "" }
  }

  async start(): Promise<void> {
    await this.sink.start()
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#drained.signal.aborted; attempt++) {
      try {
        const { signal } = this.#drained
        for await (const entries of this.#store.read(this.name, { max: this.#options.batch, signal })) {
          if (!(await this.#pass(entries))) return
          attempt = 0
        }
      } catch (error) {
        if (this.#drained.signal.aborted) return
        this.#fail(error as Error)
        await this.#wait(backoff(attempt, this.#options))
      }
    }
  }

  /** Delivers what a batch has for this sink, then commits it. Resolves to false if the delivery was stopped. */
  async #pass(entries: Entry[]): Promise<boolean> {
    let batch: { entry: Entry; outgoing: Outgoing }[] = []
    for (const entry of entries) {
      if (entry.gap) {
        this.#noteGap(entry)
        continue
      }
      const [tag, ...frames] = entry.frames
      if (!decodeTag(tag).sinks.includes(this.name)) continue
      const { position, time, sender } = entry
      batch.push({ entry, outgoing: { position, time, frames, ...(sender !== undefined && { sender }) } })
    }
    for (let attempt = 0; batch.length > 0; attempt++) {
      if (this.#drained.signal.aborted && attempt > 0) return false
      this.#oldest = batch[0]?.entry.time
      const outcomes = await this.#attempt(batch.map(({ outgoing }) => outgoing))
      const again: typeof batch = []
      let wait = 0
      for (const [index, one] of batch.entries()) {
        const outcome = outcomes[index] ?? { retry: "The sink reported no outcome" }
        if (outcome === "done") this.#metrics.delivered.inc({ sink: this.name })
        else if ("refused" in outcome) await this.#bury(one.entry, outcome.refused)
        else {
          again.push(one)
          this.#problem = outcome.retry
          const held = outcome.isHeld ? Math.min(heldMs, this.#options.retryMax) : 0
          wait = Math.max(wait, outcome.afterMs ?? 0, held)
        }
      }
      batch = again
      if (batch.length === 0) break
      this.#fail(new Error(this.#problem))
      this.#metrics.retries.inc({ sink: this.name })
      await this.#wait(Math.max(wait, backoff(attempt, this.#options)))
    }
    if (this.#failingSince !== undefined) {
      this.#log.info({ sink: this.name }, "The sink works again")
      this.#failingSince = undefined
    }
    this.#oldest = undefined
    const last = entries.at(-1)
    if (last !== undefined) await this.#store.commit(this.name, last.position)
    return true
  }

  async #attempt(batch: Outgoing[]): Promise<Outcome[]> {
    const end = this.#metrics.deliveryTime.startTimer({ sink: this.name })
    try {
      return await this.sink.deliver(batch, this.#stopped.signal)
    } catch (error) {
      return batch.map(() => ({ retry: (error as Error).message }))
    } finally {
      end()
    }
  }

  async #bury(entry: Entry, reason: string): Promise<void> {
    await this.#store.deadLetter(this.name, entry, reason)
    this.#metrics.dead.inc({ sink: this.name })
    this.#log.warn(
      { sink: this.name, position: entry.position, reason },
      "The sink refused an event: it is a dead letter now",
    )
  }

  #noteGap({ gap, position }: Entry): void {
    const count = gap?.cursors?.[this.name] ?? (gap?.cursors === undefined && gap ? gap.to - gap.from + 1 : 0)
    if (count === 0) return
    this.#metrics.lost.inc({ sink: this.name }, count)
    this.#log.error({ sink: this.name, position, gap }, "Events are missing from the store")
  }

  /** The first failure in a row is logged. */
  #fail(error: Error): void {
    this.#problem = error.message
    if (this.#failingSince !== undefined) return
    this.#failingSince = Date.now()
    this.#log.warn({ sink: this.name, reason: error.message }, "The sink fails; its events wait in the store")
  }

  async #wait(milliseconds: number): Promise<void> {
    await setTimeout(milliseconds, undefined, { signal: this.#drained.signal }).catch(() => {})
  }

  /** Begins nothing new, waits for the batch under way until the signal, then aborts it. What was not committed is delivered again after the next start. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#drained.abort()
    const abort = () => this.#stopped.abort()
    if (signal.aborted) abort()
    else signal.addEventListener("abort", abort, { once: true })
    try {
      await this.#running
    } finally {
      signal.removeEventListener("abort", abort)
      await this.sink.stop()
    }
  }
}
