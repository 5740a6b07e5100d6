// What events contain, and how to read an observer.

import type { AddressInfo } from "node:net"
import { connect as connectTcp, createServer } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { inspect } from "node:util"

import * as zmq from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"

import { eventually, failure, freeAddress, join, open } from "../support/sockets.js"

/** The types of the events up to one of them. */
async function typesUntil(observer: zmq.Observer, last: zmq.EventType): Promise<string[]> {
  const types: string[] = []
  for await (const event of observer) {
    types.push(event.type)
    if (event.type === last) break
  }
  return types
}

/** The fields that describe the connection of an event. */
const ends = ({ address, localAddress, remoteAddress, fd }: zmq.EventOfType<"accept" | "connect">) => ({
  address,
  localAddress,
  remoteAddress,
  fd,
})

describe("events", () => {
  it("are kept, up to the last 10,000", async () => {
    const socket = open(zmq.Pull)
    const { events } = socket
    const address = freeAddress("ipc")
    for (let count = 0; count < 5010; count += 1) {
      socket.bindSync(address)
      socket.unbindSync(address)
    }
    const end = events.waitFor("end")
    socket.close()
    await end
    const types: string[] = []
    for await (const { type } of events) types.push(type)
    expect([types.length, types.at(-1)]).toEqual([10_000, "end"])
  })

  it("cannot be waited for once the socket is closed", async () => {
    const socket = open(zmq.Pull)
    const { events } = socket
    const end = events.waitFor("end")
    await socket.bind(freeAddress("tcp"))
    socket.close()
    await end
    expect(await failure(() => events.waitFor("end"))).toMatchObject({ code: "EBADF" })
  })

  it.each(["tcp", "ipc"] as const)("reports how connections over %s are made, used and lost", async (transport) => {
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

  it("does not change the error of a bind", async () => {
    const socket = open(zmq.Pull)
    const event = socket.events.waitFor("bind:error")
    // libzmq sends the first events in another way.
    await sleep(20)
    expect(await failure(() => socket.bind("tcp://[::1%nowhere]:5"))).toMatchObject({ code: "EINVAL" })
    expect((await event).error).toMatchObject({ code: "EINVAL" })
  })

  it("reports why a handshake failed: the peer speaks another protocol", async () => {
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

  it("reports why a handshake failed: one side does not speak WebSocket", async () => {
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
    // libzmq continues when the socket is used.
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
  it("gives events in order, kept ones first", async () => {
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

  it("is refused while another iterator waits, but not after that has ended", async () => {
    const socket = open(zmq.Pull)
    const [one, other] = [socket.events[Symbol.asyncIterator](), socket.events[Symbol.asyncIterator]()]
    const step = one.next()
    expect(await failure(() => other.next())).toMatchObject({ code: "EBUSY" })
    await one.return()
    expect(await step).toEqual({ done: true, value: undefined })
    await socket.bind(freeAddress("tcp"))
    expect((await other.next()).value).toMatchObject({ type: "bind" })
  })

  it("still gives the events that were kept when the observer was closed", async () => {
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
  it("calls listeners with kept and new events, and takes over from receive", async () => {
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

  it("refuses a listener that is not a function, and changes nothing", async () => {
    const socket = open(zmq.Pull)
    const { events } = socket
    expect(() => events.on("bind", 5 as never)).toThrow(
      new TypeError("Expected listener to be a function, but received 5 (number)"),
    )
    await socket.bind(freeAddress("tcp"))
    expect(await events.receive()).toMatchObject({ type: "bind" })
  })

  it("ends a waiting receive", async () => {
    const { events } = open(zmq.Pull)
    const waiting = failure(() => events.receive())
    events.on("bind", () => {})
    expect((await waiting).message).toMatch(/^Observer is in event emitter mode\./)
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

  it("refuses an unknown type", () => {
    const { events } = open(zmq.Pull)
    expect(() => events.waitFor("bound" as never)).toThrow(/^Expected type to be a type of event/)
  })
})
