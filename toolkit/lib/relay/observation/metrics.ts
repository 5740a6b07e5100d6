// The relay's metrics: docs/relay.md lists them.

import { Counter, Gauge, Histogram, Registry } from "prom-client"
import type { Store } from "../../store/index.js"
import { GateMetrics } from "./gate-metrics.js"
import { LinkMetrics } from "./link-metrics.js"
import { Peers } from "./peers.js"
import { addProcessMetrics } from "./process-metrics.js"

/** The state of what delivers to a sink. */
interface DeliveryState {
  /** The time of the oldest event under way. */
  readonly oldest: number | undefined
  readonly failing: { readonly since: number; readonly isOpen?: boolean } | undefined
}

const secondsSince = (time: number | undefined): number => (time === undefined ? 0 : (Date.now() - time) / 1000)

/** The metrics of one relay. */
export class Metrics {
  readonly registry = new Registry()
  readonly eventsIn = this.#counter("events_in_total", "Events stored", ["source"])
  readonly unrouted = this.#counter("events_unrouted_total", "Events that no route takes", ["source"])
  readonly duplicates = this.#counter("events_duplicate_total", "Redeliveries of stored events", ["source"])
  readonly refused = this.#counter("events_refused_total", "What was not taken in, by reason", ["source", "reason"])
  readonly taken = this.#counter("route_events_total", "Events that a route took", ["route", "source"])
  readonly undecided = this.#counter("route_undecided_total", "Conditions that could not be decided", ["route"])
  readonly routeDropped = this.#counter("route_dropped_total", "Events that a route let go", ["route", "reason"])
  readonly routeFailed = this.#counter("route_failed_total", "Events that a route could not change", ["route"])
  readonly delivered = this.#counter("events_out_total", "Events delivered", ["sink"])
  readonly retries = this.#counter("delivery_retries_total", "Batches that were tried again", ["sink"])
  readonly dead = this.#counter("events_dead_total", "Events that became dead letters", ["sink"])
  readonly lost = this.#counter("events_lost_total", "Events that the store lost before delivery", ["sink"])
  readonly seriesDropped = this.#counter(
    "series_dropped_total",
    "Events that a metric made of events could not count, because it had too many series",
    ["sink", "metric"],
  )
  readonly httpDropped = this.#counter("http_connections_dropped_total", "HTTP connections over the bound", [])
  readonly reloads = this.#counter("reloads_total", "Reloads of the configuration", ["outcome"])
  readonly lastReload = new Gauge({
    name: "ohmq_relay_last_reload_successful",
    help: "1 if the configuration on disk is in force, 0 if the last reload failed",
    registers: [this.registry],
  })
  readonly deliveryTime = this.#histogram("delivery_seconds", "Time of one delivery attempt", ["sink"])
  readonly fsyncTime = this.#histogram("store_write_seconds", "Time of one durable write", [])
  readonly links = new LinkMetrics(this.registry)
  readonly peers = new Peers(this.registry)
  readonly gates = new GateMetrics(this.registry)

  constructor() {
    this.lastReload.set(1)
    addProcessMetrics(this.registry)
  }

  /** Shows the counters of a source from 0 on: Prometheus notices no increase of a counter that was not there before. */
  addSource(source: string): void {
    for (const counter of [this.eventsIn, this.unrouted, this.duplicates]) counter.inc({ source }, 0)
    this.refused.inc({ source, reason: "FULL" }, 0)
  }

  /** The same, of a sink. */
  addSink(sink: string): void {
    for (const counter of [this.delivered, this.retries, this.dead, this.lost]) counter.inc({ sink }, 0)
  }

  /** The same, of a route. */
  addRoute(route: string): void {
    for (const counter of [this.undecided, this.routeFailed]) counter.inc({ route }, 0)
  }

  #counter(name: string, help: string, labelNames: string[]) {
    return new Counter({ name: `ohmq_relay_${name}`, help, labelNames, registers: [this.registry] })
  }

  #histogram(name: string, help: string, labelNames: string[]) {
    const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    return new Histogram({ name: `ohmq_relay_${name}`, help, labelNames, buckets, registers: [this.registry] })
  }

  /**
   * Adds the state of the store and of what delivers.
   *
   * @param maxBytes How much the store may take.
   */
  watch(store: Store, maxBytes: number, deliveries: () => Iterable<[sink: string, state: DeliveryState]>): void {
    const { registry } = this
    const gauge = (name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void) =>
      new Gauge({
        name: `ohmq_relay_${name}`,
        help,
        labelNames,
        registers: [registry],
        collect() {
          this.reset()
          collect(this)
        },
      })
    gauge("store_bytes", "Bytes of the store on disk", [], (one) => {
      const { bytes, deadBytes } = store.stats()
      one.set(bytes + deadBytes)
    })
    gauge("store_max_bytes", "Bytes of events that the store may keep on disk", [], (one) => one.set(maxBytes))
    gauge("store_needed_bytes", "Bytes of events that cannot be freed, because a sink waits for them", [], (one) =>
      one.set(store.stats().neededBytes),
    )
    gauge("store_waiting_appends", "Writes that wait for room in the store", [], (one) =>
      one.set(store.stats().waitingForRoom),
    )
    gauge("sink_lag_events", "Positions that a sink has not passed", ["sink"], (one) => {
      for (const [sink, { waiting }] of Object.entries(store.stats().cursors)) one.set({ sink }, waiting)
    })
    gauge("sink_dead_letters", "Dead letters of a sink", ["sink"], (one) => {
      for (const [sink, { dead }] of Object.entries(store.stats().cursors)) one.set({ sink }, dead)
    })
    gauge("sink_lag_seconds", "Age of the oldest event that a sink is delivering", ["sink"], (one) => {
      for (const [sink, { oldest }] of deliveries()) one.set({ sink }, secondsSince(oldest))
    })
    gauge("sink_failing_seconds", "How long a sink has failed, 0 if it works", ["sink"], (one) => {
      for (const [sink, { failing }] of deliveries()) one.set({ sink }, secondsSince(failing?.since))
    })
    gauge("sink_circuit_open", "1 while the circuit of a sink is open", ["sink"], (one) => {
      for (const [sink, { failing }] of deliveries()) one.set({ sink }, failing?.isOpen ? 1 : 0)
    })
  }
}
