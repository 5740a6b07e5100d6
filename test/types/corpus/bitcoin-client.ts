// Subscribes to a Bitcoin node: new blocks and transactions, with reconnection driven by events.

import { once } from "events"
import { Readable as NodeReadable } from "stream"

import { type Event, type EventOfType, type EventType, Subscriber } from "zeromq"

type Topic = "rawblock" | "rawtx" | "hashblock" | "hashtx" | "sequence"

type Handlers = { [T in Topic]?: (body: Buffer, sequence: number) => void | Promise<void> }

export class BlockListener {
  private sock: Subscriber | null = null
  private lastSequence: Map<string, number> = new Map()

  constructor(
    private url: string,
    private handlers: Handlers,
  ) {}

  async listen() {
    const sock = new Subscriber({ tcpKeepalive: 1, reconnectInterval: 100, reconnectMaxInterval: 5000 })
    this.sock = sock
    sock.events.on("connect", (event) => this.log("connected", event.address))
    sock.events.on("disconnect", ({ address }) => this.log("lost", address))
    sock.events.on("connect:retry", ({ interval, address }) => this.log(`again in ${interval} ms`, address))
    sock.events.on("handshake:error:protocol", (event) => this.log(event.error.message, event.error.code))
    sock.connect(this.url)
    for (const topic of Object.keys(this.handlers)) sock.subscribe(topic)
    for await (const [topic, message, sequence] of sock) {
      const name = topic.toString() as Topic
      const number = sequence.readUInt32LE()
      if (this.lastSequence.get(name) !== number - 1) this.log("missed", name)
      this.lastSequence.set(name, number)
      await this.handlers[name]?.(message, number)
    }
  }

  log(what: string, more?: string) {
    console.log(what, more)
  }

  stop() {
    this.sock?.close()
    this.sock = null
  }
}

export const asStream = (sock: Subscriber): NodeReadable =>
  NodeReadable.from(
    (async function* () {
      for await (const frames of sock) yield frames
    })(),
  )

export const waitOnce = (stream: NodeReadable) => once(stream, "end")

export function describe(event: Event): string {
  switch (event.type) {
    case "accept":
    case "bind":
    case "connect":
    case "connect:delay":
    case "close":
    case "disconnect":
    case "handshake":
      return `${event.type} ${event.address}`
    case "connect:retry":
      return `${event.address} in ${event.interval}`
    case "accept:error":
    case "bind:error":
    case "close:error":
    case "handshake:error:other":
      return `${event.error.code} ${event.error.errno} ${event.error.message} ${event.address}`
    case "handshake:error:protocol":
      return event.error.code === "ERR_ZMTP_MECHANISM_MISMATCH" ? "wrong mechanism" : event.error.code
    case "handshake:error:auth":
      return event.error.status === 400 ? "denied" : String(event.error.status)
    case "end":
    case "unknown":
      return event.type
    default: {
      const nothing: never = event
      return nothing
    }
  }
}

export const isConnect = (event: Event): event is EventOfType<"connect"> => event.type === "connect"

export const names: EventType[] = ["accept", "connect:delay", "handshake:error:other", "end", "unknown"]
