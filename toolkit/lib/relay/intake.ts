// The way in: from sources, by the routes, into the store.

import type { Logger } from "pino"
import type { NewEvent, Store, WhenFull } from "../store/index.js"
import { Complaints } from "./complaints.js"
import type { Incoming, IntakeOptions, Receipt, Routed, Routing } from "./components.js"
import { type KnownDeliveries, keyOf } from "./known-deliveries.js"
import type { Metrics } from "./metrics.js"
import { planRoutes, type Route } from "./routes.js"
import { encodeTag } from "./tags.js"
import type { Taps } from "./taps.js"

/** Takes events in. */
export class Intake {
  /** The routes in force. A reload replaces them. */
  routes: readonly Route[] = []
  readonly #store: Store
  readonly #known: KnownDeliveries
  readonly #metrics: Metrics
  readonly #taps: Taps
  readonly #complaints: Complaints

  constructor(store: Store, known: KnownDeliveries, metrics: Metrics, taps: Taps, log: Logger) {
    this.#store = store
    this.#known = known
    this.#metrics = metrics
    this.#taps = taps
    this.#complaints = new Complaints(log)
  }

  /** Stores the events of a source. Resolves once they are on disk. */
  async take(source: string, events: readonly Incoming[], options: IntakeOptions): Promise<Receipt> {
    const receipt: Receipt = { stored: 0, unrouted: 0, duplicates: 0 }
    const batches = new Map<WhenFull, NewEvent[]>()
    const single: Promise<void>[] = []
    for (const incoming of events) {
      const routed = this.#route(source, incoming, options.canRefuse)
      if (routed === undefined) {
        receipt.unrouted++
        continue
      }
      const { event, whenFull } = routed
      const { delivery } = incoming
      if (delivery === undefined) {
        const batch = batches.get(whenFull)
        if (batch === undefined) batches.set(whenFull, [event])
        else batch.push(event)
      } else {
        const stored = this.#known
          .once(keyOf(source, delivery), () => this.#append(source, [event], whenFull, options))
          .then((isNew) => void (isNew ? receipt.stored++ : receipt.duplicates++))
        single.push(stored)
      }
    }
    for (const [whenFull, batch] of batches) {
      const stored = this.#append(source, batch, whenFull, options).then((position) => {
        receipt.stored += batch.length
        this.#known.reached(position)
      })
      single.push(stored)
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
    return {
      route: (incoming) => this.#route(source, incoming, false),
      sinks: () => [...new Set(this.routes.flatMap(({ from, to }) => (from.includes(source) ? to : [])))],
      stored: (count, position) => {
        this.#metrics.eventsIn.inc({ source }, count)
        this.#known.reached(position)
      },
    }
  }

  #route(source: string, incoming: Incoming, canRefuse: boolean): Routed | undefined {
    this.#taps.offer(source, incoming)
    const plan = planRoutes(this.routes, source, incoming, (route, error) => this.#complain(route, error))
    if (plan === undefined) {
      this.#metrics.unrouted.inc({ source })
      return undefined
    }
    const { delivery, frames, sender } = incoming
    const event = { frames: [encodeTag({ source, sinks: plan.sinks, delivery }), ...frames], sender }
    return { event, whenFull: plan.whenFull === "refuse" && !canRefuse ? "wait" : plan.whenFull }
  }

  async #append(source: string, events: NewEvent[], whenFull: WhenFull, { signal }: IntakeOptions): Promise<number> {
    try {
      return await this.#store.append(events, { whenFull, signal })
    } catch (error) {
      this.#metrics.refused.inc({ source, reason: (error as { code?: string }).code ?? "error" }, events.length)
      throw error
    }
  }

  #complain({ name }: Route, error: Error): void {
    this.#metrics.undecided.inc({ route: name })
    const details = { route: name, reason: error.message }
    this.#complaints.warn(name, details, "The condition of a route could not be decided")
  }
}
