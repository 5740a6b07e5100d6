// Every type of socket, over every transport.

import assert from "node:assert/strict"
import net from "node:net"

import { texts, transports, untilReceived } from "../../support/basics.mjs"

const patterns = {
  async "Push to Pull"(zmq, tools, transport) {
    const [push, pull] = [tools.open(zmq.Push), tools.open(zmq.Pull)]
    await tools.join(pull, push, transport)
    for (let index = 0; index < 1000; index += 1) await push.send([String(index), "x"])
    for (let index = 0; index < 1000; index += 1) assert.deepEqual(texts(await pull.receive()), [String(index), "x"])
  },
  async "Pair, both ways"(zmq, tools, transport) {
    const [a, b] = [tools.open(zmq.Pair), tools.open(zmq.Pair)]
    await tools.join(a, b, transport)
    await a.send("to b")
    await b.send("to a")
    assert.deepEqual(texts(await b.receive()), ["to b"])
    assert.deepEqual(texts(await a.receive()), ["to a"])
  },
  async "Request and Reply"(zmq, tools, transport) {
    const [reply, request] = [tools.open(zmq.Reply), tools.open(zmq.Request)]
    await tools.join(reply, request, transport)
    const served = (async () => {
      for await (const message of reply) await reply.send(message)
    })()
    for (let index = 0; index < 200; index += 1) {
      await request.send(["question", String(index)])
      assert.deepEqual(texts(await request.receive()), ["question", String(index)])
    }
    reply.close()
    await served
  },
  async "Dealer and Router"(zmq, tools, transport) {
    const [router, dealer] = [tools.open(zmq.Router), tools.open(zmq.Dealer, { routingId: "me" })]
    await tools.join(router, dealer, transport)
    await dealer.send(["", "hello"])
    const [id, ...message] = await router.receive()
    assert.equal(String(id), "me")
    assert.deepEqual(texts(message), ["", "hello"])
    await router.send([id, "", "welcome"])
    assert.deepEqual(texts(await dealer.receive()), ["", "welcome"])
  },
  async "Publisher and Subscriber"(zmq, tools, transport) {
    const [publisher, subscriber] = [tools.open(zmq.Publisher), tools.open(zmq.Subscriber)]
    await tools.join(publisher, subscriber, transport)
    subscriber.subscribe("news")
    const send = async () => {
      await publisher.send(["other", "1"])
      await publisher.send(["news", "2"])
    }
    assert.deepEqual(texts(await untilReceived(send, subscriber)), ["news", "2"])
  },
  async "XPublisher and XSubscriber"(zmq, tools, transport) {
    const [publisher, subscriber] = [tools.open(zmq.XPublisher), tools.open(zmq.XSubscriber)]
    await tools.join(publisher, subscriber, transport)
    await subscriber.send(Buffer.from("\x01news"))
    assert.deepEqual(texts(await publisher.receive()), ["\x01news"])
    await publisher.send(["news", "2"])
    assert.deepEqual(texts(await subscriber.receive()), ["news", "2"])
  },
}

export const checks = {
  async "Stream and a plain TCP client"(zmq, tools) {
    const stream = tools.open(zmq.Stream)
    await stream.bind(tools.address("tcp"))
    const client = net.connect(Number(stream.lastEndpoint.split(":").at(-1)), "127.0.0.1")
    try {
      const [id, nothing] = await stream.receive()
      assert.equal(nothing.length, 0)
      client.write("hello")
      assert.deepEqual(texts((await stream.receive()).slice(1)), ["hello"])
      const answer = new Promise((resolve) => client.once("data", resolve))
      await stream.send([id, "welcome"])
      assert.equal(String(await answer), "welcome")
    } finally {
      client.destroy()
    }
  },
}

for (const [name, pattern] of Object.entries(patterns)) {
  for (const transport of transports) {
    checks[`${name} over ${transport}`] = (zmq, tools) => pattern(zmq, tools, transport)
  }
}
