// Brokers: proxies, load balancing, forwarding with subscriptions, authentication.

import * as zmq from "zeromq"
import { Dealer, Proxy, type Publisher, Reply, Router, Subscriber, XPublisher, XSubscriber } from "zeromq"

export async function queue() {
  const proxy = new Proxy(new Router(), new Dealer())
  await proxy.frontEnd.bind("tcp://*:5559")
  await proxy.backEnd.bind("tcp://*:5560")
  proxy.frontEnd.mandatory = true
  proxy.backEnd.probeRouter = false
  const running: Promise<void> = proxy.run()
  proxy.pause()
  proxy.resume()
  setTimeout(() => proxy.terminate(), 1000)
  await running
}

export async function forward() {
  const proxy: zmq.Proxy<XSubscriber, XPublisher> = new zmq.Proxy(new XSubscriber(), new XPublisher())
  const any: zmq.Proxy = proxy
  const ends: zmq.Socket[] = [any.frontEnd, any.backEnd]
  await Promise.all(ends.map((end, index) => end.bind(`tcp://127.0.0.1:${5000 + index}`)))
  return any.run()
}

interface Waiting {
  id: Buffer
  expires: number
}

/** The majordomo, in short. */
export class Majordomo {
  private readonly workers = new Map<string, Waiting[]>()
  private readonly requests: Array<[service: string, client: Buffer, ...body: Buffer[]]> = []

  constructor(private readonly socket: Router = new Router({ handover: true })) {}

  async start(address: string) {
    await this.socket.bind(address)
    for await (const [sender, empty, header, type, ...rest] of this.socket) {
      if (empty.length > 0) continue
      switch (header.toString()) {
        case "MDPC01":
          this.requests.push([type.toString(), sender, ...rest])
          break
        case "MDPW01":
          await this.handleWorker(sender, type[0], rest)
          break
        default:
          console.error(`${this.constructor.name}: unknown header`)
      }
    }
  }

  private async handleWorker(id: Buffer, type: number, rest: Buffer[]) {
    if (type === 1) {
      const [service] = rest
      const waiting = this.workers.get(service.toString()) ?? []
      waiting.push({ id, expires: Date.now() + 2500 })
      this.workers.set(service.toString(), waiting)
      return
    }
    const [client, blank, ...reply] = rest
    await this.socket.send([client, blank, "MDPC01", ...reply])
  }

  async dispatch() {
    for (const [service, client, ...request] of this.requests) {
      const worker = this.workers.get(service)?.shift()
      if (worker) await this.socket.send([worker.id, null, "MDPW01", Buffer.from([2]), client, null, ...request])
    }
  }
}

/** Answers ZAP requests (RFC 27). */
export class ZapHandler {
  readonly #socket = new Reply()

  async run(allowed: Set<string>) {
    await this.#socket.bind("inproc://zeromq.zap.01")
    for await (const [version, id, domain, address, identity, mechanism, ...credentials] of this.#socket) {
      const known =
        mechanism.equals(Buffer.from("CURVE")) && credentials[0] && allowed.has(credentials[0].toString("hex"))
      console.log(domain.toString(), address.toString(), identity.length)
      await this.#socket.send([version, id, known ? "200" : "400", known ? "OK" : "No", "user", ""])
    }
  }
}

export class LastValueCache {
  private cache = new Map<string, Buffer>()
  private frontend = new Subscriber()
  private backend = new XPublisher({ verbosity: "allSubs" })

  async run() {
    this.frontend.connect("tcp://127.0.0.1:5557")
    this.frontend.subscribe("")
    await this.backend.bind("tcp://*:5558")
    const fill = async () => {
      for await (const [topic, value] of this.frontend) {
        this.cache.set(topic.toString(), value)
        await this.backend.send([topic, value])
      }
    }
    const serve = async () => {
      for await (const [event] of this.backend) {
        const topic = event.slice(1).toString()
        const value = this.cache.get(topic)
        if (event[0] === 1 && value !== undefined) await this.backend.send([topic, value])
      }
    }
    await Promise.all([fill(), serve()])
  }
}

export const heartbeat = (publisher: Publisher): NodeJS.Timeout =>
  setInterval(() => publisher.send("alive").catch(() => undefined), 1000)

process.on("SIGINT", () => {
  zmq.context.blocky = false
  process.exit()
})
