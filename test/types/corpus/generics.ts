// Functions that are about any socket, or any that sends or receives.

import type { Message, MessageLike, Readable, Socket, SocketOptions, Writable } from "zeromq"
import * as zmq from "zeromq"

export async function sendJson(socket: Writable, value: unknown): Promise<void> {
  await socket.send(JSON.stringify(value))
}

export async function* jsonOf<T>(socket: Readable): AsyncGenerator<T, void, undefined> {
  for await (const [part] of socket) yield JSON.parse(part.toString()) as T
}

export async function pipe(from: Readable & Socket, to: zmq.Writable & zmq.Socket) {
  for await (const message of from) await to.send(message)
  from.close()
  to.close()
}

export const pipes = [
  pipe(new zmq.Pull(), new zmq.Push()),
  pipe(new zmq.Subscriber(), new zmq.Publisher()),
  pipe(new zmq.XSubscriber(), new zmq.XPublisher()),
  pipe(new zmq.Router(), new zmq.Dealer()),
  pipe(new zmq.Pair(), new zmq.Request()),
  pipe(new zmq.Reply(), new zmq.Reply()),
]

export async function next<S extends Readable>(socket: S): Promise<Message> {
  const [part] = await socket.receive()
  return part
}

export function writeAll<S extends Writable>(socket: S, messages: Iterable<MessageLike | MessageLike[]>) {
  socket.sendTimeout = 100
  socket.sendHighWaterMark = 0
  return Promise.all(Array.from(messages, (message) => socket.send(message)))
}

export type SocketClass<S extends Socket> = new (options?: SocketOptions<S>) => S

export function create<S extends Socket>(SocketType: SocketClass<S>, options?: SocketOptions<S>): S {
  return new SocketType(options)
}
export const dealer: zmq.Dealer = create(zmq.Dealer, { routingId: "a", linger: 0 })
export const router: zmq.Router = create(zmq.Router)

export const classes = {
  pub: zmq.Publisher,
  sub: zmq.Subscriber,
  req: zmq.Request,
  rep: zmq.Reply,
  dealer: zmq.Dealer,
  router: zmq.Router,
  push: zmq.Push,
  pull: zmq.Pull,
} as const
export type ClassName = keyof typeof classes
export type SocketOf<N extends ClassName> = InstanceType<(typeof classes)[N]>
export const make = <N extends ClassName>(name: N): SocketOf<N> => new classes[name]() as SocketOf<N>
export const made: zmq.Publisher = make("pub")

export type Any = zmq.Push | zmq.Pull | zmq.Dealer | zmq.Router
export const canSend = (socket: Any): socket is zmq.Push | zmq.Dealer | zmq.Router => "send" in socket
export const isSocket = (value: unknown): value is Socket => value instanceof zmq.Socket
export async function maybeSend(socket: Any) {
  if (socket instanceof zmq.Pull) return socket.receive()
  return socket.send("x")
}

export async function bindAny(socket: Socket): Promise<string> {
  await socket.bind("tcp://127.0.0.1:*")
  const endpoint = socket.lastEndpoint
  if (endpoint === null) throw new Error("not bound")
  return endpoint
}

export async function using<S extends Socket, T>(socket: S, work: (socket: S) => Promise<T>): Promise<T> {
  try {
    return await work(socket)
  } finally {
    socket.close()
  }
}
export const length: Promise<number> = using(new zmq.Pull(), async (socket) => (await socket.receive()).length)

export type Sent = Parameters<zmq.Push["send"]>[0]
export type Received = Awaited<ReturnType<zmq.Pull["receive"]>>
export type DealerOptions = ConstructorParameters<typeof zmq.Dealer>[0]
export type BindResult = ReturnType<zmq.Socket["bind"]>
export const sent: Sent[] = ["a", ["b", null], 1]
export const received: Received = [Buffer.alloc(1)]
export const options: DealerOptions = { linger: 1 }
export const linger: number | undefined = options?.linger
export const done: BindResult = Promise.resolve()

export interface Transport {
  send(message: MessageLike | MessageLike[]): Promise<void>
  close(): void
  readonly closed: boolean
}
export const transports: Transport[] = [new zmq.Push(), new zmq.Dealer(), new zmq.Publisher()]

export interface Source extends AsyncIterable<Buffer[]> {
  receive(): Promise<Buffer[]>
}
export const sources: Source[] = [new zmq.Pull(), new zmq.Subscriber()]
export const iterators: AsyncIterator<Message[], undefined>[] = [new zmq.Pull()[Symbol.asyncIterator]()]

export const picked: Pick<zmq.Dealer, "send" | "close" | "linger"> = new zmq.Dealer()
export const sender: (message: MessageLike) => Promise<void> = (message) => picked.send(message)
const dealers = new Map<string, zmq.Dealer>()
export const send = dealers.get("x")?.send
export const bound: ((message: MessageLike | MessageLike[]) => Promise<void>) | undefined = send?.bind(dealer)

export class Queue {
  private queue: MessageLike[][] = []
  private sending = false
  constructor(
    private socket: Writable & { readonly writable: boolean },
    private max = 100,
  ) {}
  push(...message: MessageLike[]) {
    if (this.queue.length >= this.max) throw new Error("Queue is full")
    this.queue.push(message)
    if (!this.sending) void this.drain()
  }
  private async drain() {
    this.sending = true
    for (let message = this.queue.shift(); message !== undefined; message = this.queue.shift()) {
      await this.socket.send(message)
    }
    this.sending = false
  }
}
export const queue = new Queue(new zmq.Dealer())

export async function pairOf(stream: Readable<[Message, Message]>, sink: Writable<[MessageLike, MessageLike]>) {
  const message: [Message, Message] = await stream.receive()
  await sink.send(message)
}
void pairOf(new zmq.Stream(), new zmq.Stream())

export async function withRouting(server: Writable<MessageLike, [{ routingId: number }]>) {
  await server.send("hello", { routingId: 1 })
}
