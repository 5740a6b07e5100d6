// The way in: from sources, by the routes, into the store.

import { Buffer } from "node:buffer"
import type { Logger } from "pino"
import { createEvent, encode } from "../../events/index.js"
import { type Entry, type NewEvent, type Store, StoreError, type WhenFull } from "../../store/index.js"
import type { Clock } from "../clock.js"
import type { Incoming, IntakeOptions, Receipt, Routing } from "../components.js"
import { Complaints } from "../observation/complaints.js"
import type { Metrics } from "../observation/metrics.js"
import type { StoreHealth } from "../observation/store-health.js"
import { endSpan, isTracing, startSpan, traceContext } from "../observation/tracing.js"
import { type Plan, planRoutes, type Route, type RouteObserver } from "../routes/route.js"
import { type KnownDeliveries, keyOf } from "./known-deliveries.js"
import { encodeTag } from "./tags.js"
import type { Taps } from "./taps.js"

const unlimited = { bytes: Number.POSITIVE_INFINITY }

/** So many messages that could not be read may wait for the disk. */
const maxRejecting = 1000

/** Takes events in. */
export class Intake {
  #routes: readonly Route[] = []
  readonly #store: Store
  readonly #known: KnownDeliveries
  readonly #metrics: Metrics
  readonly #taps: Taps
  readonly #health: StoreHealth
  readonly #complaints: Complaints

  readonly #clock: Clock
  /** Messages that could not be read, and are being kept. */
  #rejecting = 0

  constructor(
    store: Store,
    health: StoreHealth,
    known: KnownDeliveries,
    metrics: Metrics,
    taps: Taps,
    log: Logger,
    clock: Clock,
  ) {
    this.#clock = clock
    this.#store = store
    this.#health = health
    this.#known = known
    this.#metrics = metrics
    this.#taps = taps
    this.#complaints = new Complaints(log)
  }

  /** The routes in force. A reload replaces them; limits that stay the same go on counting. */
  get routes(): readonly Route[] {
    return this.#routes
  }

  set routes(routes: readonly Route[]) {
    this.#routes = routes.map((route) => {
      const before = this.#routes.find(({ name }) => name === route.name)?.rate
      if (before === undefined || !route.rate?.limit.equals(before.limit)) return route
      return { ...route, rate: { ...route.rate, limit: before.limit } }
    })
  }

  /** Stores the events of a source. Resolves once they are on disk. */
  take(source: string, events: readonly Incoming[], options: IntakeOptions): Promise<Receipt> {
    return isTracing() ? this.#trace(source, events, options) : this.#take(source, events, options)
  }

  /** The same, with a span for each event. */
  async #trace(source: string, events: readonly Incoming[], options: IntakeOptions): Promise<Receipt> {
    const spans = events.map(
      ({ span, event }) => span ?? startSpan("receive", source, traceContext(event.traceparent, event.tracestate)),
    )
    let problem: string | undefined
    try {
      return await this.#take(source, events, options)
    } catch (error) {
      problem = (error as Error).message
      throw error
    } finally {
      for (const [index, span] of spans.entries()) endSpan(span, events[index]?.event ?? {}, problem)
    }
  }

  async #take(source: string, events: readonly Incoming[], options: IntakeOptions): Promise<Receipt> {
    const receipt: Receipt = { stored: 0, unrouted: 0, dropped: 0, duplicates: 0 }
    const batches = new Map<WhenFull, { entries: NewEvent[]; count: number; before: Promise<unknown>[] }>()
    const single: Promise<unknown>[] = []
    for (const incoming of events) {
      const plan = this.#plan(source, incoming)
      if (typeof plan === "string") {
        receipt[plan]++
        continue
      }
      const { delivery } = incoming
      const entries = entriesOf(plan, source, incoming)
      const whenFull = whenFullOf(plan, options.canRefuse)
      if (delivery !== undefined) {
        const store = async () => {
          if (plan.held.length > 0) await this.#bury(plan, source, incoming, options)
          return await this.#append(source, entries, whenFull, options)
        }
        const stored = this.#known.once(keyOf(source, delivery), store)
        single.push(stored.then((isNew) => (isNew ? receipt.stored++ : receipt.duplicates++)))
        continue
      }
      const batch = batches.get(whenFull) ?? { entries: [], count: 0, before: [] }
      batches.set(whenFull, batch)
      batch.entries.push(...entries)
      batch.count++
      if (plan.held.length > 0) batch.before.push(this.#bury(plan, source, incoming, options))
    }
    for (const [whenFull, { entries, count, before }] of batches) {
      const append = async () => {
        if (before.length > 0) await Promise.all(before)
        this.#known.reached(await this.#append(source, entries, whenFull, options))
        receipt.stored += count
      }
      single.push(append())
    }
    // All are waited for, so that no failure goes unseen.
    const results = await Promise.allSettled(single)
    this.#metrics.eventsIn.inc({ source }, receipt.stored)
    this.#metrics.duplicates.inc({ source }, receipt.duplicates)
    const failed = results.find((result) => result.status === "rejected")
    if (failed !== undefined) throw failed.reason
    return receipt
  }

  /** For a source that stores its events itself. */
  routing(source: string): Routing {
    const options = { canRefuse: false }
    return {
      route: (incoming) => {
        const plan = this.#plan(source, incoming)
        if (typeof plan === "string") return undefined
        const entries = entriesOf(plan, source, incoming)
        const event = entries.pop() as NewEvent
        const whenFull = whenFullOf(plan, false)
        if (entries.length === 0 && plan.held.length === 0) return { event, whenFull }
        const before = async () => {
          await this.#bury(plan, source, incoming, options)
          if (entries.length > 0) await this.#append(source, entries, whenFull, options)
        }
        return { event, whenFull, before }
      },
      sinks: () => [...new Set(this.routes.flatMap(({ from, to }) => (from.includes(source) ? to : [])))],
      stored: (count, position) => {
        this.#health.stored()
        this.#metrics.eventsIn.inc({ source }, count)
        this.#known.reached(position)
      },
    }
  }

  /** Keeps a message that could not be read as a dead letter of the sinks that events of the source can go to. Nothing waits for that. */
  reject(source: string, frames: readonly Uint8Array[], reason: string, sender: string | undefined): void {
    if (this.#rejecting >= maxRejecting) {
      this.#drop(source, "Too many messages cannot be read")
      return
    }
    const [only = Buffer.alloc(0)] = frames
    const data = frames.length === 1 ? Buffer.from(only) : frames.map((frame) => Buffer.from(frame).toString("base64"))
    const unread = createEvent({ source: `/relay/${source}`, type: "input.rejected", data }, unlimited)
    const tag = encodeTag({ source, sinks: [] })
    const entry = { position: 0, time: Date.now(), sender, frames: [tag, ...encode(unread, unlimited)] }
    const sinks = new Set(this.#routes.flatMap(({ from, to }) => (from.includes(source) ? to : [])))
    for (const sink of sinks) {
      this.#rejecting++
      this.#store
        .deadLetter(sink, entry, reason)
        .then(
          () => this.#metrics.dead.inc({ sink }),
          ({ message }: Error) => this.#drop(source, message),
        )
        .finally(() => this.#rejecting--)
    }
  }

  #drop(source: string, reason: string): void {
    this.#metrics.refused.inc({ source, reason: "not-kept" })
    this.#complaints.warn(`${source} not-kept`, { source, reason }, "A message that could not be read was not kept")
  }

  #plan(source: string, incoming: Incoming): Plan | "unrouted" | "dropped" {
    this.#taps.offer(source, incoming)
    const plan = planRoutes(this.#routes, source, incoming, this.#clock.now(), this.#observer)
    if (plan === "unrouted") this.#metrics.unrouted.inc({ source })
    return plan
  }

  /** Keeps what the routes hold back as dead letters of their sinks. Before the event is stored: a crash in between repeats them. */
  async #bury({ held }: Plan, source: string, { frames, sender }: Incoming, options: IntakeOptions): Promise<void> {
    for (const { route, reason, sinks } of held) {
      const tag = encodeTag({ source, sinks: [], held: route })
      const entry = { position: 0, time: Date.now(), sender, frames: [tag, ...frames] }
      for (const sink of sinks) {
        await this.#deadLetter(sink, entry, reason, options).catch((error) => this.#refused(source, 1, error))
        this.#metrics.dead.inc({ sink })
      }
    }
  }

  async #deadLetter(sink: string, entry: Entry, reason: string, options: IntakeOptions): Promise<void> {
    const { canRefuse, signal = new AbortController().signal } = options
    for (;;) {
      try {
        return await this.#store.deadLetter(sink, entry, reason)
      } catch (error) {
        if (canRefuse || signal.aborted || (error as { code?: string }).code !== "FULL") throw error
        this.#complaints.warn(sink, { sink, reason: (error as Error).message }, "A source waits for room")
        await this.#clock.wait(1000, signal)
      }
    }
  }

  async #append(source: string, events: NewEvent[], whenFull: WhenFull, { signal }: IntakeOptions): Promise<number> {
    try {
      const position = await this.#store.append(events, { whenFull, signal })
      this.#health.stored()
      return position
    } catch (cause) {
      const isStopped = signal?.aborted === true && cause === signal.reason
      const error = isStopped ? new StoreError("FULL", "The store was still full when the source stopped") : cause
      this.#health.failed(error)
      return this.#refused(source, events.length, error)
    }
  }

  #refused(source: string, count: number, error: unknown): never {
    const { code = "error", message } = error as Error & { code?: string }
    this.#metrics.refused.inc({ source, reason: code }, count)
    this.#complaints.warn(`${source} ${code}`, { source, reason: message }, "Events could not be stored")
    throw error
  }

  readonly #observer: RouteObserver = {
    taken: ({ name }, source) => this.#metrics.taken.inc({ route: name, source }),
    undecided: (route, error) => {
      this.#metrics.undecided.inc({ route: route.name })
      this.#complain(route, error, "The condition of a route could not be decided")
    },
    dropped: (route, reason, error) => {
      this.#metrics.routeDropped.inc({ route: route.name, reason })
      if (error) this.#complain(route, error, "A route had more events than it takes")
    },
    failed: (route, error) => {
      this.#metrics.routeFailed.inc({ route: route.name })
      this.#complain(route, error, "A route could not change an event: it becomes a dead letter")
    },
  }

  #complain({ name }: Route, { message: reason }: Error, message: string): void {
    this.#complaints.warn(`${name} ${message}`, { route: name, reason }, message)
  }
}

const whenFullOf = ({ whenFull }: Plan, canRefuse: boolean): WhenFull =>
  whenFull === "refuse" && !canRefuse ? "wait" : whenFull

/**
 * What is stored of an event: an entry for each version. The last has the delivery, which then is known only if all of them are there: a
 * crash can leave the first of them without the others.
 */
function entriesOf({ versions }: Plan, source: string, { sender, delivery }: Incoming): NewEvent[] {
  return versions.map(({ sinks, frames }, index) => {
    const isLast = index === versions.length - 1
    const tag = { source, sinks, delivery: isLast ? delivery : undefined }
    return { frames: [encodeTag(tag), ...frames], sender }
  })
}
