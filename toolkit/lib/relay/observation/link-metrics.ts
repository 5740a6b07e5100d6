// The metrics of links: docs/relay.md lists them.

import { Counter, Gauge, type Registry } from "prom-client"
import type { ReceiverStats, SenderStats } from "../../link/index.js"
import { refusals } from "../../link/link-error.js"

/** What is read when the metrics are. */
type Read<Stats> = Map<string, () => Stats>

const refusalCodes = Object.keys(refusals)

/** The sender of a sink, and what proves who its receiver is. */
export interface SenderLink {
  readonly sink: string
  /** The file of the receiver's certificate. Undefined without CURVE. */
  readonly identity: string | undefined
  readonly stats: SenderStats
}

/** The state of the links of one relay. */
export class LinkMetrics {
  readonly #registry: Registry
  readonly #senders: Read<SenderStats> = new Map()
  readonly #receivers: Read<ReceiverStats> = new Map()
  readonly #identities = new Map<string, string>()
  readonly sessions: Counter
  readonly refusals: Counter
  readonly streamsRefused: Counter
  readonly missing: Counter

  constructor(registry: Registry) {
    this.#registry = registry
    this.sessions = this.#counter("sessions_total", "Sessions with a receiver", ["sink"])
    this.refusals = this.#counter("refusals_total", "Sessions that a receiver refused, by code", ["sink", "code"])
    this.streamsRefused = this.#counter("streams_refused_total", "Sessions of senders that were refused, by code", [
      "source",
      "code",
    ])
    this.missing = this.#counter("events_missing_total", "Events that senders have lost, at most", ["source"])
    const flag = (is: boolean) => (is ? 1 : 0)
    this.#ofSenders("connected", "Whether a receiver is connected", ({ state }) => flag(state === "connected"))
    this.#ofSenders("stopped", "Whether the link has stopped because the store was restored", ({ state }) =>
      flag(state === "stopped"),
    )
    this.#ofSenders("underway_bytes", "Bytes that a receiver has not acknowledged", (stats) => stats.underWayBytes)
    const senders = this.#senders
    new Counter({
      name: "ohmq_relay_link_credit_waits_total",
      help: "How often a link had to wait for the receiver's credit",
      labelNames: ["sink"],
      registers: [registry],
      collect() {
        this.reset()
        for (const [sink, stats] of senders) this.inc({ sink }, stats().creditWaits)
      },
    })
    const receivers = this.#receivers
    new Gauge({
      name: "ohmq_relay_link_streams",
      help: "Senders that are connected",
      labelNames: ["source"],
      registers: [registry],
      collect() {
        this.reset()
        for (const [source, stats] of receivers) this.set({ source }, stats().sessions.length)
      },
    })
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name: `ohmq_relay_link_${name}`, help, labelNames, registers: [this.#registry] })
  }

  #ofSenders(name: string, help: string, value: (stats: SenderStats) => number): void {
    const senders = this.#senders
    new Gauge({
      name: `ohmq_relay_link_${name}`,
      help,
      labelNames: ["sink"],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const [sink, stats] of senders) this.set({ sink }, value(stats()))
      },
    })
  }

  /** Shows the state of a sender, whose receiver proves that it has the key of a certificate. Returns what ends that. */
  watchSender(sink: string, stats: () => SenderStats, identity?: string): () => void {
    this.sessions.inc({ sink }, 0)
    for (const code of refusalCodes) this.refusals.inc({ sink, code }, 0)
    this.#senders.set(sink, stats)
    if (identity !== undefined) this.#identities.set(sink, identity)
    return () => {
      this.#senders.delete(sink)
      this.#identities.delete(sink)
    }
  }

  /** The senders now. */
  senders(): SenderLink[] {
    return [...this.#senders].map(([sink, stats]) => ({ sink, identity: this.#identities.get(sink), stats: stats() }))
  }

  /** The receivers now. */
  receivers(): { source: string; stats: ReceiverStats }[] {
    return [...this.#receivers].map(([source, stats]) => ({ source, stats: stats() }))
  }

  /** Shows the state of a receiver. Returns what ends that. */
  watchReceiver(source: string, stats: () => ReceiverStats): () => void {
    this.missing.inc({ source }, 0)
    for (const code of refusalCodes) this.streamsRefused.inc({ source, code }, 0)
    this.#receivers.set(source, stats)
    return () => this.#receivers.delete(source)
  }
}
