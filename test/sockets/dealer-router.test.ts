import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { eventually, failure, freeAddress, join, open, texts, thrown, transports } from "../support/sockets.js"

const unreachable = expect.objectContaining({ code: "EHOSTUNREACH", message: "Host unreachable" })

describe.each(transports)("Dealer and Router over %s", (transport) => {
  async function channel(options: { routingId?: string } = {}, routerOptions: object = {}) {
    const router = open(zmq.Router, routerOptions as { mandatory?: boolean })
    const dealer = open(zmq.Dealer, options)
    const endpoint = await join(router, dealer, transport)
    return { router, dealer, endpoint }
  }

  it.each([
    ["a zero inside", Buffer.from([1, 0, 1])],
    ["a zero at the end", Buffer.from([1, 0])],
    ["bytes that are no UTF-8", Buffer.from([255, 254, 128])],
    ["one byte", Buffer.from([1])],
    ["255 bytes", Buffer.alloc(255, 7)],
    ["text", Buffer.from("Åse")],
  ])("route by a routingId with %s", async (_, routingId) => {
    const [router, dealer] = [open(zmq.Router, { mandatory: true }), open(zmq.Dealer, { routingId })]
    expect(dealer.routingIdBytes).toEqual(routingId)
    await join(router, dealer, transport)
    await dealer.send("x")
    expect((await router.receive())[0]).toEqual(routingId)
    await router.send([routingId, "re: x"])
    expect(texts(await dealer.receive())).toEqual(["re: x"])
  })

  it("keep peers apart whose ids differ after a zero", async () => {
    const router = open(zmq.Router, { mandatory: true })
    await router.bind(freeAddress(transport))
    const ids = [Buffer.from([1, 0, 1]), Buffer.from([1, 0, 2]), Buffer.from([1])]
    const dealers = ids.map((routingId) => open(zmq.Dealer, { routingId }))
    for (const dealer of dealers) {
      dealer.connect(router.lastEndpoint as string)
      await dealer.send("x")
      await router.receive()
    }
    for (const [index, id] of ids.entries()) await router.send([id, `for ${index}`])
    for (const [index, dealer] of dealers.entries()) expect(texts(await dealer.receive())).toEqual([`for ${index}`])
  })

  it("answer in any order", async () => {
    const { router, dealer } = await channel({ routingId: "me" })
    for (let index = 0; index < 10; index += 1) await dealer.send(index)
    const questions: Buffer[][] = []
    for (let index = 0; index < 10; index += 1) questions.push(await router.receive())
    for (const question of questions.reverse()) await router.send(question)
    for (let index = 9; index >= 0; index -= 1) expect(texts(await dealer.receive())).toEqual([String(index)])
  })

  it("distribute messages among routers, in turn", async () => {
    const dealer = open(zmq.Dealer)
    const routers = [open(zmq.Router), open(zmq.Router)]
    for (const router of routers) {
      await join(router, dealer, transport)
    }
    for (let index = 0; index < 100; index += 1) await dealer.send(index)
    for (const router of routers) {
      for (let index = 0; index < 50; index += 1) await router.receive()
    }
    for (const router of routers) expect((await failure(() => router.receive({ timeout: 5 }))).code).toBe("EAGAIN")
  })

  it("with mandatory, reject a message for a peer that is gone", async () => {
    const { router, dealer } = await channel({ routingId: "me" }, { mandatory: true })
    await dealer.send("x")
    await router.receive()
    dealer.close()
    await eventually(async () => {
      expect(await failure(() => router.send(["me", "too late"]))).toEqual(unreachable)
    })
  })

  it("with mandatory, wait for a peer whose queue is full", async () => {
    const router = open(zmq.Router, { mandatory: true, sendHighWaterMark: 1 })
    const dealer = open(zmq.Dealer, { routingId: "me", receiveHighWaterMark: 1 })
    await join(router, dealer, transport)
    await dealer.send("x")
    await router.receive()
    const part = Buffer.alloc(transport === "inproc" ? 1 : 1_000_000)
    let sent = 0
    while ((await router.send(["me", sent, part], { timeout: 100 }).catch(({ code }) => code)) === undefined) sent += 1
    if (transport === "inproc") expect(sent).toBe(2)
    else expect(sent).toBeGreaterThanOrEqual(1)
    const waiting = router.send(["me", sent, part])
    for (let index = 0; index <= sent; index += 1) expect(String((await dealer.receive())[0])).toBe(String(index))
    await waiting
  })

  it("know a peer by the routingId that connect() gave it, which may be bytes", async () => {
    const routingId = Buffer.from([9, 0, 9])
    const [dealer, router] = [open(zmq.Dealer, { routingId: "its own" }), open(zmq.Router, { mandatory: true })]
    await dealer.bind(freeAddress(transport))
    router.connect(dealer.lastEndpoint as string, { routingId })
    await router.send([routingId, "hello"])
    expect(texts(await dealer.receive())).toEqual(["hello"])
    await dealer.send("hello back")
    const [peer, ...rest] = await router.receive()
    expect(peer).toEqual(routingId)
    expect(texts(rest)).toEqual(["hello back"])
  })

  it("talk router to router, by such names", async () => {
    const [left, right] = [open(zmq.Router, { routingId: "left" }), open(zmq.Router, { routingId: "right" })]
    await right.bind(freeAddress(transport))
    left.connect(right.lastEndpoint as string, { routingId: "the right one" })
    await left.send(["the right one", "hello"])
    expect(texts(await right.receive())).toEqual(["left", "hello"])
    await right.send(["left", "hello back"])
    expect(texts(await left.receive())).toEqual(["the right one", "hello back"])
  })

  it("use the name for that one connection only", async () => {
    const dealers = [open(zmq.Dealer, { routingId: "a" }), open(zmq.Dealer, { routingId: "b" })]
    for (const dealer of dealers) await dealer.bind(freeAddress(transport))
    const router = open(zmq.Router)
    router.connect(dealers[0]?.lastEndpoint as string, { routingId: "named" })
    router.connect(dealers[1]?.lastEndpoint as string)
    for (const dealer of dealers) await dealer.send("x")
    const peers = [String((await router.receive())[0]), String((await router.receive())[0])]
    expect(peers.sort()).toEqual(["b", "named"])
  })

  it.each([
    ["Request", (options: object) => open(zmq.Request, options)],
    ["Router", (options: object) => open(zmq.Router, options)],
  ])("learn with probeRouter of a %s that has sent nothing", async (_, create) => {
    const router = open(zmq.Router)
    await join(router, create({ probeRouter: true, routingId: "me" }), transport)
    expect(texts(await router.receive())).toEqual(["me", ""])
    await router.send(["me", "", "hello"])
  })

  it("are always writable without mandatory, readable while there are messages", async () => {
    const { router, dealer } = await channel()
    expect([router.readable, router.writable]).toEqual([false, true])
    await dealer.send("x")
    await eventually(() => expect(router.readable).toBe(true))
    await router.receive()
    expect(router.readable).toBe(false)
    await eventually(() => expect(dealer.writable).toBe(true))
  })

  it("serve many dealers at once", async () => {
    const router = open(zmq.Router)
    await router.bind(freeAddress(transport))
    const serving = (async () => {
      for await (const [peer, ...parts] of router) await router.send([peer as Buffer, ...parts])
    })()
    await Promise.all(
      Array.from({ length: 20 }, async (_, client) => {
        const dealer = open(zmq.Dealer)
        dealer.connect(router.lastEndpoint as string)
        for (let index = 0; index < 20; index += 1) {
          await dealer.send([client, index])
          expect(texts(await dealer.receive())).toEqual([String(client), String(index)])
        }
      }),
    )
    router.close()
    await serving
  })
})

describe("Router.connect", () => {
  it.each<[string, unknown]>([
    ["a boolean", true],
    ["an object", {}],
    ["an array", ["a"]],
  ])("throws for a routingId that is %s, and connects nothing", (_, routingId) => {
    const router = open(zmq.Router)
    expect(thrown(() => router.connect("inproc://nowhere", { routingId: routingId as string }))).toEqual(
      new TypeError("Option value must be a string or buffer"),
    )
    expect(router.lastEndpoint).toBeNull()
  })

  it.each<[string, unknown]>([
    ["null", null],
    ["text", "routingId"],
  ])("throws for options that are %s", (_, options) => {
    expect(thrown(() => open(zmq.Router).connect("inproc://nowhere", options as never))).toEqual(
      new TypeError("Options must be an object"),
    )
  })

  it.each<[string, object | undefined]>([
    ["no options", undefined],
    ["empty options", {}],
    ["an empty name", { routingId: "" }],
    ["no name", { routingId: undefined }],
    ["null for a name", { routingId: null }],
  ])("takes %s for no name", async (_, options) => {
    const [router, dealer] = [open(zmq.Router), open(zmq.Dealer, { routingId: "its own" })]
    await dealer.bind(freeAddress("inproc"))
    router.connect(dealer.lastEndpoint as string, options)
    await dealer.send("x")
    expect(texts(await router.receive())).toEqual(["its own", "x"])
  })

  it("throws EBADF with a name, too, once the router is closed", () => {
    const router = open(zmq.Router)
    router.close()
    expect(thrown(() => router.connect("inproc://nowhere", { routingId: "x" })).code).toBe("EBADF")
  })
})
