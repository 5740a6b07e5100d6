// The way out: from the store to one sink.

import type { Logger } from "pino"
import { AnySignal } from "../../config/index.js"
import type { Entry, Store } from "../../store/index.js"
import { Ledger } from "../books/ledger.js"
import type { Clock } from "../clock.js"
import type { Outcome, Outgoing, Outlet, Sink } from "../components.js"
import { storedEvent } from "../formats/stored-event.js"
import { decodeTag } from "../intake/tags.js"
import type { Metrics } from "../observation/metrics.js"
import { contextOf, endSpan, isTracing, startSpan, traceContext } from "../observation/tracing.js"
import { type Batch, Batcher, type BatchOptions } from "./batches.js"
import { Circuit, type Failing } from "./circuit.js"

/** How a sink is served. Times are in milliseconds. */
export interface DeliveryOptions extends BatchOptions {
  /** The longest wait before the first retry. It doubles with each. */
  retryMin: number
  /** The longest wait at all. */
  retryMax: number
  /** The circuit opens when the sink has failed for this long. */
  openAfter: number
}

/** What a delivery needs of its relay. */
export interface DeliveryContext {
  readonly store: Store
  readonly metrics: Metrics
  readonly log: Logger
  readonly clock: Clock
}

/** How long to wait if a person must change something. */
const heldMs = 60_000
/** The longest wait of a relay that stops. */
const hurriedMs = 1000

/** A random time below a bound that doubles with each attempt: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
export const backoff = (
  attempt: number,
  { retryMin, retryMax }: Pick<DeliveryOptions, "retryMin" | "retryMax">,
): number => Math.random() * Math.min(retryMax, retryMin * 2 ** Math.min(attempt, 40))

/** An event to deliver, and the entry that it is in. */
interface Item {
  readonly entry: Entry
  readonly outgoing: Outgoing
}

/** What came of an attempt. */
interface Tried {
  again: Item[]
  reason: string | undefined
  wait: number
  isHeld: boolean
}

/** Delivers with a span for each event. */
async function traced(
  sink: string,
  batch: readonly Outgoing[],
  deliver: (batch: readonly Outgoing[]) => Promise<Outcome[]>,
): Promise<Outcome[]> {
  const sent = batch.map((outgoing) => {
    const event = storedEvent(outgoing.frames)
    const span = startSpan("send", sink, traceContext(event.traceparent, event.tracestate))
    const trace = contextOf(span)
    return { event, span, outgoing: { ...outgoing, ...(trace && { trace }) } }
  })
  let outcomes: Outcome[] = []
  let problem = "The sink reported no outcome"
  try {
    outcomes = await deliver(sent.map(({ outgoing }) => outgoing))
    return outcomes
  } catch (error) {
    problem = (error as Error).message
    throw error
  } finally {
    for (const [index, { event, span }] of sent.entries()) {
      const outcome = outcomes[index] ?? { retry: problem }
      endSpan(span, event, outcome === "done" ? undefined : "retry" in outcome ? outcome.retry : outcome.refused)
    }
  }
}

/** Delivers what the store has for a sink, in order. */
export class Delivery implements Outlet {
  readonly name: string
  readonly sink: Sink
  readonly #context: DeliveryContext
  readonly #options: DeliveryOptions
  readonly #batcher: Batcher
  readonly #circuit: Circuit
  readonly #ledger: Ledger
  /** Nothing new is begun. */
  readonly #drained = new AbortController()
  /** What is under way ends too. */
  readonly #stopped = new AbortController()
  /** The relay stops, so that there is little time. */
  readonly #hurried = new AbortController()
  #running: Promise<void> | undefined
  #oldest: number | undefined

  constructor(name: string, sink: Sink, options: DeliveryOptions, context: DeliveryContext) {
    this.name = name
    this.sink = sink
    this.#context = context
    this.#options = options
    this.#batcher = new Batcher(options, (entry) => this.#sizeOf(entry), context.clock)
    this.#circuit = new Circuit(name, options.openAfter, context.clock, context.log)
    this.#ledger = new Ledger(context.store, name)
  }

  /** The time of the oldest event under way. */
  get oldest(): number | undefined {
    return this.#oldest
  }

  /** Since when the sink fails, and why. */
  get failing(): Failing | undefined {
    return this.#circuit.failing
  }

  async start(): Promise<void> {
    await this.sink.start()
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    const { store } = this.#context
    const { signal } = this.#drained
    const read = (ends: AbortSignal) => store.read(this.name, { max: this.#options.batch, signal: ends })
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        for await (const batch of this.#batcher.batches(read, signal)) {
          if (!(await this.#pass(batch))) return
          attempt = 0
        }
      } catch (error) {
        if (signal.aborted) return
        this.#circuit.fail((error as Error).message)
        await this.#waitToRetry(attempt)
      }
    }
  }

  /** The bytes of an entry, if it is for this sink. */
  #sizeOf(entry: Entry): number | undefined {
    if (entry.gap) {
      this.#noteGap(entry)
      return undefined
    }
    if (!decodeTag(entry.frames[0]).sinks.includes(this.name)) return undefined
    return entry.frames.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  /** Delivers a batch, then commits it. Resolves to false if the delivery was stopped. */
  async #pass({ entries, last }: Batch): Promise<boolean> {
    const { signal } = this.#drained
    this.#ledger.begin()
    let items = entries.map((entry): Item => {
      const { position, time, sender, frames } = entry
      const { source } = decodeTag(frames[0])
      return {
        entry,
        outgoing: { source, position, time, frames: frames.slice(1), ...(sender !== undefined && { sender }) },
      }
    })
    for (let attempt = 0; items.length > 0; attempt++) {
      if (signal.aborted && attempt > 0) return false
      this.#oldest = items[0]?.entry.time
      // While the circuit is open, one event tries whether the sink works.
      const tried = this.#circuit.isOpen ? items.slice(0, 1) : items
      const { again, reason, wait, isHeld } = await this.#try(tried)
      items = again.concat(items.slice(tried.length))
      if (reason === undefined) {
        this.#circuit.succeed()
        attempt = -1
        continue
      }
      this.#circuit.fail(reason, isHeld)
      this.#context.metrics.retries.inc({ sink: this.name })
      await this.#waitToRetry(attempt, wait)
    }
    this.#oldest = undefined
    await this.#ledger.commit(last)
    return true
  }

  /** Waits before another attempt, for as long as the sink asks at least. */
  async #waitToRetry(attempt: number, least = 0): Promise<void> {
    const { clock } = this.#context
    const { aborted: isHurried } = this.#hurried.signal
    const retryMax = isHurried ? Math.min(hurriedMs, this.#options.retryMax) : this.#options.retryMax
    using ends = new AnySignal([this.#drained.signal, ...(isHurried ? [] : [this.#hurried.signal])])
    await clock.wait(Math.max(least, backoff(attempt, { ...this.#options, retryMax })), ends.signal)
  }

  /** Tries to deliver some events. Those that are to be tried again come back, with the reason and the least time to wait. */
  async #try(items: readonly Item[]): Promise<Tried> {
    const outcomes = await this.#attempt(items.map(({ outgoing }) => outgoing))
    const again: Item[] = []
    let reason: string | undefined
    let wait = 0
    let isHeld = false
    for (const [index, item] of items.entries()) {
      const outcome = outcomes[index] ?? { retry: "The sink reported no outcome" }
      if (outcome === "done") {
        this.#context.metrics.delivered.inc({ sink: this.name })
        this.#ledger.delivered()
      } else if ("refused" in outcome) await this.#bury(item.entry, outcome.refused)
      else {
        again.push(item)
        reason = outcome.retry
        isHeld ||= outcome.isHeld === true
        const held = outcome.isHeld ? Math.min(heldMs, this.#options.retryMax) : 0
        wait = Math.max(wait, outcome.afterMs ?? 0, held)
      }
    }
    return { again, reason, wait, isHeld }
  }

  async #attempt(batch: Outgoing[]): Promise<Outcome[]> {
    const end = this.#context.metrics.deliveryTime.startTimer({ sink: this.name })
    try {
      const deliver = (outgoing: readonly Outgoing[]) => this.sink.deliver(outgoing, this.#stopped.signal)
      return isTracing() ? await traced(this.name, batch, deliver) : await deliver(batch)
    } catch (error) {
      return batch.map(() => ({ retry: (error as Error).message }))
    } finally {
      end()
    }
  }

  async #bury(entry: Entry, reason: string): Promise<void> {
    const { store, metrics, log } = this.#context
    await store.deadLetter(this.name, entry, reason)
    metrics.dead.inc({ sink: this.name })
    this.#ledger.dead()
    log.warn(
      { sink: this.name, position: entry.position, reason },
      "The sink refused an event: it is a dead letter now",
    )
  }

  #noteGap({ gap, position }: Entry): void {
    const count = gap?.cursors?.[this.name] ?? (gap?.cursors === undefined && gap ? gap.to - gap.from + 1 : 0)
    if (count === 0) return
    this.#context.metrics.lost.inc({ sink: this.name }, count)
    this.#context.log.error({ sink: this.name, position, gap }, "Events are missing from the store")
  }

  /** From now on, events do not wait for a batch to fill, nor long for another attempt. */
  hurry(): void {
    this.#hurried.abort()
    this.#batcher.hurry()
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
