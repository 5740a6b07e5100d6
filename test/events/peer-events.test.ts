import { once } from "node:events"
import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { eventually, failure, freeAddress, join, open, texts, thrown } from "../support/sockets.js"

/** What a Router reports and receives, in order, as text. */
function record(router: zmq.Router) {
  const seen: string[] = []
  router.peerEvents.on("connect", (id) => seen.push(`+${id}`))
  router.peerEvents.on("disconnect", (id) => seen.push(`-${id}`))
  return seen
}

async function receiveInto(router: zmq.Router, seen: string[]) {
  for await (const message of router) seen.push(texts(message).join(" "))
}

describe.each(["tcp", "ipc"] as const)("Router.peerEvents over %s", (transport) => {
  it("reports peers that connect and disconnect, in order with their messages", async () => {
    const router = open(zmq.Router)
    const seen = record(router)
    await router.bind(freeAddress(transport))
    const receiving = receiveInto(router, seen)
    const dealer = open(zmq.Dealer, { routingId: "d1" })
    dealer.connect(router.lastEndpoint as string)
    await eventually(() => expect(seen).toEqual(["+d1"]))
    expect(texts(router.peerEvents.connected)).toEqual(["d1"])
    await dealer.sendMany(["one", "two"])
    dealer.close()
    await eventually(() => expect(seen).toEqual(["+d1", "d1 one", "d1 two", "-d1"]))
    expect(router.peerEvents.connected).toEqual([])
    const again = open(zmq.Dealer, { routingId: "d1" })
    again.connect(router.lastEndpoint as string)
    await eventually(() => expect(seen.slice(4)).toEqual(["+d1"]))
    router.close()
    await receiving
  })

  it("lets through empty messages of peers, and messages of all lengths", async () => {
    const router = open(zmq.Router)
    const seen = record(router)
    const dealer = open(zmq.Dealer, { routingId: "d" })
    await join(router, dealer, transport)
    const receiving = receiveInto(router, seen)
    await dealer.sendMany(["", "", ["", ""], "x".repeat(16), ""])
    await eventually(() => expect(seen).toEqual(["+d", "d ", "d ", "d  ", `d ${"x".repeat(16)}`, "d "]))
    router.close()
    await receiving
  })

  it("works however messages are received", async () => {
    const router = open(zmq.Router)
    const seen = record(router)
    await router.bind(freeAddress(transport))
    const dealers = ["a", "b", "c", "d"].map((routingId) => open(zmq.Dealer, { routingId }))
    const receives: (() => Promise<Buffer[]>)[] = [
      () => router.receive(),
      async () => (await router.receiveMany())[0] as Buffer[],
      async () => (await router.receiveWithMetadata()).parts,
      () => eventually(() => router.tryReceive() ?? Promise.reject(new Error("nothing yet"))),
    ]
    for (const [index, dealer] of dealers.entries()) {
      dealer.connect(router.lastEndpoint as string)
      await dealer.send("hello")
      seen.push(texts((await receives[index]?.()) as Buffer[]).join(" "))
    }
    await eventually(() => expect(seen).toHaveLength(8))
    expect(seen).toEqual(expect.arrayContaining(["+a", "a hello", "+b", "b hello", "+c", "c hello", "+d", "d hello"]))
  })
})

describe("Router.peerEvents", () => {
  it("reports a peer whose process is killed", async () => {
    const { spawn } = await import("node:child_process")
    const router = open(zmq.Router)
    const seen = record(router)
    await router.bind("tcp://127.0.0.1:*")
    const receiving = receiveInto(router, seen)
    const program = `
      const zmq = require("ohmq")
      const dealer = new zmq.Dealer({ routingId: "victim" })
      dealer.connect(process.argv[1])
      dealer.receive()`
    const child = spawn(process.execPath, ["-e", program, router.lastEndpoint as string])
    await eventually(() => expect(seen).toEqual(["+victim"]))
    child.kill("SIGKILL")
    await once(child, "exit")
    await eventually(() => expect(seen).toEqual(["+victim", "-victim"]))
    router.close()
    await receiving
  })

  // libzmq 4.3.4 as released ends the process here: native/patches/libzmq/0001-disconnect-message-without-pipe.patch.
  it("survives routers that close while their peers go", async () => {
    const { status, stdout, stderr } = await runProgram(`
      const pairs = []
      for (let count = 0; count < 200; count += 1) {
        const [router, dealer] = [new zmq.Router(), new zmq.Dealer()]
        router.peerEvents
        await router.bind("tcp://127.0.0.1:*")
        dealer.connect(router.lastEndpoint)
        await dealer.send("hello")
        await router.receive()
        pairs.push([router, dealer])
        if (pairs.length === 10) for (const [a, b] of pairs.splice(0)) { b.close(); a.close() }
      }
      console.log("done")`)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "done\n", stderr: "" })
  })

  it("is one object, and must be used before there are endpoints", async () => {
    const router = open(zmq.Router)
    expect(router.peerEvents).toBe(router.peerEvents)
    await router.bind("tcp://127.0.0.1:*")
    expect(router.peerEvents.connected).toEqual([])
    const late = open(zmq.Router)
    await late.bind("tcp://127.0.0.1:*")
    expect(thrown(() => late.peerEvents)).toMatchObject({ code: "EINVAL", message: expect.stringContaining("before") })
  })

  it.each([
    ["handover", true],
    ["raw", true],
    ["routerNotify", ["disconnect"]],
    ["disconnectMessage", "bye"],
  ])("excludes %s, before and after", (name, value) => {
    const refused = { code: "EINVAL", message: `A socket cannot have both peerEvents and the option ${name}` }
    expect(thrown(() => open(zmq.Router, { [name]: value }).peerEvents)).toMatchObject(refused)
    const router = open(zmq.Router) as zmq.Router & Record<string, unknown>
    expect(router.peerEvents).toBeDefined()
    expect(thrown(() => Object.assign(router, { [name]: value }))).toMatchObject(refused)
  })

  it("hides the options that it has set, and does not let the program change them", () => {
    const router = open(zmq.Router)
    expect(router.peerEvents).toBeDefined()
    expect(router.disconnectMessage).toBeNull()
    const refused = { code: "EINVAL" }
    expect(thrown(() => Object.assign(router, { disconnectMessage: null }))).toMatchObject(refused)
    expect(thrown(() => Object.assign(router, { routerNotify: [] }))).toMatchObject(refused)
    Object.assign(router, { handover: false, raw: false, mandatory: true })
    expect([router.handover, router.raw, router.mandatory]).toEqual([false, false, true])
  })

  it("reports the peers of an endpoint that is unbound, after their messages, and when they return", async () => {
    const router = open(zmq.Router)
    const seen = record(router)
    const dealer = open(zmq.Dealer, { routingId: "d", reconnectInterval: 10 })
    const other = open(zmq.Dealer, { routingId: "o" })
    await join(router, other)
    const endpoint = await join(router, dealer)
    await Promise.all([dealer.send("one"), other.send("other")])
    const receiving = receiveInto(router, seen)
    await eventually(() => expect(seen).toEqual(expect.arrayContaining(["d one", "o other"])))
    seen.length = 0
    await router.unbind(endpoint)
    await eventually(() => expect(seen).toEqual(["-d"]))
    await router.bind(endpoint)
    await dealer.send("two")
    await eventually(() => expect(seen).toEqual(["-d", "+d", "d two"]))
    expect(texts(router.peerEvents.connected)).toEqual(["o", "d"])
    router.close()
    await receiving
  })

  it("refuses connect and inproc, for which libzmq does not report every disconnect", async () => {
    const router = open(zmq.Router)
    expect(router.peerEvents).toBeDefined()
    const refused = (address: string) => ({ code: "EINVAL", address, message: expect.stringContaining("peerEvents") })
    expect(await failure(() => router.bind("inproc://x"))).toMatchObject(refused("inproc://x"))
    expect(thrown(() => router.bindSync("inproc://x"))).toMatchObject(refused("inproc://x"))
    expect(thrown(() => router.connect("tcp://127.0.0.1:9"))).toMatchObject(refused("tcp://127.0.0.1:9"))
    const named = { routingId: "peer" }
    expect(thrown(() => router.connect("tcp://127.0.0.1:9", named))).toMatchObject(refused("tcp://127.0.0.1:9"))
  })

  it("refuses a Proxy, which would forward what libzmq inserts", async () => {
    const [router, dealer] = [open(zmq.Router), open(zmq.Dealer)]
    expect(router.peerEvents).toBeDefined()
    await router.bind(freeAddress("tcp"))
    await dealer.bind(freeAddress("tcp"))
    const message = "Front-end socket has peerEvents, whose messages must not be forwarded"
    expect(thrown(() => new zmq.Proxy(router, dealer).run())).toMatchObject({ code: "EINVAL", message })
    expect(thrown(() => new zmq.Proxy(dealer, router).run())).toMatchObject({ code: "EINVAL" })
    expect([router.closed, dealer.closed]).toEqual([false, false])
  })

  it("throws on a closed socket", () => {
    const router = new zmq.Router()
    router.close()
    expect(thrown(() => router.peerEvents)).toMatchObject({ code: "EBADF" })
  })
})

describe("messages that libzmq inserts", () => {
  it("are helloMessage, to each peer, and disconnectMessage, of each that is lost", async () => {
    const router = open(zmq.Router, { helloMessage: Buffer.from("welcome"), disconnectMessage: Buffer.from("gone") })
    const dealer = open(zmq.Dealer, { routingId: "d", helloMessage: Buffer.from("here I am") })
    await join(router, dealer)
    expect(texts(await dealer.receive())).toEqual(["welcome"])
    expect(texts(await router.receive())).toEqual(["d", "here I am"])
    dealer.close()
    expect(texts(await router.receive())).toEqual(["d", "gone"])
  })

  it("are disconnectMessage of peers of an endpoint that is unbound, after what they have sent", async () => {
    const router = open(zmq.Router, { disconnectMessage: Buffer.from("gone") })
    const dealer = open(zmq.Dealer, { routingId: "d" })
    const endpoint = await join(router, dealer)
    await dealer.send("one")
    await eventually(() => expect(router.readable).toBe(true))
    await router.unbind(endpoint)
    expect([texts(await router.receive()), texts(await router.receive())]).toEqual([
      ["d", "one"],
      ["d", "gone"],
    ])
  })

  it("are hiccupMessage, of a connection that is lost and made again, where libzmq has it", async () => {
    const dealer = open(zmq.Dealer, { reconnectInterval: 10 })
    const set = () => Object.assign(dealer, { hiccupMessage: "hiccup" })
    if (zmq.version < "4.3.5") {
      expect(thrown(set)).toMatchObject({ code: "ENOTSUP" })
      return
    }
    set()
    const router = open(zmq.Router)
    const ready = dealer.connected()
    await join(router, dealer)
    await ready
    router.close()
    expect(texts(await dealer.receive())).toEqual(["hiccup"])
  })
})
