// What goes beyond zeromq, typed as it is meant to be.

import * as zmq from "ohmq"
import * as draft from "ohmq/draft"
import { type Installation, installation } from "ohmq/installation"
import { PasswordFile } from "ohmq/security"

/** Fails to compile unless both types are the same. */
function same<A>() {
  return <B>(..._: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never]) => {}
}

const signal = new AbortController().signal

export async function sending(push: zmq.Push, sender: zmq.Sender) {
  const options: zmq.OperationOptions = { signal, timeout: 10 }
  await push.send("x", options)
  await push.sendMany(["x", ["a", null]], options)
  await push.sendMany(new Set(["x"]))
  const went: boolean = push.trySend(["x"])
  const queue: zmq.QueueOptions | null = push.sendQueue
  push.sendQueue = { limit: 10, whenFull: "drop-oldest" }
  push.sendQueue = true
  same<true | zmq.QueueOptions | null | undefined>()<zmq.ConstructorOptions<zmq.Push>["sendQueue"]>()
  same<zmq.QueueOptions | null | undefined>()<zmq.SocketOptions<zmq.Push>["sendQueue"]>()
  sender.toWritable({ highWaterMark: 1 }).write("x")
  sender.toWritableStream().getWriter().releaseLock()
  return went && queue
}

export async function receiving(pull: zmq.Pull, receiver: zmq.Receiver, stream: zmq.Stream) {
  const many: zmq.Message[][] = await pull.receiveMany({ max: 10, signal })
  const maybe: zmq.Message[] | undefined = pull.tryReceive()
  for await (const messages of pull.batches({ max: 10 })) {
    same<zmq.Message[][]>()<typeof messages>()
    for (const [part] of messages) part?.toString()
  }
  for await (const message of pull.messages({ signal, timeout: 10 })) same<zmq.Message[]>()<typeof message>()
  const pairs = stream.messages()
  same<zmq.Iteration<[zmq.Message, zmq.Message]>>()<typeof pairs>()
  const batches = pull.batches()
  same<zmq.Iteration<zmq.Message[][]>>()<typeof batches>()
  const ended: IteratorResult<zmq.Message[][], undefined> = await batches.return()
  const thrown: Promise<IteratorResult<zmq.Event, undefined>> = pull.events[Symbol.asyncIterator]().throw(ended)
  const disposable: { [Symbol.asyncDispose](): PromiseLike<void> } = pull.withMetadata()
  for await (const messages of stream.batches()) same<[zmq.Message, zmq.Message][]>()<typeof messages>()
  pull.receiveQueue = { limit: 1 }
  new zmq.Pull({ receiveQueue: true }).receiveQueue = null
  receiver.toReadable().destroy()
  return [many, maybe, thrown, disposable, receiver.toReadableStream()]
}

export async function lifetime(dealer: zmq.Dealer) {
  same<zmq.Dealer>()<ReturnType<typeof dealer.ref>>()
  dealer.ref().unref().close({ linger: 0 })
  const closed = dealer.close()
  same<void>()<typeof closed>()
  const gone = dealer.close({ linger: 0, wait: true })
  same<Promise<void>>()<typeof gone>()
  const either = dealer.close({ wait: Math.random() > 0.5 })
  same<void | Promise<void>>()<typeof either>()
  same<void>()<ReturnType<zmq.Socket["close"]>>()
  const closable: { close(): void } = dealer
  await dealer.bind("tcp://127.0.0.1:*", { timeout: 10, signal })
  await dealer.unbind("tcp://127.0.0.1:*", { timeout: 10 })
  await dealer.connected({ count: 2, timeout: 10 })
  const disposable: { [Symbol.dispose](): void; [Symbol.asyncDispose](): PromiseLike<void> } = dealer
  disposable[Symbol.dispose]()
  return closable
}

/** As programs for zeromq do it. */
export class Closes extends zmq.Push {
  override close(): void {
    super.close()
  }
}

export async function observing(dealer: zmq.Dealer, event: zmq.Event) {
  const retry = await dealer.events.waitFor("connect:retry", { signal })
  same<number>()<typeof retry.interval>()
  const { remoteAddress, fd } = await dealer.events.waitFor("accept")
  same<string | undefined>()<typeof remoteAddress>()
  same<number | undefined>()<typeof fd>()
  for await (const each of dealer.events.all({ signal, timeout: 10 })) same<zmq.Event>()<typeof each>()
  const peers: number = dealer.events.peers
  dealer.events.on("bind", () => {}).close()
  dealer.events.once("connect:retry", ({ interval }) => same<number>()<typeof interval>()).removeAllListeners("bind")
  dealer.events.removeListener("bind", () => {}).removeAllListeners()
  const disposable: { [Symbol.dispose](): void } = dealer.events
  disposable[Symbol.dispose]()
  if (event.type === "handshake:error:auth") same<300 | 400 | 500>()<typeof event.error.status>()
  if (event.type === "accept:error") same<zmq.ErrnoError>()<typeof event.error>()
  if (event.type === "bind:error") same<string | undefined>()<typeof event.error.reason>()
  same<zmq.EventOfType<"end">>()<{ type: "end" }>()
  return peers
}

export function watching(socket: zmq.Socket, radio: draft.Radio) {
  const { sent, fetched, waiting, endpoints, peers }: zmq.SocketStatistics = socket.statistics()
  const received: zmq.MessageCount = radio.statistics().received
  same<number | null>()<typeof peers>()
  same<{ bound: string[]; connected: string[] }>()<typeof endpoints>()
  return sent.messages + received.bytes + fetched + waiting.sends + waiting.receives
}

export function peers(router: zmq.Router, server: draft.Server, peer: draft.Peer) {
  router.peerEvents.on("connect", (id) => same<Buffer>()<typeof id>()).off("disconnect", () => {})
  server.peerEvents.once("disconnect", (id) => same<number>()<typeof id>())
  const events: zmq.PeerEvents<number> = peer.peerEvents
  same<Buffer[]>()<typeof router.peerEvents.connected>()
  return events.connected.map((id) => id + 1)
}

export async function proxying() {
  const proxy = new zmq.Proxy(new zmq.Router(), new zmq.Dealer(), { capture: new zmq.Push() })
  same<zmq.Proxy<zmq.Router, zmq.Dealer, zmq.Push>>()<typeof proxy>()
  await proxy.run({ signal })
  const disposable: { [Symbol.dispose](): void; [Symbol.asyncDispose](): PromiseLike<void> } = proxy
  await disposable[Symbol.asyncDispose]()
  const count: zmq.ProxyCount = proxy.statistics().frontEnd.received
  return count.messages + count.bytes
}

export function options(dealer: zmq.Dealer, router: zmq.Router) {
  const bytes: Buffer | null = dealer.routingIdBytes
  same<string | null>()<typeof router.routingId>()
  same<string | null | undefined>()<zmq.SocketOptions<zmq.Dealer>["routingId"]>()
  same<null | "allSubs" | "allSubsUnsubs" | undefined>()<zmq.SocketOptions<zmq.XPublisher>["verbosity"]>()
  const bytesOrText = new zmq.Dealer({ routingId: Buffer.from([1, 0, 1]), curveSecretKey: new Uint8Array(32) })
  same<string | Uint8Array | null | undefined>()<zmq.ConstructorOptions<zmq.Dealer>["routingId"]>()
  router.connect("tcp://127.0.0.1:1", { routingId: Buffer.from([1, 0, 1]) })
  return [bytes, bytesOrText]
}

export function endpoints(addresses: readonly string[]) {
  const first: zmq.FirstEndpoints = { bind: "tcp://127.0.0.1:*", connect: addresses }
  const subscriptions: zmq.FirstSubscriptions = { subscribe: ["a", Buffer.from("b")] }
  const groups: draft.FirstGroups = { join: "a" }
  new zmq.Subscriber({ ...first, ...subscriptions, linger: 0 })
  new zmq.Subscriber({ connect: "tcp://127.0.0.1:1", subscribe: "" }).subscribe()
  new draft.Dish({ ...first, ...groups })
  return new zmq.Router({ bind: addresses, mandatory: true })
}

export async function drafts() {
  const [server, peer, radio, dish] = [new draft.Server(), new draft.Peer(), new draft.Radio(), new draft.Dish()]
  const routingId = peer.connectPeer("tcp://127.0.0.1:1")
  await peer.send("x", { routingId, timeout: 10, signal })
  await server.sendMany([["x", { routingId }]])
  radio.trySend("x", { group: "group" })
  server.sendQueue = true
  const queue: zmq.QueueOptions | null = new draft.Radio({ sendQueue: true }).sendQueue
  const [, from] = await server.receive()
  same<draft.RoutingOptions>()<typeof from>()
  for await (const [body, { group }] of dish) same<[zmq.Message, Buffer]>()<[typeof body, typeof group]>()
  for await (const { parts } of dish.withMetadata()) same<[zmq.Message, draft.DishGroupOptions]>()<typeof parts>()
  const messages = await new draft.Channel().receiveMany({ max: 10 })
  same<[zmq.Message][]>()<typeof messages>()
  await new draft.Scatter({ conflate: true }).send(["one"])
  return queue
}

export async function files(file: string): Promise<readonly string[]> {
  await PasswordFile.setPassword(file, "alice", "secret")
  same<Promise<void>>()<ReturnType<typeof PasswordFile.setPassword>>()
  const removed: boolean = await PasswordFile.removeUser(file, "bob")
  const passwords = new PasswordFile(file)
  await passwords.ready
  passwords.close()
  const { addon, capabilities, maxSockets }: Installation = installation()
  return [addon, `${capabilities.curve} ${maxSockets} ${removed}`, ...passwords.users]
}
