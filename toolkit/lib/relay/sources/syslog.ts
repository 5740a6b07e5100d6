// The source `syslog`: messages of RFC 5424 and RFC 3164 over TLS, TCP and UDP.

import type { Buffer } from "node:buffer"
import { createSocket, type Socket as UdpSocket } from "node:dgram"
import { once, setMaxListeners } from "node:events"
import { readFileSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import { resolve } from "node:path"
import { createServer as createTlsServer, TLSSocket } from "node:tls"
import { z } from "zod"
import { isLoopback, oneOrMore, size } from "../../config/index.js"
import { EventError } from "../../events/index.js"
import { type Incoming, type Source, type SourceContext, sourceKind } from "../components.js"
import { syslogEvent } from "../syslog/event.js"
import { Deframer, type Frame } from "../syslog/framing.js"
import { parseMessage } from "../syslog/parse.js"

const expected = 'Expected an address such as "tcp://127.0.0.1:5514", "udp://127.0.0.1:5514" or "tls://0.0.0.0:6514"'
const address = z.string().regex(/^(tls|tcp|udp):\/\/(\[[0-9A-Fa-f:.]+\]|[^:/[\]]+):\d{1,5}$/, expected)

const schema = z.strictObject({
  bind: oneOrMore(address).describe("Where to listen: `tls://`, `tcp://` or `udp://`, a host and a port."),
  cert: z.string().min(1).optional().describe("A file with the certificate (PEM) of this server (`tls`)."),
  key: z.string().min(1).optional().describe("A file with its key (PEM) (`tls`)."),
  clientCa: z
    .string()
    .min(1)
    .optional()
    .describe(
      "A file with the certificates (PEM) of the authorities whose clients are let in (`tls`). The common name of a client is the `sender` of its events.",
    ),
  maxMessage: size().prefault("64KiB").describe("A longer message is refused, and counted."),
  maxConnections: z
    .int()
    .min(1)
    .max(100_000)
    .prefault(1000)
    .describe("More connections at a time are closed (`tls`, `tcp`)."),
  eventType: z.string().min(1).prefault("log.recorded").describe("The type of the events."),
  insecure: z.boolean().prefault(false).describe("Whether `tcp:` and `udp:` may be reached from other machines."),
})
type Config = z.infer<typeof schema>

/** UDP cannot wait: what comes while so many wait for the disk is dropped, and counted. */
const maxWaiting = 10_000

class SyslogSource implements Source {
  readonly #config: Config
  readonly #context: SourceContext
  readonly #stopping = new AbortController()
  readonly #servers: Server[] = []
  readonly #udp: UdpSocket[] = []
  readonly #connections = new Set<Socket>()
  readonly #underWay = new Set<Promise<void>>()
  #waiting: Incoming[] = []
  #storing: Promise<void> | undefined

  constructor(config: Config, context: SourceContext) {
    this.#config = config
    this.#context = context
    // Any number of connections may wait for room.
    setMaxListeners(0, this.#stopping.signal)
  }

  async start(): Promise<void> {
    try {
      for (const one of this.#config.bind) {
        const { protocol, hostname, port } = new URL(one)
        const place = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) }
        const bound =
          protocol === "udp:" ? await this.#listenUdp(place) : await this.#listen(protocol === "tls:", place)
        this.#context.log.info({ address: `${protocol}//${hostname}:${bound}` }, "The source listens")
      }
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async #listen(isTls: boolean, { host, port }: { host: string; port: number }): Promise<number> {
    const { cert, key, clientCa, maxConnections } = this.#config
    const read = (path: string | undefined) =>
      path === undefined ? undefined : readFileSync(resolve(this.#context.folder, path))
    const accept = (socket: Socket) => {
      const taken = this.#take(socket).finally(() => this.#underWay.delete(taken))
      this.#underWay.add(taken)
    }
    const server = isTls
      ? createTlsServer(
          { cert: read(cert), key: read(key), ca: read(clientCa), requestCert: clientCa !== undefined },
          accept,
        )
      : createServer(accept)
    server.maxConnections = maxConnections
    server.on("drop", () => this.#context.refuse("too-many-connections"))
    server.on("tlsClientError", ({ message }: Error) => this.#context.refuse("tls", { problem: message }))
    this.#servers.push(server)
    server.listen(port, host)
    await once(server, "listening")
    return (server.address() as { port: number }).port
  }

  /** What comes on a connection waits in the network while earlier messages are stored. */
  async #take(socket: Socket): Promise<void> {
    this.#connections.add(socket)
    socket.on("error", () => {})
    const sender = senderOf(socket)
    const deframer = new Deframer(this.#config.maxMessage)
    try {
      for await (const chunk of socket) await this.#store(deframer.push(chunk as Buffer), sender)
      const last = deframer.end()
      if (last) await this.#store([last], sender)
    } catch (error) {
      if (!socket.destroyed || !this.#stopping.signal.aborted)
        this.#context.log.debug({ reason: (error as Error).message }, "A connection has ended")
    } finally {
      socket.destroy()
      this.#connections.delete(socket)
    }
  }

  async #store(frames: readonly Frame[], sender: string | undefined): Promise<void> {
    const events = frames.flatMap((frame) => this.#incoming(frame, sender))
    if (events.length > 0) await this.#context.intake(events, { canRefuse: false, signal: this.#stopping.signal })
  }

  async #listenUdp({ host, port }: { host: string; port: number }): Promise<number> {
    const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4", recvBufferSize: 4 << 20 })
    this.#udp.push(socket)
    socket.on("message", (bytes) => {
      if (this.#waiting.length >= maxWaiting) return this.#context.refuse("udp-overflow")
      const frame = bytes.length > this.#config.maxMessage ? { error: "too-long" as const } : { message: bytes }
      this.#waiting.push(...this.#incoming(frame, undefined))
      this.#storing ??= this.#storeWaiting()
    })
    socket.bind(port, host)
    await once(socket, "listening")
    socket.on("error", ({ message }) => this.#context.log.error({ reason: message }, "The UDP socket failed"))
    return socket.address().port
  }

  async #storeWaiting(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const events = this.#waiting
        this.#waiting = []
        await this.#context.intake(events, { canRefuse: false, signal: this.#stopping.signal })
      }
    } catch {
      // The intake has counted and logged it.
    } finally {
      this.#storing = undefined
    }
  }

  #incoming(frame: Frame, sender: string | undefined): Incoming[] {
    if ("error" in frame) {
      this.#context.refuse(frame.error)
      return []
    }
    // A sender may end it with a line feed or NUL (RFC 6587, section 3.4.2).
    const text = frame.message.toString("utf8").replace(/[\r\n\0]+$/, "")
    if (text === "") return []
    try {
      const taken = syslogEvent(parseMessage(text), `/syslog/${this.#context.name}`, this.#config.eventType)
      return [{ ...taken, ...(sender !== undefined && { sender }) }]
    } catch (error) {
      if (!(error instanceof EventError)) throw error
      this.#context.refuse(error.code, { problem: error.message })
      return []
    }
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) server.close()
    // What has arrived is stored, unless there is no room.
    for (const socket of this.#connections) socket.end()
    for (const socket of this.#udp) socket.close()
    const timer = setTimeout(() => {
      this.#stopping.abort()
      for (const socket of this.#connections) socket.destroy()
    }, 1000)
    await Promise.allSettled([...this.#underWay, this.#storing])
    clearTimeout(timer)
    this.#stopping.abort()
  }
}

/** The common name in the certificate of a client that was verified. */
function senderOf(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const name = socket.getPeerCertificate().subject?.CN
  return Array.isArray(name) ? name[0] : name
}

export const syslogSource = sourceKind<Config>({
  schema,
  check: ({ bind, cert, key, clientCa, insecure }) => {
    const places = bind.map((one) => new URL(one))
    if (places.some(({ port }) => Number(port) > 65_535)) return [["bind"], expected]
    const open = places.find(({ protocol, hostname }) => protocol !== "tls:" && !isLoopback(hostname))
    if (open !== undefined && !insecure)
      return [["bind"], `${open.href} can be reached from other machines, unencrypted. Use tls:, or set insecure: true`]
    const isTls = places.some(({ protocol }) => protocol === "tls:")
    if (isTls && (cert === undefined || key === undefined)) return [[], "tls: needs cert and key"]
    if (!isTls && (cert ?? key ?? clientCa) !== undefined) return [["bind"], "cert, key and clientCa are for tls:"]
    return undefined
  },
  claims: ({ bind }) => bind.filter((one) => !one.endsWith(":0")),
  create: (config, context) => new SyslogSource(config, context),
})
