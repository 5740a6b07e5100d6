// The metrics of the sockets that share a registry: docs/metrics.md lists them.

import type { Event, Socket } from "ohmq"
import { Counter, Gauge, type Registry } from "prom-client"

/** What is needed of a socket: any socket of ohmq has it. */
export type Instrumentable = Pick<Socket, "closed" | "events" | "statistics">

type Statistics = ReturnType<Instrumentable["statistics"]>

/** So many addresses of a socket are remembered, to tell a reconnect. */
const maxReached = 10_000

/** What is read of a socket, by the name of its metric. */
const counters: Record<string, { help: string; of: (statistics: Statistics) => number }> = {
  sent_messages_total: { help: "Messages that libzmq took", of: ({ sent }) => sent.messages },
  sent_bytes_total: { help: "Bytes of messages that libzmq took", of: ({ sent }) => sent.bytes },
  received_messages_total: { help: "Messages that the program was given", of: ({ received }) => received.messages },
  received_bytes_total: { help: "Bytes of messages that the program was given", of: ({ received }) => received.bytes },
}

const gauges: Record<string, { help: string; of: (statistics: Statistics) => number | null }> = {
  waiting_sends: { help: "Sends that wait for room in the queue", of: ({ waiting }) => waiting.sends },
  waiting_receives: { help: "Receives that wait for a message", of: ({ waiting }) => waiting.receives },
  fetched_messages: { help: "Messages taken from libzmq ahead of the next receives", of: ({ fetched }) => fetched },
  peers: { help: "Connected peers", of: ({ peers }) => peers },
  bound_endpoints: { help: "Addresses that the socket is bound to", of: ({ endpoints }) => endpoints.bound.length },
  connected_endpoints: {
    help: "Addresses that the socket connects to, whether anybody answers there or not",
    of: ({ endpoints }) => endpoints.connected.length,
  },
}

/** A socket that is instrumented. It can be collected as garbage: then its last figures count. */
interface Entry {
  readonly name: string
  readonly socket: WeakRef<Instrumentable>
  last: Statistics
}

/** What failed handshakes have as the label `reason`: a code of the protocol, the status of the authenticator, or an error of the system. */
function reasonOf(event: Extract<Event, { type: `handshake:error:${string}` }>): string {
  if (event.type === "handshake:error:auth") return `auth-${event.error.status}`
  return event.error.code ?? "unknown"
}

/** The metrics of one registry. */
export class SocketMetrics {
  readonly #entries = new Set<Entry>()
  /** What sockets had counted that are gone, by name, in the order of the counters. */
  readonly #gone = new Map<string, number[]>()
  readonly #connections: Counter
  readonly #reconnects: Counter
  readonly #retries: Counter
  readonly #disconnects: Counter
  readonly #handshakes: Counter
  readonly #failures: Counter
  readonly #errors: Counter

  constructor(registry: Registry) {
    const counter = (name: string, help: string, more: string[] = []) =>
      new Counter({ name: `ohmq_socket_${name}`, help, labelNames: ["socket", ...more], registers: [registry] })
    this.#connections = counter("connections_total", "Connections that were made or accepted", ["direction"])
    this.#reconnects = counter("reconnects_total", "Connections to an address that had been connected before")
    this.#retries = counter("connect_retries_total", "Attempts to connect that failed and are repeated")
    this.#disconnects = counter("disconnects_total", "Connections that were lost")
    this.#handshakes = counter("handshakes_total", "Handshakes that succeeded")
    this.#failures = counter("handshake_failures_total", "Handshakes that failed, by reason", ["reason"])
    this.#errors = counter("errors_total", "Failures to bind, accept or close", ["operation"])
    this.#read(registry)
  }

  #read(registry: Registry): void {
    const sum = () => this.#sum()
    for (const [index, [name, { help }]] of Object.entries(counters).entries()) {
      new Counter({
        name: `ohmq_socket_${name}`,
        help,
        labelNames: ["socket"],
        registers: [registry],
        collect() {
          this.reset()
          for (const [socket, totals] of sum()) this.inc({ socket }, totals[index] ?? 0)
        },
      })
    }
    const entries = this.#entries
    for (const [name, { help, of }] of Object.entries(gauges)) {
      new Gauge({
        name: `ohmq_socket_${name}`,
        help,
        labelNames: ["socket"],
        registers: [registry],
        collect() {
          this.reset()
          for (const { name: socket, socket: reference } of entries) {
            const one = reference.deref()
            if (one === undefined || one.closed) continue
            const value = of(one.statistics())
            if (value !== null) this.inc({ socket }, value)
          }
        },
      })
    }
  }

  /** The counters of each name. Sockets that are gone are added up for the last time. */
  #sum(): Map<string, number[]> {
    const totals = new Map([...this.#gone].map(([name, counts]) => [name, [...counts]]))
    for (const entry of this.#entries) {
      const socket = entry.socket.deref()
      if (socket !== undefined) entry.last = socket.statistics()
      if (socket === undefined || socket.closed) this.#forget(entry)
      add(totals, entry)
    }
    return totals
  }

  #forget(entry: Entry): void {
    if (this.#entries.delete(entry)) add(this.#gone, entry)
  }

  /** Adds a socket. Returns what ends that. */
  add(socket: Instrumentable, name: string): () => void {
    const entry: Entry = { name, socket: new WeakRef(socket), last: socket.statistics() }
    this.#entries.add(entry)
    const labels = { socket: name }
    for (const direction of ["in", "out"]) this.#connections.inc({ ...labels, direction }, 0)
    for (const one of [this.#reconnects, this.#retries, this.#disconnects, this.#handshakes]) one.inc(labels, 0)
    const unwatch = socket.events.watch(this.#listener(labels))
    return () => {
      unwatch()
      const one = entry.socket.deref()
      if (one !== undefined) entry.last = one.statistics()
      this.#forget(entry)
    }
  }

  #listener(labels: { socket: string }): (event: Event) => void {
    const reached = new Set<string>()
    return (event) => {
      switch (event.type) {
        case "accept":
          return this.#connections.inc({ ...labels, direction: "in" })
        case "connect":
          if (reached.has(event.address)) this.#reconnects.inc(labels)
          // A program that connects to ever new addresses must not make this grow.
          if (reached.size >= maxReached) reached.clear()
          reached.add(event.address)
          return this.#connections.inc({ ...labels, direction: "out" })
        case "connect:retry":
          return this.#retries.inc(labels)
        case "disconnect":
          return this.#disconnects.inc(labels)
        case "handshake":
          return this.#handshakes.inc(labels)
        case "handshake:error:auth":
        case "handshake:error:protocol":
        case "handshake:error:other":
          return this.#failures.inc({ ...labels, reason: reasonOf(event) })
        case "bind:error":
        case "accept:error":
        case "close:error":
          return this.#errors.inc({ ...labels, operation: event.type.split(":", 1)[0] ?? "" })
        default:
      }
    }
  }
}

function add(totals: Map<string, number[]>, { name, last }: Entry): void {
  const before = totals.get(name) ?? []
  totals.set(
    name,
    Object.values(counters).map(({ of }, index) => (before[index] ?? 0) + of(last)),
  )
}
