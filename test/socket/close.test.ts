import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { eventually, failure, freeAddress, join, open, texts, thrown, transports } from "../support/sockets.js"

/** A context for many sockets, which a server and its clients share. */
async function exchange(context: zmq.Context, transport: (typeof transports)[number], clients: number) {
  const router = open(zmq.Router, { context, backlog: 1000 })
  await router.bind(freeAddress(transport))
  const dealers = Array.from({ length: clients }, () => open(zmq.Dealer, { context }))
  for (const dealer of dealers) dealer.connect(router.lastEndpoint as string)
  const serving = (async () => {
    for (let index = 0; index < clients; index += 1) {
      const [peer, question] = await router.receive()
      await router.send([peer as Buffer, `re: ${question}`])
    }
  })()
  const answers = await Promise.all(
    dealers.map(async (dealer, index) => {
      const received = dealer.receive()
      await dealer.send(index)
      return String(await received)
    }),
  )
  await serving
  expect(answers).toEqual(dealers.map((_, index) => `re: ${index}`))
  return [router, ...dealers]
}

describe("close", () => {
  it("closes, and does nothing a second time", () => {
    const socket = open(zmq.Dealer)
    expect(socket.closed).toBe(false)
    expect(socket.close()).toBeUndefined()
    expect(socket.closed).toBe(true)
    expect(socket.close()).toBeUndefined()
    expect(socket.close({ linger: 5 })).toBeUndefined()
    expect(socket.closed).toBe(true)
  })

  it("without linger in its options leaves the option as it is", async () => {
    const socket = open(zmq.Dealer, { linger: 5 })
    const binding = socket.bind(freeAddress("inproc"))
    socket.close({})
    expect(socket.linger).toBe(5)
    await binding
  })

  it.each([
    ["text", "5"],
    ["null", null],
  ])("with a linger of %s throws, and closes nothing", (_, linger) => {
    const socket = open(zmq.Dealer)
    expect(thrown(() => socket.close({ linger: linger as never }))).toBeInstanceOf(TypeError)
    expect(socket.closed).toBe(false)
  })

  it("with a linger that libzmq refuses throws EINVAL, and closes nothing", () => {
    const socket = open(zmq.Dealer)
    expect(thrown(() => socket.close({ linger: -2 }))).toMatchObject({ code: "EINVAL" })
    expect(socket.closed).toBe(false)
  })

  it.each([
    ["with enough linger", { linger: 10_000 }],
    ["with endless linger", { linger: -1 }],
  ])("delivers what was sent %s", async (_, options) => {
    const [push, pull] = [open(zmq.Push, { sendHighWaterMark: 0 }), open(zmq.Pull)]
    await join(pull, push)
    for (let index = 0; index < 1000; index += 1) await push.send([index, Buffer.alloc(2000)])
    push.close(options)
    for (let index = 0; index < 1000; index += 1) expect(String((await pull.receive())[0])).toBe(String(index))
  })

  it("with a linger of 0 drops what was not sent yet", async () => {
    const context = new zmq.Context({ maxSockets: 1 })
    const address = freeAddress("ipc")
    const push = open(zmq.Push, { context, reconnectInterval: 5 })
    push.connect(address)
    await push.send("dropped")
    push.close({ linger: 0 })
    // Its place in the context is free once libzmq's threads have freed it.
    const other = await eventually(() => open(zmq.Push, { context }))
    const pull = open(zmq.Pull)
    await pull.bind(address)
    other.connect(address)
    await other.send("sent")
    expect(texts(await pull.receive())).toEqual(["sent"])
  })

  it("rejects a waiting send and a waiting receive", async () => {
    const socket = open(zmq.Dealer)
    const operations = [failure(() => socket.send("x")), failure(() => socket.receive())]
    socket.close()
    for (const error of await Promise.all(operations)) {
      expect(error).toMatchObject({
        code: "EAGAIN",
        message: "Operation was not possible or timed out",
        reason: "closed",
      })
    }
  })

  it("has closed the socket when waiting operations reject", async () => {
    const socket = open(zmq.Pull)
    const seen = socket.receive().catch(() => socket.closed)
    socket.close()
    expect(await seen).toBe(true)
  })
})

describe("dispose", () => {
  it("closes", () => {
    const socket = open(zmq.Dealer)
    expect(socket[Symbol.dispose]()).toBeUndefined()
    expect(socket.closed).toBe(true)
    socket[Symbol.dispose]()
  })

  it("closes, asynchronously", async () => {
    const socket = open(zmq.Dealer)
    const closing = socket[Symbol.asyncDispose]()
    expect(socket.closed).toBe(true)
    expect(await closing).toBeUndefined()
    await socket[Symbol.asyncDispose]()
  })

  it("waits, asynchronously, for a bind in progress", async () => {
    const socket = open(zmq.Dealer)
    socket.bind(freeAddress("tcp"))
    const closing = socket[Symbol.asyncDispose]()
    expect(socket.closed).toBe(false)
    await closing
    expect(socket.closed).toBe(true)
  })

  it("waits, asynchronously, for a bind that fails, and does not fail with it", async () => {
    const other = open(zmq.Dealer)
    await other.bind(freeAddress("tcp"))
    const socket = open(zmq.Dealer)
    const binding = failure(() => socket.bind(other.lastEndpoint as string))
    await socket[Symbol.asyncDispose]()
    expect(socket.closed).toBe(true)
    expect((await binding).code).toBe("EADDRINUSE")
  })

  it("happens at the end of a scope", async () => {
    const sockets: zmq.Socket[] = []
    {
      using socket = new zmq.Dealer()
      await using other = new zmq.Dealer()
      sockets.push(socket, other)
      expect(sockets.map(({ closed }) => closed)).toEqual([false, false])
    }
    expect(sockets.map(({ closed }) => closed)).toEqual([true, true])
  })
})

describe("ref and unref", () => {
  it("return the socket, any number of times", () => {
    const socket = open(zmq.Dealer)
    expect(socket.unref()).toBe(socket)
    expect(socket.unref().unref().ref().ref()).toBe(socket)
  })

  it("let messages through in either state", async () => {
    const [a, b] = [open(zmq.Pair).unref(), open(zmq.Pair).unref()]
    await join(a, b, "inproc")
    const received = b.receive({ timeout: 10_000 })
    await a.send("x")
    expect(texts(await received)).toEqual(["x"])
  })

  it("affect only their own socket", async () => {
    const { status, stdout } = await runProgram(`
      const [a, b] = [new zmq.Pull().unref(), new zmq.Pull()]
      a.receive(); b.receive()
      setTimeout(() => { console.log("alive"); process.exit() }, 100).unref()`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: "alive\n" })
  })
})

describe("many sockets", () => {
  it.each(transports)("1,000 at once all exchange a message over %s", async (transport) => {
    const context = new zmq.Context({ maxSockets: 2000 })
    const sockets = await exchange(context, transport, 999)
    expect(sockets.length).toBe(1000)
    for (const socket of sockets) socket.close({ linger: 0 })
  })

  it("5,000 one after the other need only one place in the context", async () => {
    const context = new zmq.Context({ maxSockets: 10 })
    for (let index = 0; index < 5000; index += 1) {
      try {
        new zmq.Dealer({ context }).close()
      } catch (error) {
        // libzmq's own thread has not caught up yet.
        expect((error as zmq.ErrnoError).code).toBe("EMFILE")
        await eventually(() => new zmq.Dealer({ context }).close())
      }
    }
  })

  it("do not keep their context once they are closed", async () => {
    const { status, stdout } = await runProgram(`
      const kept = []
      let context = new zmq.Context()
      const collected = new Promise((resolve) => {
        globalThis.registry = new FinalizationRegistry(resolve)
        registry.register(context, "collected")
      })
      for (let i = 0; i < 10; i++) kept.push(new zmq.Dealer({ context }))
      context = undefined
      for (const socket of kept) socket.close()
      const collecting = setInterval(gc, 5)
      console.log(await collected, kept.length)
      clearInterval(collecting)`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: "collected 10\n" })
  })

  it("keep their context as long as they are open", async () => {
    const { status, stdout } = await runProgram(`
      const sockets = []
      let context = new zmq.Context()
      let collected = false
      const registry = new FinalizationRegistry(() => { collected = true })
      registry.register(context)
      sockets.push(new zmq.Pair({ context }), new zmq.Pair({ context }))
      context = undefined
      for (let i = 0; i < 10; i++) { gc(); await sleep(5) }
      sockets[0].bindSync("inproc://kept"); sockets[1].connect("inproc://kept")
      await sockets[0].send("still there")
      console.log(collected, String(await sockets[1].receive()))
      for (const socket of sockets) socket.close()`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: "false still there\n" })
  })
})
