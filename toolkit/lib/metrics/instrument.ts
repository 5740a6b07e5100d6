// Instruments sockets. Figures are read when the metrics are, and events are counted as they come: nothing is added to a send or a receive.

import type { Registry } from "prom-client"
import { z } from "zod"
import { type Instrumentable, SocketMetrics } from "./socket-metrics.js"

/** Options of `instrument`. */
export interface InstrumentOptions {
  /** The registry of prom-client that the metrics go to. */
  registry: Registry
  /** The value of the label `socket`: the part that the socket has in the program, such as `findings`. Sockets with one name are added up. */
  name: string
}

const isRegistry = (value: unknown): boolean =>
  typeof (value as Partial<Registry> | undefined)?.registerMetric === "function"

const schema = z.strictObject({
  registry: z.custom<Registry>(isRegistry, "Expected a Registry of prom-client").describe("Where the metrics go."),
  name: z.string().min(1, "Expected a name that is not empty").describe("The value of the label `socket`."),
})

const isSocket = (value: unknown): value is Instrumentable =>
  typeof (value as Partial<Instrumentable> | undefined)?.statistics === "function" &&
  typeof (value as Partial<Instrumentable>).closed === "boolean"

const known = new WeakMap<Registry, SocketMetrics>()

/**
 * Adds the metrics of a socket to a registry: messages and bytes, what waits, peers, connections, reconnects and failed handshakes.
 *
 * Call it before the socket binds or connects, because peers are counted from then on. It reads `socket.events` as `watch` does, so that the
 * program can read them too. The counts of a socket that is closed stay, so that no counter goes down.
 *
 * ```typescript
 * const push = new Push()
 * instrument(push, { registry, name: "findings" })
 * push.connect("tcp://127.0.0.1:5555")
 * ```
 *
 * @returns A function that ends it. What was counted until then stays.
 */
export function instrument(socket: Instrumentable, options: InstrumentOptions): () => void {
  if (!isSocket(socket)) throw new TypeError("Expected a socket of ohmq")
  const checked = schema.safeParse(options)
  if (!checked.success) {
    const [{ path, message } = { path: [], message: "" }] = checked.error.issues
    throw new TypeError(path.length === 0 ? message : `${path.join(".")}: ${message}`)
  }
  if (socket.closed) throw new Error("The socket is closed: instrument it before")
  const { registry, name } = checked.data
  const metrics = known.get(registry) ?? new SocketMetrics(registry)
  known.set(registry, metrics)
  return metrics.add(socket, name)
}
