// The sink `syslog`: events as messages of RFC 5424 over TLS (RFC 5425) or TCP (RFC 6587).

import { once } from "node:events"
import { createConnection, type Socket } from "node:net"
import { hostname } from "node:os"
import process from "node:process"
import { setImmediate, setTimeout } from "node:timers/promises"
import { connect as connectTls } from "node:tls"
import { z } from "zod"
import { AnySignal, duration, isLoopback } from "../../config/index.js"
import type { Event } from "../../events/index.js"
import { type ComponentContext, type Outcome, type Outgoing, type Sink, sinkKind } from "../components.js"
import { eventLine } from "../formats/event-lines.js"
import { storedEvent } from "../formats/stored-event.js"
import { traceContext } from "../observation/tracing.js"
import { counted, formatMessage } from "../syslog/format.js"
import { facilities, levelOf } from "../syslog/message.js"
import { readTls, tlsOptions, tlsProblem } from "../tls.js"

const expected = 'Expected an address such as "tls://siem.example.com:6514" or "tcp://127.0.0.1:601"'

/** What is wrong with an address that does not have the form. */
function problemOf(address: string): string {
  if (/^udp:/i.test(address)) return `UDP is not supported here, because it loses messages silently. ${expected}`
  if (/^(tls|tcp):\/\/(\[[0-9A-Fa-f:.]+\]|[^:/[\]]+)$/.test(address)) return `The port is missing. ${expected}`
  return expected
}

const schema = z.strictObject({
  connect: z
    .string()
    .regex(/^(tls|tcp):\/\/(\[[0-9A-Fa-f:.]+\]|[^:/[\]]+):\d{1,5}$/, { error: ({ input }) => problemOf(String(input)) })
    .describe("The address of the server, with its port: `tls://` or `tcp://`."),
  facility: z.enum(facilities).prefault("local0").describe("The facility of the messages."),
  appName: z
    .string()
    .regex(/^[\x21-\x7e]{1,48}$/, "Expected 1 to 48 printable characters without spaces")
    .prefault("ohmq")
    .describe("The name of the application in the messages."),
  hostname: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe("The host in the messages. This machine's name, by default."),
  structuredData: z
    .string()
    .regex(
      /^[^\s="\]@]{1,32}(@\d{1,20})?$/,
      "Expected a name and the number of an enterprise, such as cloudevents@32473",
    )
    .prefault("cloudevents@32473")
    .describe(
      "The id of the element with the attributes of the event. 32473 is for documentation: take your own number.",
    ),
  ...tlsOptions,
  timeout: duration().prefault("15s").describe("How long connecting, and writing a batch, may take."),
  settle: duration()
    .prefault("100ms")
    .describe("How long the connection must stand after a batch was written, so that the batch counts as delivered."),
  insecure: z.boolean().prefault(false).describe("Whether `tcp:` may leave this machine."),
})
type Config = z.infer<typeof schema>

/** The attributes of an event that are of use without its JSON. */
const attributes = ["id", "source", "type", "subject", "traceparent", "tracestate", "ohmqsender"] as const

const severityIn = ({ severity, data }: Event): unknown =>
  severity ?? (typeof data === "object" && data !== null ? (data as { severity?: unknown }).severity : undefined)

/** With at most six digits of a second, and in capitals (RFC 5424, section 6.2.3). */
const timeOf = (time: string | undefined): string | undefined => time?.toUpperCase().replace(/(\.\d{6})\d+/, "$1")

class SyslogSink implements Sink {
  readonly #config: Config
  readonly #folder: string
  readonly #host: string
  #socket: Socket | undefined

  constructor(config: Config, { folder }: ComponentContext) {
    this.#config = config
    this.#folder = folder
    this.#host = config.hostname ?? hostname()
  }

  async start(): Promise<void> {}

  async deliver(batch: readonly Outgoing[], stopped: AbortSignal): Promise<Outcome[]> {
    const { timeout, settle } = this.#config
    using late = new AnySignal([stopped], timeout)
    const socket = await this.#connected(late.signal)
    const lost = new AbortController()
    using writing = new AnySignal([late.signal, lost.signal])
    using settling = new AnySignal([stopped, lost.signal])
    const isLost = writing.signal
    const note = () => lost.abort(new Error(socket.errored?.message ?? "The server closed the connection"))
    socket.once("close", note)
    try {
      if (socket.destroyed) note()
      for (const outgoing of batch) {
        isLost.throwIfAborted()
        if (!socket.write(counted(this.#message(outgoing)))) await once(socket, "drain", { signal: isLost })
      }
      // A server that has lost the connection says so when it gets something: syslog itself acknowledges nothing.
      while (socket.writableLength > 0) await setTimeout(1, undefined, { signal: isLost })
      await setTimeout(settle, undefined, { signal: settling.signal })
      // A busy process comes to timers before it comes to what sockets have to say.
      for (let turn = 0; turn < 2; turn++) await setImmediate(undefined, { signal: lost.signal })
      return batch.map(() => "done")
    } catch (error) {
      socket.destroy()
      if (stopped.aborted) throw error
      throw lost.signal.aborted ? lost.signal.reason : new Error(`The server took nothing within ${timeout / 1000} s`)
    } finally {
      socket.off("close", note)
    }
  }

  async #connected(signal: AbortSignal): Promise<Socket> {
    const old = this.#socket
    if (old !== undefined && !old.destroyed) return old
    const { connect } = this.#config
    const { protocol, hostname: name, port } = new URL(connect)
    const host = name.replace(/^\[|\]$/g, "")
    const socket =
      protocol === "tls:"
        ? connectTls({
            host,
            port: Number(port),
            servername: /^[\d.:]+$/.test(host) ? "" : host,
            ...readTls(this.#config, this.#folder),
          })
        : createConnection({ host, port: Number(port) })
    try {
      await once(socket, protocol === "tls:" ? "secureConnect" : "connect", { signal })
    } catch (error) {
      socket.destroy()
      throw error
    }
    socket.setKeepAlive(true, 10_000)
    // The reason is in `errored`. A server of syslog never answers; what it sends is dropped, and its end is the connection's.
    socket.on("error", () => {})
    socket.on("end", () => socket.destroy())
    socket.resume()
    this.#socket = socket
    return socket
  }

  #message(outgoing: Outgoing): Buffer {
    const event = storedEvent(outgoing.frames)
    const { facility, appName, structuredData } = this.#config
    const { traceparent, tracestate, ...others } = event
    // That of this attempt, or else that of the event, as far as it is valid.
    const trace = outgoing.trace ?? traceContext(traceparent, tracestate)
    const known: Record<string, unknown> = { ...others, ...trace, ohmqsender: outgoing.sender }
    const fields = attributes.flatMap((name) => {
      const value = known[name]
      return typeof value === "string" ? [[name, value]] : []
    })
    return formatMessage({
      facility,
      level: levelOf(severityIn(event)),
      time: timeOf(event.time) ?? new Date(outgoing.time).toISOString(),
      host: this.#host,
      app: appName,
      process: String(process.pid),
      id: event.type,
      data: { [structuredData]: Object.fromEntries(fields) },
      text: eventLine(outgoing).toString("utf8").trimEnd(),
    })
  }

  async stop(): Promise<void> {
    const socket = this.#socket
    if (socket === undefined || socket.destroyed) return
    socket.end()
    await Promise.race([once(socket, "close"), setTimeout(1000)])
    socket.destroy()
  }
}

export const syslogSink = sinkKind<Config>({
  schema,
  check: (config) => {
    const { connect, insecure } = config
    const { protocol, hostname: host, port } = new URL(connect)
    if (Number(port) > 65_535) return [["connect"], expected]
    if (protocol === "tcp:" && !insecure && !isLoopback(host))
      return [["connect"], "tcp: is not encrypted. Use tls:, or set insecure: true"]
    return tlsProblem(config, protocol === "tls:", "connect")
  },
  create: (config, context) => new SyslogSink(config, context),
})
