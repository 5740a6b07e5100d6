// Draft sockets, alone and beside the stable ones.

import type { Message, MessageLike, Readable, SocketOptions, Writable } from "zeromq"
import * as zmq from "zeromq"
import * as draft from "zeromq/draft"
import { Client, Datagram, Dish, Gather, Radio, Scatter, Server } from "zeromq/draft"

export async function serve() {
  const server = new Server({ linger: 0, sendTimeout: 100, receiveHighWaterMark: 10 })
  await server.bind("tcp://127.0.0.1:*")
  const [message, options] = await server.receive()
  const id: number = options.routingId
  await server.send(message, { routingId: id })
  await server.send("text", options)
  for await (const [question, { routingId }] of server) {
    const text: string = question.toString()
    await server.send(text, { routingId })
  }
}

export async function ask(address: string): Promise<string> {
  const client = new Client({ context: zmq.context })
  client.connect(address)
  await client.send("question")
  const [answer]: [Message] = await client.receive()
  for await (const [more] of client) console.log(more.length)
  return answer.toString()
}

export async function broadcast() {
  const radio = new Radio()
  const dish = new Dish({ receiveTimeout: 10 })
  await radio.bind("udp://127.0.0.1:5555")
  dish.connect("udp://127.0.0.1:5555")
  dish.join("weather", Buffer.from("news"))
  dish.leave("news")
  await radio.send("sunny", { group: "weather" })
  await radio.send(Buffer.from("sunny"), { group: Buffer.from("weather") })
  const [body, { group }] = await dish.receive()
  const bytes: Buffer = group
  for await (const [part, options] of dish) console.log(part.toString(), options.group.toString())
  return body.length + bytes.length
}

export async function gather() {
  const gatherer = new Gather({ conflate: true })
  const scatterer = new Scatter({ conflate: false, sendHighWaterMark: 1 })
  gatherer.conflate = scatterer.conflate
  await scatterer.send(null)
  const [part] = await gatherer.receive()
  return part.length
}

export async function datagrams() {
  const datagram = new Datagram()
  await datagram.bind("udp://*:5556")
  const [id, body]: [Message, Message] = await datagram.receive()
  await datagram.send([id, body])
  for await (const [peer, bytes] of datagram) await datagram.send([peer, bytes.length])
}

export const sockets: zmq.Socket[] = [
  ...[new draft.Server(), new draft.Client(), new draft.Radio(), new draft.Dish()],
  ...[new draft.Gather(), new draft.Scatter(), new draft.Datagram()],
]

export const options: SocketOptions<Server> = { linger: 0 }
export const writable: Writable<MessageLike> = new Client()
export const routed: Writable<MessageLike, [{ routingId: number }]> = new Server()
export const grouped: Writable<MessageLike, [{ group: Buffer | string }]> = new Radio()
export const readable: Readable<[Message]> = new Gather()
export const dished: Readable<[Message, { group: Buffer }]> = new Dish()
export const paired: Readable<[Message, Message]> & Writable<[MessageLike, MessageLike]> = new Datagram()

export class Thermometer extends Radio {
  sendDegrees(degrees: number) {
    return this.send(degrees, { group: "temperature" })
  }
}
export class Answering extends draft.Server {
  constructor(opts?: SocketOptions<Server>) {
    super({ ...opts, linger: 0 })
  }
}
export type ServerClass = typeof Server
export const serverEvents = new Server().events
export const nextAnswer = () => new Client().receive()
