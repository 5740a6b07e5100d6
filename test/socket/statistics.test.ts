// socket.statistics(): what passed through a socket, and what waits.

import { once } from "node:events"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { Worker } from "node:worker_threads"

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { eventually, failure, freeAddress, join, open, transports } from "../support/sockets.js"

const none = { messages: 0, bytes: 0 }

async function joined(options?: zmq.SocketOptions<zmq.Pull>) {
  const [push, pull] = [open(zmq.Push), open(zmq.Pull, options)]
  await join(push, pull, "inproc")
  return { push, pull }
}

it("begins with nothing", () => {
  expect(open(zmq.Dealer).statistics()).toEqual({
    sent: none,
    received: none,
    fetched: 0,
    waiting: { sends: 0, receives: 0 },
    endpoints: { bound: [], connected: [] },
    peers: null,
  })
})

describe("sent and received", () => {
  const large = Buffer.alloc(2000)
  const huge = Buffer.alloc(100_000)

  it.each<[string, number, number, (push: zmq.Push) => unknown]>([
    ["bytes", 1, 3, (push) => push.send(Buffer.from("abc"))],
    ["text, as UTF-8", 1, 5, (push) => push.send("aäß")],
    ["long text", 1, 8000, (push) => push.send("ä".repeat(4000))],
    ["an empty message", 1, 0, (push) => push.send("")],
    ["a large part", 1, 2000, (push) => push.send(large)],
    ["a part that may stay where it is", 1, 100_000, (push) => push.send(huge)],
    ["small parts", 1, 6, (push) => push.send(["abc", "", "def"])],
    ["small and large parts", 1, 102_003, (push) => push.send(["abc", large, huge])],
    ["trySend", 1, 3, (push) => push.trySend("abc")],
    ["sendMany", 4, 2010, (push) => push.sendMany(["abc", ["de", "fg"], large, "abc"])],
    ["a stream", 2, 5, (push) => pipeline(Readable.from(["abc", "de"]), push.toWritable())],
  ])("count %s", async (_, messages, bytes, send) => {
    const { push, pull } = await joined()
    await send(push)
    expect(push.statistics()).toMatchObject({ sent: { messages, bytes }, received: none })
    for (let count = 0; count < messages; count += 1) await pull.receive()
    expect(pull.statistics()).toMatchObject({ sent: none, received: { messages, bytes } })
  })

  it.each<[string, (pull: zmq.Pull) => Promise<unknown>]>([
    ["receive", async (pull) => [await pull.receive(), await pull.receive(), await pull.receive()]],
    ["tryReceive", async (pull) => [pull.tryReceive(), pull.tryReceive(), pull.tryReceive()]],
    ["receiveMany", (pull) => pull.receiveMany({ max: 3 })],
    [
      "receiveWithMetadata",
      async (pull) => {
        for (let count = 0; count < 3; count += 1) await pull.receiveWithMetadata()
      },
    ],
    [
      "a loop",
      async (pull) => {
        let count = 0
        for await (const _ of pull) if (++count === 3) break
      },
    ],
    [
      "batches",
      async (pull) => {
        for await (const _ of pull.batches({ max: 3 })) break
      },
    ],
  ])("count what %s was given, and not what was fetched ahead", async (_, receive) => {
    const { push, pull } = await joined()
    await push.sendMany(["abc", ["de", "fg"], Buffer.alloc(3000), "next", "next"])
    await receive(pull)
    expect(pull.statistics().received).toEqual({ messages: 3, bytes: 3007 })
    expect(pull.statistics().fetched).toBeLessThanOrEqual(2)
  })

  it("count a message from its last part on", async () => {
    const { push, pull } = await joined({ receiveHighWaterMark: 0 })
    // More than fits into one fetch.
    const parts = Array<string>(5000).fill("xyz")
    await push.send(parts)
    expect(await pull.receive()).toHaveLength(5000)
    expect(pull.statistics().received).toEqual({ messages: 1, bytes: 15_000 })
  })

  it("leave out what libzmq has no room for", async () => {
    const [push, pull] = [open(zmq.Push, { sendHighWaterMark: 1 }), open(zmq.Pull, { receiveHighWaterMark: 1 })]
    await join(push, pull, "inproc")
    let sent = 0
    while (push.trySend(["a", "b"])) sent += 1
    expect(push.trySend("ab")).toBe(false)
    expect(push.statistics().sent).toEqual({ messages: sent, bytes: 2 * sent })
    await pull.receive()
    const rest = push.sendMany(Array<string>(10).fill("ab"))
    rest.catch(() => {})
    const { sent: now, waiting } = push.statistics()
    expect(now.messages).toBeLessThan(sent + 10)
    expect(now.bytes).toBe(2 * now.messages)
    expect(waiting.sends).toBe(1)
  })

  it("count once a message whose peer goes away in its middle", async () => {
    // Whether libzmq refuses the second part, or takes and drops it, is a race between its threads.
    const program = `
      for (let round = 0; round < 60; round += 1) {
        const [gone, stays, push] = [new zmq.Pull(), new zmq.Pull(), new zmq.Push({ linger: 0 })]
        await gone.bind("inproc://gone" + round)
        await stays.bind("inproc://stays" + round)
        push.connect("inproc://gone" + round)
        // Closes the peer when the second part is about to be sent. ohmq converts the parts by map(), which makes a Converted.
        class Parts extends Array {
          static get [Symbol.species]() {
            return Converted
          }
        }
        function Converted() {
          return new Proxy([], {
            get(target, key) {
              if (key === "1" && !gone.closed) {
                gone.close()
                Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
              }
              return Reflect.get(target, key)
            },
          })
        }
        const sending = push.send(Parts.of(Buffer.alloc(2000), Buffer.alloc(2000), "x"))
        const { sent, waiting } = push.statistics()
        if (waiting.sends === 1) {
          if (sent.messages !== 0 || sent.bytes !== 0) throw new Error("counted before it was sent")
          push.connect("inproc://stays" + round)
          await stays.receive()
        }
        await sending
        console.log(Object.values(push.statistics().sent).join())
        push.close()
        stays.close()
      }`
    expect((await runProgram(program)).stdout).toBe("1,4001\n".repeat(60))
  })

  it("count the parts that a Router puts before a message", async () => {
    const [router, dealer] = [open(zmq.Router), open(zmq.Dealer, { routingId: "peer" })]
    await join(router, dealer, "inproc")
    await dealer.send("hello")
    await router.send(await router.receive())
    await dealer.receive()
    expect(dealer.statistics()).toMatchObject({ sent: { messages: 1, bytes: 5 }, received: { messages: 1, bytes: 5 } })
    expect(router.statistics()).toMatchObject({ sent: { messages: 1, bytes: 9 }, received: { messages: 1, bytes: 9 } })
  })

  it("count what a Request and a Reply exchange", async () => {
    const [reply, request] = [open(zmq.Reply), open(zmq.Request)]
    await join(reply, request, "inproc")
    await request.send(["how", "much"])
    await reply.receive()
    await reply.send("42")
    await request.receive()
    const [question, answer] = [
      { messages: 1, bytes: 7 },
      { messages: 1, bytes: 2 },
    ]
    expect(request.statistics()).toMatchObject({ sent: question, received: answer })
    expect(reply.statistics()).toMatchObject({ sent: answer, received: question })
  })

  it("count the subscriptions of an XPublisher, and what nobody subscribed to", async () => {
    const [publisher, subscriber] = [open(zmq.XPublisher), open(zmq.Subscriber)]
    await join(publisher, subscriber, "inproc")
    subscriber.subscribe("a")
    await publisher.receive()
    await publisher.sendMany(["a1", "b2", "b3"])
    await subscriber.receive()
    const received = { messages: 1, bytes: 2 }
    expect(publisher.statistics()).toMatchObject({ sent: { messages: 3, bytes: 6 }, received })
    expect(subscriber.statistics()).toMatchObject({ sent: none, received })
  })

  it.each(["receive", "receiveWithMetadata"] as const)("leave out peer events, with %s", async (method) => {
    const router = open(zmq.Router)
    const connected: string[] = []
    router.peerEvents.on("connect", (id) => connected.push(String(id)))
    await router.bind(freeAddress("tcp"))
    const dealer = open(zmq.Dealer, { routingId: "peer" })
    dealer.connect(router.lastEndpoint as string)
    await dealer.send("hello")
    await router[method]()
    expect(connected).toEqual(["peer"])
    expect(router.statistics().received).toEqual({ messages: 1, bytes: 9 })
  })

  it("are those of one thread's socket", async () => {
    const pull = open(zmq.Pull)
    const worker = new Worker(
      `const { Push } = require("ohmq")
       const { parentPort, workerData } = require("node:worker_threads")
       const push = new Push({ connect: workerData })
       push.sendMany(["abc", ["de", "fg"]]).then(() => parentPort.postMessage(push.statistics().sent))`,
      { eval: true, workerData: await bound(pull), execArgv: [] },
    )
    const [[sent]] = await Promise.all([once(worker, "message"), once(worker, "exit")])
    for (let count = 0; count < 2; count += 1) await pull.receive()
    expect(sent).toEqual({ messages: 2, bytes: 7 })
    expect(pull.statistics().received).toEqual(sent)
  })

  it("leave out what a Proxy carries, which its own statistics count", async () => {
    const proxy = new zmq.Proxy(open(zmq.Pull), open(zmq.Push))
    const [source, sink] = [open(zmq.Push), open(zmq.Pull)]
    source.connect(await bound(proxy.frontEnd))
    sink.connect(await bound(proxy.backEnd))
    await source.send("before")
    await proxy.frontEnd.receive()
    const done = proxy.run()
    await source.send("abc")
    await sink.receive()
    // Another thread uses the socket now.
    expect(proxy.frontEnd.statistics().received).toEqual({ messages: 1, bytes: 6 })
    expect(proxy.backEnd.statistics().sent).toEqual(none)
    expect(proxy.statistics().backEnd.sent).toEqual({ messages: 1, bytes: 3 })
    proxy.terminate()
    await done
    expect(proxy.frontEnd.statistics().received).toEqual({ messages: 1, bytes: 6 })
  })
})

describe("fetched", () => {
  it("counts what was fetched ahead, and keeps it after a close", async () => {
    const { push, pull } = await joined({ receiveHighWaterMark: 0 })
    await push.sendMany(Array<string>(1000).fill("abc"))
    let fetched = 0
    let count = 0
    while (fetched === 0) {
      await pull.receive()
      count += 1
      ;({ fetched } = pull.statistics())
      expect(pull.statistics().received).toEqual({ messages: count, bytes: 3 * count })
    }
    pull.close()
    expect(pull.statistics()).toMatchObject({ received: { messages: count, bytes: 3 * count }, fetched })
  })
})

describe("waiting", () => {
  it("counts sends and receives", async () => {
    const dealer = open(zmq.Dealer, { sendQueue: true, receiveQueue: true })
    const controller = new AbortController()
    const { signal } = controller
    const operations = [
      dealer.send("a", { signal }),
      dealer.sendMany(["b", "c"], { signal }),
      dealer.receive({ signal }),
      dealer.receiveMany({ signal }),
      dealer.batches({ signal }).next(),
    ].map((operation) => failure(() => operation))
    expect(dealer.statistics()).toMatchObject({ waiting: { sends: 2, receives: 3 }, sent: none })
    controller.abort()
    await Promise.all(operations)
    expect(dealer.statistics().waiting).toEqual({ sends: 0, receives: 0 })
  })
})

/** Binds a socket over inproc, and returns its address. */
async function bound(socket: zmq.Socket): Promise<string> {
  const address = freeAddress("inproc")
  await socket.bind(address)
  return address
}

describe("endpoints", () => {
  it.each(transports)("are those in use, by the names that libzmq gave them, over %s", async (transport) => {
    const [server, client] = [open(zmq.Dealer), open(zmq.Dealer)]
    await server.bind(freeAddress(transport))
    const first = server.lastEndpoint as string
    server.bindSync(freeAddress(transport))
    const second = server.lastEndpoint as string
    client.connect(first)
    client.connect(second)
    expect(server.statistics().endpoints).toEqual({ bound: [first, second], connected: [] })
    expect(client.statistics().endpoints).toEqual({ bound: [], connected: [first, second] })
    client.disconnect(first)
    expect(client.statistics().endpoints.connected).toEqual([second])
    await server.unbind(first)
    expect(server.statistics().endpoints.bound).toEqual([second])
    server.unbindSync(second)
    expect(server.statistics().endpoints.bound).toEqual([])
  })

  it("leave out a bind under way, and one that failed", async () => {
    const socket = open(zmq.Pull)
    const binding = socket.bind(freeAddress("tcp"))
    expect(socket.statistics().endpoints.bound).toEqual([])
    await binding
    const [address] = socket.statistics().endpoints.bound
    expect(address).toBe(socket.lastEndpoint)
    const other = open(zmq.Pull)
    await failure(() => other.bind(address as string))
    await failure(() => other.unbind(address as string))
    expect(other.statistics().endpoints.bound).toEqual([])
  })

  it("know an endpoint by another name of its host", async () => {
    const socket = open(zmq.Pull)
    await socket.bind("tcp://localhost:*")
    const port = /\d+$/.exec(socket.lastEndpoint as string)?.[0]
    expect(socket.statistics().endpoints.bound).toEqual([`tcp://127.0.0.1:${port}`])
    await socket.unbind(`tcp://localhost:${port}`)
    expect(socket.statistics().endpoints.bound).toEqual([])
  })

  it("have one address twice neither after two connects nor after one disconnect", () => {
    const socket = open(zmq.Push)
    const address = "tcp://127.0.0.1:9"
    socket.connect(address)
    socket.connect(address)
    expect(socket.statistics().endpoints.connected).toEqual([address])
    socket.disconnect(address)
    expect(socket.statistics().endpoints.connected).toEqual([])
    expect(() => socket.disconnect(address)).toThrow("No such endpoint")
    // So it counts as new again.
    socket.security = null
  })

  it("tell what is bound from what is connected over inproc", async () => {
    const [one, other] = [open(zmq.Pair), open(zmq.Pair)]
    const address = await bound(one)
    other.connect(address)
    one.unbindSync(address)
    expect(one.statistics().endpoints).toEqual({ bound: [], connected: [] })
    expect(other.statistics().endpoints).toEqual({ bound: [], connected: [address] })
  })
})

describe("peers", () => {
  it("are counted while the socket is observed", async () => {
    const [server, client] = [open(zmq.Dealer), open(zmq.Dealer)]
    const ready = server.connected()
    expect(server.statistics().peers).toBe(0)
    await join(server, client, "tcp")
    await ready
    expect(server.statistics().peers).toBe(1)
    expect(client.statistics().peers).toBeNull()
    client.close()
    await eventually(() => expect(server.statistics().peers).toBe(0))
    server.events.close()
    expect(server.statistics().peers).toBeNull()
  })
})

describe("a closed socket", () => {
  it("says what it said last", async () => {
    const [server, client] = [open(zmq.Dealer), open(zmq.Dealer)]
    const ready = server.connected()
    const address = await join(server, client, "tcp")
    await ready
    await client.send("abc")
    await server.receive()
    const waiting = server.receive().catch(() => {})
    server.close()
    await waiting
    expect(server.statistics()).toEqual({
      sent: none,
      received: { messages: 1, bytes: 3 },
      fetched: 0,
      waiting: { sends: 0, receives: 1 },
      endpoints: { bound: [address], connected: [] },
      peers: 1,
    })
  })

  it("says it when its context has ended, too", async () => {
    const context = new zmq.Context()
    const socket = open(zmq.Push, { context, linger: 0, connect: "tcp://127.0.0.1:9" })
    await socket.send("abc")
    await context.terminate({ linger: 0 })
    expect(socket.closed).toBe(true)
    expect(socket.statistics().sent).toEqual({ messages: 1, bytes: 3 })
  })
})
