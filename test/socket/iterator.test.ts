import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { failure, freeAddress, join, open, texts, transports } from "../support/sockets.js"

async function pipeline(transport: (typeof transports)[number] = "inproc") {
  const [push, pull] = [open(zmq.Push), open(zmq.Pull)]
  await join(pull, push, transport)
  return { push, pull }
}

const end = { done: true, value: undefined }

describe.each(transports)("a loop over a socket, over %s,", (transport) => {
  it("can answer in its body", async () => {
    const [reply, request] = [open(zmq.Reply), open(zmq.Request)]
    await join(reply, request, transport)
    const serving = (async () => {
      for await (const [question] of reply) await reply.send(`re: ${question}`)
    })()
    for (let index = 0; index < 50; index += 1) {
      await request.send(index)
      expect(texts(await request.receive())).toEqual([`re: ${index}`])
    }
    reply.close()
    await serving
  })
})

describe("a loop over a socket", () => {
  it("does not hide that a Reply must answer first", async () => {
    const [reply, request] = [open(zmq.Reply), open(zmq.Request)]
    await join(reply, request, "inproc")
    await request.send("question")
    let count = 0
    const loop = async () => {
      for await (const _ of reply) count += 1
    }
    expect(await failure(loop)).toMatchObject({
      code: "EFSM",
      message: "Operation cannot be accomplished in current state",
    })
    expect(count).toBe(1)
  })

  it("does not hide that another loop is waiting", async () => {
    const { push, pull } = await pipeline()
    const first = (async () => {
      for await (const message of pull) return texts(message)
    })()
    const second = async () => {
      for await (const _ of pull);
    }
    expect((await failure(second)).code).toBe("EBUSY")
    await push.send("for the first")
    expect(await first).toEqual(["for the first"])
  })

  it("ends when the socket is closed during a bind", async () => {
    const { pull } = await pipeline()
    const loop = (async () => {
      for await (const _ of pull);
    })()
    const binding = pull.bind(freeAddress("inproc"))
    pull.close()
    await binding
    await loop
    expect(pull.closed).toBe(true)
  })
})

describe("an iterator of a socket", () => {
  it("is its own iterable", () => {
    const iterator = open(zmq.Pull)[Symbol.asyncIterator]() as AsyncIterableIterator<zmq.Message[]>
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator)
  })

  it("gives with next() what receive() would give", async () => {
    const { push, pull } = await pipeline()
    const iterator = pull[Symbol.asyncIterator]()
    const waiting = iterator.next()
    await push.send(["one", "two"])
    await push.send("three")
    const first = await waiting
    expect(first.done).toBe(false)
    expect(texts(first.value as Buffer[])).toEqual(["one", "two"])
    expect(texts((await iterator.next()).value as Buffer[])).toEqual(["three"])
  })

  it("is done at every next() once the socket is closed", async () => {
    const { pull } = await pipeline()
    const iterator = pull[Symbol.asyncIterator]()
    const waiting = iterator.next()
    pull.close()
    expect(await waiting).toEqual(end)
    expect(await iterator.next()).toEqual(end)
    expect(await iterator.next()).toEqual(end)
  })

  it("is done after return(), which leaves the socket open and loses no message", async () => {
    const { push, pull } = await pipeline()
    await push.send("still there")
    const iterator = pull[Symbol.asyncIterator]()
    expect(await iterator.return?.()).toEqual(end)
    expect(pull.closed).toBe(false)
    expect(texts(await pull.receive())).toEqual(["still there"])
  })
})

describe.each(transports)("a receive that waits through 1,000 other calls over %s is not lost:", (transport) => {
  const nowhere = "inproc://nobody-is-here"

  it.each<[string, (socket: zmq.Dealer, peer: zmq.Dealer) => unknown]>([
    ["readable", (socket) => socket.readable],
    ["writable", (socket) => socket.writable],
    ["lastEndpoint", (socket) => socket.lastEndpoint],
    ["reading options", (socket) => [socket.linger, socket.type, socket.routingId, socket.receiveTimeout]],
    ["setting options", (socket) => Object.assign(socket, { linger: 0, sendTimeout: -1, sendHighWaterMark: 0 })],
    ["send", (socket) => socket.send("noise")],
    ["send with several parts", (socket) => socket.send(["a", "b", Buffer.alloc(2000)])],
    ["send with a timeout", (socket) => socket.send("noise", { timeout: 1000 })],
    [
      "connect and disconnect",
      (socket) => {
        socket.connect(nowhere)
        socket.disconnect(nowhere)
      },
    ],
    ["connect that fails", (socket) => failure(() => socket.connect("tcp://nowhere"))],
    ["disconnect that fails", (socket) => failure(() => socket.disconnect("inproc://not-connected"))],
    ["bindSync that fails", (socket) => failure(() => socket.bindSync("tcp://nowhere"))],
    ["receive of the peer", (_, peer) => failure(() => peer.receive({ timeout: 0 }))],
    ["ref and unref", (socket) => socket.unref().ref()],
  ])("%s", async (_, call) => {
    const socket = open(zmq.Dealer, { sendHighWaterMark: 0 })
    const peer = open(zmq.Dealer, { receiveHighWaterMark: 0 })
    await join(socket, peer, transport)
    await peer.send("here I am")
    await socket.receive()
    for (let round = 0; round < 4; round += 1) {
      const received = socket.receive()
      let settled = false
      received.then(() => {
        settled = true
      })
      for (let index = 0; index < 250; index += 1) {
        call(socket, peer)
        if (index === 100) {
          expect(settled).toBe(false)
          await peer.send(`message ${round}`)
        }
        if (index % 50 === 49) await new Promise(setImmediate)
      }
      expect(texts(await received)).toEqual([`message ${round}`])
    }
  })
})

describe("leaving a loop while its step waits", () => {
  it("rejects with any reason of a signal, even if the socket is closed at once", async () => {
    const pull = open(zmq.Pull)
    const controller = new AbortController()
    const step = pull
      .batches({ signal: controller.signal })
      .next()
      .catch((error) => ({ error }))
    controller.abort(null)
    pull.close()
    expect(await step).toEqual({ error: null })
  })

  it("takes no message, and lets others receive", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull, "inproc")
    const loop = pull[Symbol.asyncIterator]()
    const step = loop.next()
    expect(await loop.return?.()).toEqual({ done: true, value: undefined })
    expect(await step).toEqual({ done: true, value: undefined })
    await push.send("for the next one")
    expect(String((await pull.receive())[0])).toBe("for the next one")
  })
})
