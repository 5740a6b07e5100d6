// Classes made of those of the package.

import * as zmq from "zeromq"
import {
  Dealer,
  type Message,
  type MessageLike,
  Push,
  type Readable,
  Socket,
  type SocketOptions,
  Subscriber,
  type Writable,
} from "zeromq"

/** Options by their number in zmq.h. */
export class Tuned extends Dealer {
  get fd(): number {
    return this.getInt32Option(14)
  }
  get spinning(): boolean {
    return this.getBoolOption(113)
  }
  set spinning(value: boolean) {
    this.setBoolOption(113, value)
  }
  get eventBits(): number {
    return this.getUint32Option(15)
  }
  set eventBits(value: number) {
    this.setUint32Option(15, value)
  }
  get largest(): number {
    return this.getInt64Option(22)
  }
  set largest(value: number) {
    this.setInt64Option(22, value)
  }
  get cpus(): number {
    return this.getUint64Option(4)
  }
  set cpus(value: number) {
    this.setUint64Option(4, value)
  }
  get name(): string | null {
    return this.getStringOption(5)
  }
  set name(value: string | Buffer | null) {
    this.setStringOption(5, value as string)
    this.setStringOption(5, Buffer.from("name"))
    this.setStringOption(5, null)
  }
}

export const tuned = new Tuned({ linger: 0 })

/** The same helper under another access. */
export class Open extends Socket {
  constructor(options?: SocketOptions<Open>) {
    super(6, options)
  }
  public override getInt32Option(option: number): number {
    return super.getInt32Option(option)
  }
  public override setStringOption(option: number, value: string | Buffer | null): void {
    super.setStringOption(option, value)
  }
}

/** With types merged in, as the package itself does it. */
export class Worker extends Socket {
  constructor(options?: SocketOptions<Worker>) {
    super(5, options)
  }
}
export interface Worker extends Readable, Writable {
  probeRouter: boolean
}
export async function workOnce(worker: Worker) {
  const [task] = await worker.receive()
  await worker.send([task, "done"])
  for await (const [next] of worker) console.log(next.length)
}

export class Typed extends Socket {
  constructor() {
    super(11, {})
  }
}
export interface Typed extends Readable<[Message, Message]>, Writable<[MessageLike, MessageLike]> {}

export class JsonPush extends Push {
  constructor(address: string, options: SocketOptions<Push> = {}) {
    super({ linger: 0, ...options })
    this.connect(address)
  }
  sendJson(value: unknown): Promise<void> {
    return this.send(JSON.stringify(value))
  }
  override send(message: MessageLike | MessageLike[]): Promise<void> {
    return super.send(message)
  }
  override close(): void {
    if (!this.closed) super.close()
  }
  override async bind(address: string): Promise<void> {
    await super.bind(address)
  }
  override connect(address: string): void {
    super.connect(address)
  }
}

export class TopicSubscriber extends Subscriber {
  constructor(...topics: string[]) {
    super()
    this.subscribe(...topics)
  }
  override subscribe(...prefixes: Array<Buffer | string>): void {
    super.subscribe(...prefixes)
  }
  override async receive(): Promise<Message[]> {
    const message = await super.receive()
    return message.slice(1)
  }
  async *texts(): AsyncGenerator<string> {
    for await (const [topic, body] of this) yield `${topic}: ${body}`
  }
}

export class Limited extends Dealer {
  override get sendTimeout(): number {
    return super.sendTimeout
  }
  override set sendTimeout(value: number) {
    super.sendTimeout = Math.min(value, 1000)
  }
}

export class SafeRouter extends zmq.Router {
  constructor() {
    super({ mandatory: true })
  }
  override connect(address: string, options?: zmq.RouterConnectOptions): void {
    super.connect(address, { routingId: options?.routingId ?? "peer" })
  }
  reply = undefined
}

export class Raw extends zmq.Stream {
  override connect(address: string, options?: zmq.StreamConnectOptions): void {
    super.connect(address, options)
  }
}

export class Broker extends zmq.Proxy<zmq.Router, zmq.Dealer> {
  constructor() {
    super(new zmq.Router(), new zmq.Dealer())
  }
  override async run(): Promise<void> {
    await this.frontEnd.bind("tcp://127.0.0.1:*")
    await super.run()
  }
}

export class Watcher extends zmq.Observer {
  override close(): void {
    super.close()
  }
}

function withLogging<C extends new (...args: any[]) => zmq.Socket>(Base: C) {
  return class extends Base {
    override close() {
      console.log("closing")
      super.close()
    }
  }
}
const LoggingPull = withLogging(zmq.Pull)
export const logging: zmq.Pull = new LoggingPull({ linger: 0 })
