// What two sockets exchange, by pattern. Both have the methods open, bind, connect, subscribe, send, receive; one of them is ohmq's.

import { deepEqual } from "node:assert/strict"
import { randomBytes } from "node:crypto"

const large = randomBytes(1 << 20)

/** One part, empty parts among others, a part of 1 MiB, nothing but an empty part. */
const messages = [["one"], ["", "two", "", "three", ""], [large, "end"], [""]].map((parts) => parts.map(Buffer.from))

/** How long a publisher goes on before it is given up, in milliseconds. */
const patience = 10_000

/** The bytes of a message; of a long part its length and its end. */
const shown = (message) =>
  message?.map((part) =>
    part.length > 100 ? `${part.length} bytes, ${part.toString("hex", part.length - 8)}` : `${part}`,
  )

async function expectMessage(receiver, expected, received) {
  const message = received ?? (await receiver.receive())
  const parts = expected.map((part) => Buffer.from(part))
  if (message?.length === parts.length && message.every((part, index) => part.equals(parts[index]))) return
  deepEqual(shown(message), shown(parts), `what ${receiver.type} has received`)
  throw new Error(`${receiver.type} has received a long part that is not what was sent`)
}

async function pipeline(push, pull) {
  for (const message of messages) await push.send(message)
  for (const message of messages) await expectMessage(pull, message)
}

async function pair(one, other) {
  await pipeline(one, other)
  await pipeline(other, one)
}

/** `envelope`: what stands before the request where it is received, and before the reply where it is sent; and so the other way. */
async function requests(client, server, { sent = [], received = [] } = {}) {
  for (const message of messages) {
    await client.send([...sent, ...message])
    await expectMessage(server, [...received, ...message])
    await server.send([...received, ...message, "reply"])
    await expectMessage(client, [...sent, ...message, "reply"])
  }
}

const requestReply = (request, reply) => requests(request, reply)
const requestRouter = (request, router) => requests(request, router, { received: [request.name, ""] })
const dealerReply = (dealer, reply) => requests(dealer, reply, { sent: [""] })

async function dealerRouter(dealer, router) {
  await requests(dealer, router, { received: [dealer.name] })
  // Not in turn.
  for (const message of messages) await dealer.send(message)
  for (const message of messages) await expectMessage(router, [dealer.name, ...message])
  for (const message of messages) await router.send([dealer.name, ...message])
  for (const message of messages) await expectMessage(dealer, message)
}

const subscription = (first, topic) => [Buffer.concat([Buffer.of(first), Buffer.from(topic)])]

async function publishSubscribe(publisher, subscriber) {
  const [topic, other, probe] = ["topic", "other", "topic?"]
  if (subscriber.type === "SUB") await subscriber.subscribe(topic)
  else await subscriber.send(subscription(1, topic))
  // A bound subscriber sends its subscriptions to a new peer the next time that it is used.
  if (publisher.type === "XPUB")
    await expectMessage(publisher, subscription(1, topic), await receiveWhile(publisher, subscriber))
  else await untilReceived(publisher, subscriber, [probe])
  for (const message of messages) {
    await publisher.send([other, ...message])
    await publisher.send([topic, ...message])
  }
  for (const message of messages) {
    let received
    do received = await subscriber.receive()
    while (received?.[0]?.equals(Buffer.from(probe)))
    await expectMessage(subscriber, [topic, ...message], received)
  }
  if (subscriber.type === "SUB") await subscriber.unsubscribe(topic)
  else await subscriber.send(subscription(0, topic))
  if (publisher.type === "XPUB") await expectMessage(publisher, subscription(0, topic))
}

/** Receives, while the other socket is used: libzmq does some of its work only then. */
async function receiveWhile(receiver, other) {
  for (const limit = performance.now() + patience; performance.now() < limit; ) {
    const unexpected = await other.receive(1)
    if (unexpected !== undefined) throw new Error(`${other.type} has received ${shown(unexpected)}`)
    const message = await receiver.receive(20)
    if (message !== undefined) return message
  }
  throw new Error(`${receiver.type} has received nothing within ${patience} ms`)
}

/** A PUB does not tell when a subscription has come. */
async function untilReceived(publisher, subscriber, message) {
  for (const limit = performance.now() + patience; performance.now() < limit; ) {
    await publisher.send(message)
    if ((await subscriber.receive(20)) !== undefined) return
  }
  throw new Error(`${subscriber.type} has received nothing from ${publisher.type} within ${patience} ms`)
}

/** Bytes and no messages: a name of the connection with each. */
async function stream(one, other) {
  const [here, opened] = (await one.receive()) ?? []
  const [there, openedThere] = (await other.receive()) ?? []
  deepEqual([opened?.length, openedThere?.length], [0, 0], "an empty part tells that the connection is there")
  for (const [from, id, to, idOfOther] of [
    [one, here, other, there],
    [other, there, one, here],
  ]) {
    await from.send([id, "hello"])
    await from.send([id, large])
    const bytes = []
    let count = 0
    while (count < large.length + 5) {
      const [name, part] = (await to.receive()) ?? []
      if (part === undefined) throw new Error(`STREAM has received ${count} bytes and no more`)
      deepEqual(name, idOfOther)
      bytes.push(part)
      count += part.length
    }
    if (!Buffer.concat(bytes).equals(Buffer.concat([Buffer.from("hello"), large]))) throw new Error("Other bytes came")
  }
  // Sending nothing closes the connection; receiving nothing means that it is closed.
  await one.send([here, ""])
  await expectMessage(other, [there, ""], await receiveWhile(other, one))
}

/** Two types and what they do. */
export const patterns = [
  ["REQ", "REP", requestReply],
  ["REQ", "ROUTER", requestRouter],
  ["DEALER", "REP", dealerReply],
  ["DEALER", "ROUTER", dealerRouter],
  ["DEALER", "DEALER", pair],
  ["PUB", "SUB", publishSubscribe],
  ["PUB", "XSUB", publishSubscribe],
  ["XPUB", "SUB", publishSubscribe],
  ["XPUB", "XSUB", publishSubscribe],
  ["PUSH", "PULL", pipeline],
  ["PAIR", "PAIR", pair],
  ["STREAM", "STREAM", stream],
].map(([first, second, exchange]) => ({ first, second, exchange }))
