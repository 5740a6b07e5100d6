// A library that hands the package on. Its declarations are emitted too.

import * as zmq from "zeromq"
import { Dealer, Router, type Socket } from "zeromq"

export type { EventOfType, Message as Frame, SocketOptions } from "zeromq"
export * from "zeromq"
export * as zeromq from "zeromq"
export { Dealer as Client, Router as Server } from "zeromq"
export { zmq }

export const context = new zmq.Context({ ioThreads: 1 })
export const dealer = new Dealer()
export const events = dealer.events
export const receive = () => dealer.receive()
export const iterator = dealer[Symbol.asyncIterator]()
export const nextEvent = () => dealer.events.receive()
export const eventIterator = () => events[Symbol.asyncIterator]()
export const subscribed = events.on("bind", () => {})
export const proxy = new zmq.Proxy(new Router(), dealer)
export const makeOptions = (routingId: string) => ({ routingId, linger: 0 }) satisfies zmq.SocketOptions<Dealer>
export const defaults: zmq.SocketOptions<Router> = {}
export const connectOptions: zmq.RouterConnectOptions = { routingId: "a" }
export const streamOptions: zmq.StreamConnectOptions = {}
export const keys = zmq.curveKeyPair()
export const can = zmq.capability
export const createPair = async () => {
  const pair = [new zmq.Pair(), new zmq.Pair()] as const
  await pair[0].bind("inproc://pair")
  return pair
}
export const handlers = {
  bound: (event: zmq.EventOfType<"bind">) => event,
  any: async (socket: Socket) => {
    for await (const event of socket.events) return event
    return undefined
  },
  retry: (event: zmq.EventOfType<"connect:retry" | "disconnect">) => event.address,
}
export const send = dealer.send.bind(dealer)
export const type = dealer.type
export const mechanism = dealer.securityMechanism
export const options = (socket: Dealer) => ({ id: socket.routingId, linger: socket.linger, end: socket.lastEndpoint })
export class Rpc<S extends Socket & zmq.Readable & zmq.Writable = Dealer> {
  constructor(readonly socket: S) {}
  get events() {
    return this.socket.events
  }
  call = async (method: string) => {
    await this.socket.send([method, null])
    return this.socket.receive()
  }
}
export class Mine extends Dealer {
  get context2() {
    return this.context
  }
  get raw() {
    return this.getInt32Option(14)
  }
}
export const mine = new Mine()
export default { dealer, proxy }
