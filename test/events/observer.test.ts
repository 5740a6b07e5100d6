import type { AddressInfo } from "node:net"
import { connect as connectTcp, createServer } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { inspect } from "node:util"

import * as zmq from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"

import { runProgram } from "../support/process.js"
import { eventually, failure, freeAddress, join, open, texts } from "../support/sockets.js"

/** The types of the events up to one of them. */
async function typesUntil(observer: zmq.Observer, last: zmq.EventType): Promise<string[]> {
  const types: string[] = []
  for await (const event of observer) {
    types.push(event.type)
    if (event.type === last) break
  }
  return types
}

/** What tells of the connection of an event. */
const ends = ({ address, localAddress, remoteAddress, fd }: zmq.EventOfType<"accept" | "connect">) => ({
  address,
  localAddress,
  remoteAddress,
  fd,
})

describe("events", () => {
  it.each(["tcp", "ipc"] as const)("tells how connections over %s are made, used and lost", async (transport) => {
    const server = open(zmq.Reply)
    const client = open(zmq.Request)
    const seen = [server.events, client.events]
    const address = await join(server, client, transport)
    await client.send("x")
    await server.receive()
    client.close()
    const told = await Promise.all([
      typesUntil(seen[0] as zmq.Observer, "disconnect"),
      typesUntil(seen[1] as zmq.Observer, "end"),
    ])
    expect(told[0]).toEqual(["bind", "accept", "handshake", "disconnect"])
    const delay = transport === "tcp" ? ["connect:delay"] : []
    expect(told[1]).toEqual([...delay, "connect", "handshake", "close", "end"])
    expect(address).toBe(server.lastEndpoint)
  })

  it("names endpoints and descriptors", async () => {
    const server = open(zmq.Pull)
    const client = open(zmq.Push)
    const events = { server: server.events, client: client.events }
    const connected = events.client.waitFor("handshake")
    const accepted = events.server.waitFor("accept")
    const endpoint = await join(server, client)
    const accept = await accepted
    const handshake = await connected
    expect(accept).toMatchObject({ type: "accept", address: endpoint, localAddress: endpoint })
    expect(accept.fd).toBeGreaterThan(0)
    expect(accept.remoteAddress).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/)
    expect(handshake).toMatchObject({ address: endpoint, remoteAddress: endpoint, localAddress: accept.remoteAddress })
  })

  it("shows them when it is inspected, although they are not enumerable", async () => {
    const server = open(zmq.Pull)
    const accepted = server.events.waitFor("accept")
    await join(server, open(zmq.Push))
    const { type, address, localAddress, remoteAddress, fd } = await accepted
    const all = { type, address, localAddress, remoteAddress, fd }
    expect(inspect(await accepted)).toBe(inspect(all))
    expect(inspect({ in: [await accepted] }, { depth: 0 })).toBe(inspect({ in: [all] }, { depth: 0 }))
    expect(Object.keys(await accepted)).toEqual(["type", "address"])
  })

  it("leaves the error of a bind as it is", async () => {
    const socket = open(zmq.Pull)
    const event = socket.events.waitFor("bind:error")
    // Events that come at once are sent in another way.
    await sleep(20)
    expect(await failure(() => socket.bind("tcp://[::1%nowhere]:5"))).toMatchObject({ code: "EINVAL" })
    expect((await event).error).toMatchObject({ code: "EINVAL" })
  })

  it("tells why a handshake failed: of a peer that speaks something else", async () => {
    const server = createServer((connection) => connection.end("HTTP/1.1 400 Bad Request\r\n\r\n"))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void server.close())
    const client = open(zmq.Dealer, { linger: 0, reconnectInterval: 1000 })
    const event = Promise.race([
      client.events.waitFor("handshake:error:other"),
      client.events.waitFor("handshake:error:protocol"),
      client.events.waitFor("disconnect"),
    ])
    client.connect(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`)
    expect((await event).address).toBe(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })

  it("tells why a handshake failed: of what is no WebSocket, on either side", async () => {
    const failed = { message: "WS protocol error", code: "ERR_WS_UNSPECIFIED" }
    const server = open(zmq.Dealer)
    const atServer = server.events.waitFor("handshake:error:protocol")
    await server.bind("ws://127.0.0.1:*")
    const { port } = new URL(server.lastEndpoint as string)
    const stranger = connectTcp(Number(port), "127.0.0.1", () => stranger.write("POST / HTTP/1.1\r\n\r\n"))
    onTestFinished(() => void stranger.destroy())
    expect((await atServer).error).toMatchObject(failed)

    const strange = createServer((connection) => connection.write("HTTP/1.1 400 Bad Request\r\n\r\n"))
    await new Promise<void>((resolve) => strange.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void strange.close())
    const client = open(zmq.Dealer, { linger: 0 })
    const atClient = client.events.waitFor("handshake:error:protocol")
    client.connect(`ws://127.0.0.1:${(strange.address() as AddressInfo).port}`)
    expect((await atClient).error).toMatchObject(failed)
  })

  it("tells of connections that this side ends, by name", async () => {
    const [server, client] = [open(zmq.Pull), open(zmq.Push)]
    const connected = client.events.waitFor("connect")
    const ready = Promise.all([server.connected(), client.connected()])
    const endpoint = await join(server, client)
    await ready
    const lost = server.events.waitFor("disconnect")
    const closed: zmq.Event[] = []
    client.events.watch((event) => event.type === "close" && closed.push(event))
    client.disconnect(endpoint)
    // libzmq goes on when it is called.
    await eventually(() => expect([client.writable, closed.length]).toEqual([false, 1]))
    expect(closed[0]).toMatchObject({ ...ends(await connected), type: "close" })
    await lost
    const accepted = server.events.waitFor("accept")
    client.connect(endpoint)
    await server.events.waitFor("handshake")
    const seen: zmq.Event[] = []
    server.events.watch((event) => seen.push(event))
    await server.unbind(endpoint)
    await eventually(() => expect([server.readable, seen.length]).toEqual([false, 2]))
    expect(seen.map((event) => event.type)).toEqual(["close", "close"])
    const accept = { ...ends(await accepted), remoteAddress: expect.any(String) }
    expect(seen).toContainEqual(expect.objectContaining(accept))
  })
})

describe("Observer.receive", () => {
  it("gives events in their order, kept ones first", async () => {
    const socket = open(zmq.Pull)
    const { events } = socket
    await socket.bind(freeAddress("tcp"))
    const endpoint = socket.lastEndpoint as string
    await socket.unbind(endpoint)
    expect([(await events.receive()).type, (await events.receive()).type]).toEqual(["bind", "close"])
  })

  it("waits, and ends with its timeout or signal without losing anything", async () => {
    const socket = open(zmq.Pull)
    const { events } = socket
    expect(await failure(() => events.receive({ timeout: 5 }))).toMatchObject({ code: "EAGAIN", reason: "timeout" })
    expect(await failure(() => events.receive({ signal: AbortSignal.abort("no") }))).toBe("no")
    const next = events.receive()
    expect(() => events.receive()).toThrow(
      "Observer is busy reading; only one receive operation may be in progress at any time",
    )
    await socket.bind(freeAddress("tcp"))
    expect((await next).type).toBe("bind")
  })

  it("rejects with EAGAIN when the observer is closed", async () => {
    const { events } = open(zmq.Pull)
    const waiting = failure(() => events.receive())
    const loop = typesUntil(events, "end").catch((error) => error.code)
    events.close()
    expect(await waiting).toMatchObject({ code: "EAGAIN", reason: "closed" })
    expect(await loop).toBe("EBUSY")
    expect(events.closed).toBe(true)
    events.close()
  })
})

describe("iterating", () => {
  it("can be ended while a step waits, which takes no event then", async () => {
    const socket = open(zmq.Pull)
    const { events } = socket
    const iterator = events[Symbol.asyncIterator]()
    const step = iterator.next()
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined })
    expect(await step).toEqual({ done: true, value: undefined })
    await socket.bind(freeAddress("tcp"))
    expect(await events.receive()).toMatchObject({ type: "bind" })
  })

  it("is refused while another iterator waits, and not after that was ended", async () => {
    const socket = open(zmq.Pull)
    const [one, other] = [socket.events[Symbol.asyncIterator](), socket.events[Symbol.asyncIterator]()]
    const step = one.next()
    expect(await failure(() => other.next())).toMatchObject({ code: "EBUSY" })
    await one.return()
    expect(await step).toEqual({ done: true, value: undefined })
    await socket.bind(freeAddress("tcp"))
    expect((await other.next()).value).toMatchObject({ type: "bind" })
  })

  it("tells what was kept before the observer was closed", async () => {
    const socket = open(zmq.Pull)
    const { events } = socket
    const bound = events.waitFor("bind")
    await socket.bind(freeAddress("tcp"))
    await bound
    events.close()
    expect(await typesUntil(events, "end")).toEqual(["bind"])
  })
})

describe("Observer.on", () => {
  it("calls listeners for what was kept and what comes, and takes over from receive", async () => {
    const socket = open(zmq.Pull)
    const { events } = socket
    await socket.bind(freeAddress("tcp"))
    const seen: zmq.Event[] = []
    const closed = new Promise((resolve) => events.on("close", resolve))
    expect(events.on("bind", (event) => seen.push(event))).toBe(events)
    expect(() => events.receive()).toThrow(/^Observer is in event emitter mode\./)
    await socket.unbind(socket.lastEndpoint as string)
    await closed
    expect(seen.map(({ type }) => type)).toEqual(["bind"])
  })

  it("refuses what is no function, and changes nothing then", async () => {
    const socket = open(zmq.Pull)
    const { events } = socket
    expect(() => events.on("bind", 5 as never)).toThrow(
      new TypeError("Expected listener to be a function, but received 5 (number)"),
    )
    await socket.bind(freeAddress("tcp"))
    expect(await events.receive()).toMatchObject({ type: "bind" })
  })
})

describe("Observer.waitFor", () => {
  it("takes no event from others", async () => {
    const socket = open(zmq.Pull)
    const waiting = [socket.events.waitFor("bind"), socket.events.waitFor("bind")]
    await socket.bind(freeAddress("tcp"))
    for (const event of await Promise.all(waiting)) expect(event.type).toBe("bind")
    expect((await socket.events.receive()).type).toBe("bind")
  })

  it("ends with its timeout, its signal, and its socket", async () => {
    const socket = open(zmq.Pull)
    const { events } = socket
    expect(await failure(() => events.waitFor("bind", { timeout: 5 }))).toMatchObject({
      code: "EAGAIN",
      reason: "timeout",
    })
    const controller = new AbortController()
    const aborted = failure(() => events.waitFor("bind", { signal: controller.signal }))
    controller.abort("no")
    expect(await aborted).toBe("no")
    const waiting = failure(() => events.waitFor("bind"))
    socket.close()
    expect(await waiting).toMatchObject({ code: "EAGAIN", reason: "closed" })
  })

  it("refuses what is no type", () => {
    const { events } = open(zmq.Pull)
    expect(() => events.waitFor("bound" as never)).toThrow(/^Expected type to be a type of event/)
  })
})

describe("connected", () => {
  it("resolves when so many peers are there", async () => {
    const publisher = open(zmq.Publisher)
    const ready = publisher.connected({ count: 3 })
    await publisher.bind(freeAddress("tcp"))
    const peers = [open(zmq.Subscriber), open(zmq.Subscriber), open(zmq.Subscriber)]
    for (const peer of peers.slice(0, 2)) peer.connect(publisher.lastEndpoint as string)
    expect(await failure(() => publisher.connected({ count: 3, timeout: 50 }))).toMatchObject({
      code: "EAGAIN",
      reason: "timeout",
    })
    peers[2]?.connect(publisher.lastEndpoint as string)
    await ready
    expect(publisher.events.peers).toBe(3)
    const lost = publisher.events.waitFor("disconnect")
    peers[0]?.close()
    await lost
    expect(publisher.events.peers).toBe(2)
  })

  it("is the answer to the slow joiner", async () => {
    const subscriber = open(zmq.XSubscriber)
    const publisher = open(zmq.XPublisher)
    const ready = Promise.all([publisher.connected(), subscriber.connected()])
    await join(publisher, subscriber)
    await ready
    await subscriber.send(Buffer.from([1]))
    await publisher.receive()
    await publisher.send("first")
    expect(texts(await subscriber.receive())).toEqual(["first"])
  })

  /** Both are connected when it resolves. */
  async function connectedPair<A extends zmq.Socket, B extends zmq.Socket>(bound: A, connecting: B) {
    const ready = Promise.all([bound.connected(), connecting.connected()])
    const endpoint = await join(bound, connecting)
    await ready
    return endpoint
  }

  it("counts nobody of an endpoint that was given up", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    const endpoint = await connectedPair(pull, push)
    push.disconnect(endpoint)
    push.connect("tcp://127.0.0.1:9")
    expect(push.events.peers).toBe(0)
    expect(await failure(() => push.connected({ timeout: 50 }))).toMatchObject({ code: "EAGAIN" })
    // libzmq ends the connection of a socket on which something is called.
    await eventually(() => expect([typeof push.writable, pull.events.peers]).toEqual(["boolean", 0]))
    push.connect(endpoint)
    await pull.connected()
    await pull.unbind(endpoint)
    expect(pull.events.peers).toBe(0)
  })

  it("counts nobody whose handshake was told of after all was over, or under another name", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    await pull.bind(freeAddress("tcp"))
    const endpoint = (pull.lastEndpoint as string).replace("127.0.0.1", "localhost")
    let ended = 0
    push.events.watch((event) => {
      if (event.type === "close" && event.localAddress !== undefined) ended += 1
    })
    for (let round = 0; round < 10; round += 1) {
      const [accepted, ready] = [pull.events.waitFor("handshake"), push.connected()]
      push.connect(endpoint)
      await (round % 2 ? accepted : ready)
      push.disconnect(endpoint)
    }
    // Where only the other side was through with its handshake, there may be no connection yet whose end is told of.
    await eventually(() => expect([push.writable, ended >= 5]).toEqual([false, true]))
    await eventually(() => expect([push.writable, push.events.peers, pull.events.peers]).toEqual([false, 0, 0]))
  })

  it("counts the one peer of a Pair, and none that it refuses", async () => {
    const [pair, peer, refused] = [open(zmq.Pair), open(zmq.Pair), open(zmq.Pair)]
    const endpoint = await connectedPair(pair, peer)
    const handshake = pair.events.waitFor("handshake")
    refused.connect(endpoint)
    await handshake
    expect(pair.events.peers).toBe(1)
    const lost = pair.events.waitFor("disconnect")
    refused.close()
    await lost
    expect(pair.events.peers).toBe(1)
    peer.close()
    await eventually(() => expect(pair.events.peers).toBe(0))
  })

  it("counts the connections of a Stream, which knows no handshake", async () => {
    const [server, client] = [open(zmq.Stream), open(zmq.Stream)]
    await connectedPair(server, client)
    expect([server.events.peers, client.events.peers]).toEqual([1, 1])
    const [routingId] = await server.receive()
    await server.send([routingId as Buffer, ""]) // which ends the connection
    await eventually(() => expect([server.readable, server.events.peers, client.events.peers]).toEqual([false, 0, 0]))
  })

  it("rejects on a socket that is closed, and counts nobody there", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    await connectedPair(pull, push)
    const ended = pull.events.waitFor("end")
    pull.close()
    expect(await failure(() => pull.connected())).toMatchObject({ code: "EBADF", message: "Socket is closed" })
    await ended
    expect(pull.events.peers).toBe(0)
  })

  it("rejects when the events are closed, and says so", async () => {
    const pull = open(zmq.Pull)
    const waiting = failure(() => pull.connected())
    pull.events.close()
    expect(await waiting).toMatchObject({ code: "EAGAIN", reason: "closed" })
    expect(await failure(() => pull.connected())).toMatchObject({
      code: "EBADF",
      message: "The socket's events are closed, so its peers are no longer counted",
    })
  })

  it("rejects when it comes too late to know who is there", async () => {
    const late = { code: "EINVAL", message: expect.stringContaining("before the socket binds or connects") }
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    await join(pull, push)
    expect(await failure(() => pull.connected())).toMatchObject(late)
    expect(await failure(() => push.connected())).toMatchObject(late)
    push.disconnect(pull.lastEndpoint as string)
    const ready = push.connected()
    push.connect(pull.lastEndpoint as string)
    await ready
  })

  it("rejects by a signal that was aborted before, though the peer is there", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    await connectedPair(pull, push)
    expect(await failure(() => push.connected({ signal: AbortSignal.abort("no") }))).toBe("no")
  })

  it.each([[0], [1.5], ["2"]])("refuses a count of %o", async (count) => {
    const error = await failure(() => open(zmq.Pull).connected({ count: count as never }))
    expect(error.message).toMatch(/^Expected count to be a positive integer/)
  })
})

describe("a monitor", () => {
  it("that nobody reads, or that is closed, holds nobody up", async () => {
    const { status, stdout, stderr } = await runProgram(
      `
      const server = new zmq.Router()
      server.events
      const closed = new zmq.Router()
      closed.events.close()
      await server.bind("tcp://127.0.0.1:*")
      await closed.bind("tcp://127.0.0.1:*")
      let answers = 0
      for (let round = 0; round < 700; round += 1) {
        for (const target of [server, closed]) {
          const client = new zmq.Dealer({ linger: 0 })
          client.connect(target.lastEndpoint)
          await client.send("hello")
          await target.receive()
          answers += 1
          client.close()
        }
      }
      console.log(answers)
      server.close()
      closed.close()`,
      { timeout: 30_000 },
    )
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "1400\n", stderr: "" })
  }, 35_000)

  it("leaves no descriptor behind, a thousand times over", async () => {
    const { status, stdout, stderr } = await runProgram(
      `
      import { readdirSync } from "node:fs"
      const count = () => readdirSync("/proc/self/fd").length
      const use = async () => {
        const sockets = Array.from({ length: 50 }, () => new zmq.Pull())
        const ends = sockets.map((socket) => socket.events.waitFor("end").catch(() => {}))
        for (const [index, socket] of sockets.entries()) index % 2 ? socket.close() : socket.events.close()
        for (const socket of sockets) socket.close()
        await Promise.all(ends)
      }
      await use()
      const before = count()
      for (let round = 0; round < 20; round += 1) await use()
      for (let wait = 0; wait < 100 && count() > before; wait += 1) await sleep(20)
      console.log(count() - before)`,
      { timeout: 30_000 },
    )
    expect({ status, stderr, left: Number(stdout) <= 2 }).toEqual({ status: 0, stderr: "", left: true })
  }, 35_000)

  it("keeps the process alive while it is read, and not otherwise", async () => {
    const idle = await runProgram(
      `const s = new zmq.Pull(); s.events; s.bindSync("tcp://127.0.0.1:*"); await sleep(50)`,
    )
    expect({ status: idle.status, stderr: idle.stderr }).toEqual({ status: 0, stderr: "" })
    for (const use of ["s.events.receive()", `s.events.on("bind", () => {})`, `s.events.waitFor("accept")`]) {
      const read = await runProgram(
        `const s = new zmq.Pull(); ${use}; setTimeout(() => { console.log("alive"); process.exit(0) }, 300).unref()`,
      )
      expect({ status: read.status, stdout: read.stdout }).toEqual({ status: 0, stdout: "alive\n" })
    }
  })

  it("does not hold up the end of a worker, nor what comes after", async () => {
    const { status, stdout, stderr } = await runProgram(
      `
      const source = \`
        const zmq = require("ohmq")
        const { parentPort } = require("node:worker_threads")
        const sockets = Array.from({ length: 5 }, () => new zmq.Router())
        for (const [index, socket] of sockets.entries()) {
          if (index % 2) socket.events.receive(); else socket.events
          socket.bindSync("tcp://127.0.0.1:*")
        }
        sockets[4].close()
        parentPort.postMessage(sockets[0].lastEndpoint)\`
      for (let round = 0; round < 10; round += 1) {
        const worker = new threads.Worker(source, { eval: true, execArgv: [] })
        await new Promise((resolve) => worker.once("message", resolve))
        await worker.terminate()
      }
      const a = new zmq.Pair(), b = new zmq.Pair()
      await a.bind("tcp://127.0.0.1:*")
      b.connect(a.lastEndpoint)
      await b.send("still here")
      console.log(String(await a.receive()))`,
      { timeout: 30_000 },
    )
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "still here\n", stderr: "" })
  }, 35_000)
})

describe("closing an observer", () => {
  it("after its socket does nothing", () => {
    const socket = open(zmq.Pull)
    const { events } = socket
    socket.close()
    events.close()
    expect(events.closed).toBe(true)
  })

  it("whose socket was collected while it lingers holds up no other socket", async () => {
    const { status, stdout, stderr } = await runProgram(
      `
      let events = (() => {
        const socket = new zmq.Push({ linger: 2000, reconnectInterval: 10 })
        socket.connect("tcp://127.0.0.1:9")
        socket.send("never delivered")
        return socket.events
      })()
      for (let round = 0; round < 5; round += 1) { gc(); await sleep(20) }
      events.close()
      await sleep(100)
      const a = new zmq.Pair(), b = new zmq.Pair()
      await a.bind("tcp://127.0.0.1:*")
      b.connect(a.lastEndpoint)
      await b.send("through")
      console.log(String(await a.receive({ timeout: 5000 })))
      process.exit(0)`,
    )
    expect({ status, stdout, stderr: stderr.replace(/.*WARNING: Waiting.*\n/, "") }).toEqual({
      status: 0,
      stdout: "through\n",
      stderr: "",
    })
  })

  it("that could not be made leaves no monitor behind", async () => {
    const context = new zmq.Context({ maxSockets: 2 })
    const sockets: zmq.Socket[] = []
    for (let error: unknown; error === undefined; ) {
      try {
        sockets.push(open(zmq.Pull, { context }))
      } catch (reason) {
        error = reason
      }
    }
    const last = sockets.at(-1) as zmq.Pull
    expect(() => last.events).toThrow(expect.objectContaining({ code: "EMFILE" }))
    await last.bind(freeAddress("tcp"))
  })
})

describe("Observer.on", () => {
  it("ends a receive that waits", async () => {
    const { events } = open(zmq.Pull)
    const waiting = failure(() => events.receive())
    events.on("bind", () => {})
    expect((await waiting).message).toMatch(/^Observer is in event emitter mode\./)
  })
})
