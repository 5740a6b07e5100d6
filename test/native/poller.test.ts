import { once } from "node:events"
import net from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { failure, join, open, texts, transports } from "../support/sockets.js"

/**
 * Gives libzmq's threads the time to bring a message, or a peer, while this one is busy: so the next call on the socket is
 * the first to see it, before the event loop does.
 */
function meanwhile() {
  const until = performance.now() + 30
  while (performance.now() < until) {}
}

describe.each(transports)("a pending operation over %s", (transport) => {
  it("gets its message though `readable` and `writable` were read after it came", async () => {
    const a = open(zmq.Pair)
    const b = open(zmq.Pair)
    await join(a, b, transport)
    const received = a.receive()
    await b.send("hello")
    meanwhile()
    const seen = [a.readable, a.writable]
    expect(texts(await received)).toEqual(["hello"])
    // It was received by that look already.
    expect(seen[1]).toBe(true)
  })

  it.each([
    ["something was sent", (socket: zmq.Dealer) => socket.send("on the way")],
    ["several were sent at once", (socket: zmq.Dealer) => socket.sendMany(["on", "the", "way"])],
  ])("gets its message though %s after it came", async (_, send) => {
    const a = open(zmq.Dealer)
    const b = open(zmq.Dealer)
    await join(a, b, transport)
    const received = a.receive()
    await b.send("hello")
    meanwhile()
    await send(a)
    expect(texts(await received)).toEqual(["hello"])
  })

  it.each([
    ["a send", (router: zmq.Router) => router.send(["nobody", "x"])],
    ["sendMany", (router: zmq.Router) => router.sendMany([["nobody", "x"]])],
  ])("gets its message though %s was refused after it came", async (_, send) => {
    const a = open(zmq.Router, { mandatory: true })
    const b = open(zmq.Dealer, { routingId: "b" })
    await join(a, b, transport)
    const received = a.receive()
    await b.send("hello")
    meanwhile()
    expect(await failure(() => send(a))).toMatchObject({ code: "EHOSTUNREACH" })
    expect(texts(await received)).toEqual(["b", "hello"])
  })

  it("gets its message though options were set and read after it came", async () => {
    const a = open(zmq.Dealer)
    const b = open(zmq.Dealer)
    await join(a, b, transport)
    const received = a.receive()
    await b.send("hello")
    meanwhile()
    a.linger = 0
    expect(a.lastEndpoint).not.toBe("")
    expect(texts(await received)).toEqual(["hello"])
  })

  it("gets its message though the socket was bound and connected again after it came", async () => {
    const a = open(zmq.Dealer)
    const b = open(zmq.Dealer)
    await join(a, b, transport)
    const received = a.receive()
    await b.send("hello")
    meanwhile()
    await a.bind("inproc://again")
    a.connect("inproc://other")
    expect(texts(await received)).toEqual(["hello"])
    await a.unbind("inproc://again")
  })

  it("is sent though a receive was called after the peer came", async () => {
    const a = open(zmq.Dealer)
    const b = open(zmq.Dealer)
    const sent = a.send("hello")
    await join(b, a, transport)
    meanwhile()
    const received = a.receive({ timeout: 1000 })
    await sent
    expect(texts(await b.receive())).toEqual(["hello"])
    await b.send("back")
    expect(texts(await received)).toEqual(["back"])
  })

  it.each([
    ["receiveMany", (socket: zmq.Dealer) => socket.receiveMany()],
    ["receiveWithMetadata", (socket: zmq.Dealer) => socket.receiveWithMetadata()],
  ])("is sent though %s took a message after the peer came", async (_, receive) => {
    const a = open(zmq.Dealer)
    const b = open(zmq.Dealer)
    const sent = a.send("hello")
    await join(a, b, transport)
    await b.send("back")
    meanwhile()
    await receive(a)
    await sent
    expect(texts(await b.receive())).toEqual(["hello"])
  })

  it("is not lost through 1,000 other calls on the same socket", async () => {
    const a = open(zmq.Dealer, { sendHighWaterMark: 0 })
    const b = open(zmq.Dealer, { sendHighWaterMark: 0 })
    await join(a, b, transport)
    await b.send("here I am")
    await a.receive()
    const calls = [
      () => a.readable,
      () => a.writable,
      () => a.lastEndpoint,
      () => a.send("noise"),
      () => {
        a.linger = 0
      },
      () => a.type,
      () => a.threadSafe,
      () => {
        a.sendTimeout = -1
      },
    ]
    for (let round = 0; round < 10; round += 1) {
      const received = a.receive()
      for (let index = 0; index < 100; index += 1) {
        calls[index % calls.length]?.()
        if (index === 50) await b.send(`message ${round}`)
        if (index % 10 === 0) await new Promise(setImmediate)
      }
      expect(texts(await received)).toEqual([`message ${round}`])
    }
  })

  it("and one the other way are served together", async () => {
    const a = open(zmq.Pair, { sendHighWaterMark: 1, receiveHighWaterMark: 1 })
    const b = open(zmq.Pair, { sendHighWaterMark: 1, receiveHighWaterMark: 1 })
    await join(a, b, transport)
    const count = 500
    const echo = (async () => {
      for (let index = 0; index < count; index += 1) await b.send(await b.receive())
    })()
    const back = (async () => {
      const seen: string[] = []
      while (seen.length < count) seen.push(String(await a.receive()))
      return seen
    })()
    for (let index = 0; index < count; index += 1) await a.send(String(index))
    await echo
    expect(await back).toEqual(Array.from({ length: count }, (_, index) => String(index)))
  })
})

describe("OHMQ_POLLER", () => {
  it("must name a poller that there is", async () => {
    const { status, stderr } = await runProgram("", { env: { OHMQ_POLLER: "epoll" } })
    expect(status).toBe(1)
    expect(stderr).toContain('OHMQ_POLLER must be "uv" or "thread", not "epoll"')
  })
})

describe("a socket that is refused although it counts as writable", () => {
  it("sends with noDrop as soon as the subscriber has room", async () => {
    const publisher = open(zmq.XPublisher, { noDrop: true, sendHighWaterMark: 1 })
    const subscriber = open(zmq.Subscriber, { receiveHighWaterMark: 1 })
    await join(publisher, subscriber, "inproc")
    subscriber.subscribe()
    await publisher.receive()
    const count = 100
    const sent = (async () => {
      for (let index = 0; index < count; index += 1) await publisher.send(String(index))
    })()
    await sleep(30)
    for (let index = 0; index < count; index += 1) {
      expect(texts(await subscriber.receive())).toEqual([String(index)])
    }
    await sent
  })

  it("keeps receiving while a send waits", async () => {
    const router = open(zmq.Router, { mandatory: true, sendHighWaterMark: 1 })
    const dealer = open(zmq.Dealer, { routingId: "d", receiveHighWaterMark: 1 })
    await join(router, dealer, "inproc")
    await dealer.send("here I am")
    await router.receive()
    let sent = 0
    const sending = (async () => {
      for (; sent < 50; sent += 1) await router.send(["d", String(sent)])
    })()
    await sleep(30)
    expect(sent).toBeLessThan(50)
    const received = router.receive()
    await dealer.send("still here")
    expect(texts(await received)).toEqual(["d", "still here"])
    for (let index = 0; index < 50; index += 1) expect(texts(await dealer.receive())).toEqual([String(index)])
    await sending
  })
})

describe("the event loop", () => {
  it("runs timers and I/O while a socket is saturated", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull, "inproc")
    let over = false
    const sending = (async () => {
      while (!over) await push.send("x")
    })()
    const receiving = (async () => {
      while (!over) await pull.receive()
    })()

    const server = net.createServer((connection) => connection.end("served")).listen(0, "127.0.0.1")
    await once(server, "listening")
    const client = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1")
    expect(String(await once(client, "data"))).toBe("served")
    server.close()

    let ticks = 0
    const started = performance.now()
    while (ticks < 20) {
      await sleep(1)
      ticks += 1
    }
    expect(performance.now() - started).toBeLessThan(2000)
    over = true
    await sending
    push.send("x").catch(() => {})
    await receiving
  })

  it("is free of a socket on which nothing waits", async () => {
    const pull = open(zmq.Pull)
    const push = open(zmq.Push)
    await join(push, pull)
    await push.send("x")
    await pull.receive()
    const before = process.cpuUsage()
    await sleep(300)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(150)
  })
})

describe("ZMQ_EVENTS, read by a subclass", () => {
  it("does not use up what a receive waits for", async () => {
    class Curious extends zmq.Pull {
      look() {
        return (this as unknown as { getInt32Option(option: number): number }).getInt32Option(15)
      }
    }
    const push = open(zmq.Push)
    const pull = open(Curious)
    await join(push, pull, "inproc")
    const received = pull.receive()
    await push.send("x")
    for (let count = 0; count < 100; count += 1) pull.look()
    expect(String((await received)[0])).toBe("x")
  })
})
