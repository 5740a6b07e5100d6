// The metrics of gates: docs/relay.md lists them.

import { Counter, Gauge, Histogram, type Registry } from "prom-client"
import { type GateRequest, type Outcome, outcomes } from "../../gate/index.js"

/** The requests that nobody has decided, oldest first. */
type Open = () => readonly GateRequest[]

/** The state of the gates of one relay. */
export class GateMetrics {
  readonly #open = new Map<string, Open>()
  readonly #requests: Counter
  readonly #decisions: Counter
  readonly #seconds: Histogram

  constructor(registry: Registry) {
    const of = (name: string, help: string, ...more: string[]) => ({
      name: `ohmq_relay_gate_${name}`,
      help,
      labelNames: ["source", ...more],
      registers: [registry],
    })
    this.#requests = new Counter(of("requests_total", "Requests, each counted once"))
    this.#decisions = new Counter(of("decisions_total", "Decisions that count, by what was decided", "decision"))
    this.#seconds = new Histogram({
      ...of("decision_seconds", "Time from a request until it was decided"),
      // Rules decide at once, people take minutes or a night.
      buckets: [1, 10, 60, 300, 900, 3600, 14_400, 86_400],
    })
    const open = this.#open
    const gauge = (name: string, help: string, value: (requests: readonly GateRequest[]) => number) =>
      new Gauge({
        ...of(name, help),
        collect() {
          this.reset()
          for (const [source, requests] of open) this.set({ source }, value(requests()))
        },
      })
    gauge("waiting_requests", "Requests that nobody has decided", ({ length }) => length)
    gauge("waiting_seconds", "Age of the oldest request that nobody has decided, 0 if there is none", ([oldest]) =>
      oldest === undefined ? 0 : Math.max(0, (Date.now() - oldest.time) / 1000),
    )
  }

  /** Shows a gate. Returns what ends that. */
  watch(source: string, open: Open): () => void {
    this.#requests.inc({ source }, 0)
    for (const decision of outcomes) this.#decisions.inc({ source, decision }, 0)
    this.#seconds.zero({ source })
    this.#open.set(source, open)
    return () => this.#open.delete(source)
  }

  requested(source: string): void {
    this.#requests.inc({ source })
  }

  decided(source: string, decision: Outcome, { time }: GateRequest): void {
    this.#decisions.inc({ source, decision })
    this.#seconds.observe({ source }, Math.max(0, (Date.now() - time) / 1000))
  }
}
