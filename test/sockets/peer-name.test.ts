import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"

import * as zmq from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"

import { eventually, freeAddress, open, texts, thrown, transports } from "../support/sockets.js"

/** Accepts connections, and sends nothing. */
async function server() {
  const listening = createServer((connection) => connection.on("error", () => {})).listen(0, "127.0.0.1")
  onTestFinished(() => {
    listening.close()
  })
  await once(listening, "listening")
  return `tcp://127.0.0.1:${(listening.address() as AddressInfo).port}`
}

describe.each(transports)("the name that Router gives to its peer over %s", (transport) => {
  it("names one peer at a time", async () => {
    const router = open(zmq.Router, { mandatory: true })
    const dealers = [open(zmq.Dealer), open(zmq.Dealer)]
    for (const dealer of dealers) await dealer.bind(freeAddress(transport))
    const [first, second] = dealers.map((dealer) => dealer.lastEndpoint as string) as [string, string]
    router.connect(first, { routingId: "x" })
    expect(() => router.connect(second, { routingId: "x" })).toThrow(
      expect.objectContaining({ code: "EEXIST", message: 'Another peer already has the routing id "x"' }),
    )
    router.connect(second, { routingId: "y" })
    await router.send(["x", "to the first"])
    await router.send(["y", "to the second"])
    expect(texts((await dealers[0]?.receive()) ?? [])).toEqual(["to the first"])
    expect(texts((await dealers[1]?.receive()) ?? [])).toEqual(["to the second"])
  })

  it("cannot be the routing id of a peer that has connected", async () => {
    const router = open(zmq.Router)
    await router.bind(freeAddress(transport))
    const dealer = open(zmq.Dealer, { routingId: "x" })
    dealer.connect(router.lastEndpoint as string)
    await dealer.send("hello")
    await router.receive()
    const other = open(zmq.Dealer)
    await other.bind(freeAddress(transport))
    expect(() => router.connect(other.lastEndpoint as string, { routingId: "x" })).toThrow(
      expect.objectContaining({ code: "EEXIST" }),
    )
  })
})

describe("the name that Stream gives to its peer", () => {
  it("is given once", () => {
    const stream = open(zmq.Stream)
    stream.connect("tcp://127.0.0.1:9", { routingId: "x" })
    expect(() => stream.connect("tcp://127.0.0.1:9", { routingId: "x" })).toThrow(
      expect.objectContaining({ code: "EEXIST" }),
    )
  })
})

describe.each([zmq.Router, zmq.Stream])("connect of %o", (socketClass) => {
  it.each([["x".repeat(256)], [5], [{}]])("refuses the name %o", (routingId) => {
    const socket = open(socketClass as typeof zmq.Router)
    expect(() => socket.connect("tcp://127.0.0.1:9", { routingId: routingId as never })).toThrow(TypeError)
  })

  it("refuses a name that begins with a zero byte", () => {
    const socket = open(socketClass as typeof zmq.Router)
    expect(() => socket.connect("tcp://127.0.0.1:9", { routingId: "\0x" })).toThrow(
      expect.objectContaining({ code: "EINVAL" }),
    )
  })
})

describe("a connect that fails", () => {
  it.each([
    [zmq.Stream, {}],
    [zmq.Router, {}],
    [zmq.Router, { helloMessage: Buffer.from("hello"), disconnectMessage: Buffer.from("gone") }],
  ])("leaves its name free on %o with %j", (socketClass, options) => {
    const socket = open(socketClass as typeof zmq.Router, options)
    for (let round = 0; round < 50; round += 1) {
      expect(thrown(() => socket.connect("foo://bar", { routingId: "x" }))).toMatchObject({ code: "EPROTONOSUPPORT" })
    }
    socket.connect("tcp://127.0.0.1:9", { routingId: "x" })
    expect(socket.tryReceive()).toBeUndefined()
  })

  it("leaves no name to the next connect on Stream", async () => {
    const address = await server()
    const stream = open(zmq.Stream)
    expect(thrown(() => stream.connect("foo://bar", { routingId: "x" }))).toMatchObject({ address: "foo://bar" })
    stream.connect(address)
    expect((await stream.receive())[0]?.[0]).toBe(0)
    stream.connect(address, { routingId: "x" })
    expect(texts(await stream.receive())).toEqual(["x", ""])
  })

  it("leaves no name to the next connect on Router, nor does one with immediate", async () => {
    const router = open(zmq.Router, { mandatory: true })
    const dealer = open(zmq.Dealer, { routingId: "its own" })
    await dealer.bind("tcp://127.0.0.1:*")
    const address = dealer.lastEndpoint as string
    expect(thrown(() => router.connect("foo://bar", { routingId: "x" }))).toMatchObject({ address: "foo://bar" })
    router.immediate = true
    router.connect("tcp://127.0.0.1:9", { routingId: "y" })
    router.immediate = false
    router.connect(address)
    await dealer.send("hello")
    expect(texts(await router.receive())).toEqual(["its own", "hello"])
    router.disconnect(address)
    router.connect(address, { routingId: "x" })
    await router.send(["x", "named"])
    expect(texts(await dealer.receive())).toEqual(["named"])
  })
})

describe("a Stream that disconnects", () => {
  it("may give the name again, as soon as libzmq has let go of it", async () => {
    const address = await server()
    const stream = open(zmq.Stream)
    for (let round = 0; round < 20; round += 1) {
      await eventually(() => stream.connect(address, { routingId: "x" }))
      expect(texts(await stream.receive())).toEqual(["x", ""])
      // At first the name is usually still in use, and then libzmq would end the process.
      stream.disconnect(address)
    }
  })

  it("keeps the names of other addresses", async () => {
    const [one, two] = [await server(), await server()]
    const stream = open(zmq.Stream)
    stream.connect(one, { routingId: "x" })
    stream.connect(two, { routingId: "y" })
    stream.disconnect(one)
    expect(thrown(() => stream.connect(one, { routingId: "y" }))).toMatchObject({ code: "EEXIST" })
  })
})
