import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { freeAddress, open, texts, transports } from "./support/sockets.js"

describe.each(transports)("the name that Router gives to its peer over %s", (transport) => {
  it("names one peer at a time", async () => {
    const router = open(zmq.Router, { mandatory: true })
    const dealers = [open(zmq.Dealer), open(zmq.Dealer)]
    for (const dealer of dealers) await dealer.bind(freeAddress(transport))
    const [first, second] = dealers.map((dealer) => dealer.lastEndpoint as string) as [string, string]
    router.connect(first, { routingId: "x" })
    expect(() => router.connect(second, { routingId: "x" })).toThrow(
      expect.objectContaining({ code: "EEXIST", message: 'The routing id "x" names another peer already' }),
    )
    router.connect(second, { routingId: "y" })
    await router.send(["x", "to the first"])
    await router.send(["y", "to the second"])
    expect(texts((await dealers[0]?.receive()) ?? [])).toEqual(["to the first"])
    expect(texts((await dealers[1]?.receive()) ?? [])).toEqual(["to the second"])
  })

  it("is not one under which a peer has come", async () => {
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
  it("leaves its name free on Stream", () => {
    const stream = open(zmq.Stream)
    expect(() => stream.connect("foo://bar", { routingId: "x" })).toThrow()
    stream.connect("tcp://127.0.0.1:9", { routingId: "x" })
  })
})
