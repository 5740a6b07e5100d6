// What `close({ wait: true })` and `await using` wait for. How sockets close otherwise is in close.test.ts.

import { randomUUID } from "node:crypto"

import * as zmq from "ohmq"
import * as draft from "ohmq/draft"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { eventually, failure, freeAddress, join, open, texts, thrown } from "../support/sockets.js"

/** Where nobody listens. */
const nobody = "tcp://127.0.0.1:9"

/** A socket with a message that cannot be sent yet, because nobody is bound to its address. */
async function unsent(options?: object) {
  const address = freeAddress("ipc")
  const push = open(zmq.Push, { reconnectInterval: 5, ...options })
  push.connect(address)
  await push.send("late")
  return { address, push }
}

async function isPending(promise: Promise<unknown>) {
  await new Promise((resolve) => setTimeout(resolve, 50))
  return Promise.race([promise.then(() => false), Promise.resolve(true)])
}

/** Milliseconds. libzmq's clock is not quite the same. */
async function duration(promise: Promise<unknown>) {
  const started = performance.now()
  await promise
  return performance.now() - started
}

/** Closes a socket, and resolves when it is gone. */
const ends: [string, (socket: zmq.Socket) => Promise<void>][] = [
  ["close({ wait: true })", (socket) => socket.close({ wait: true })],
  ["await using", (socket) => socket[Symbol.asyncDispose]() as Promise<void>],
]

describe.each(ends)("%s", (_, end) => {
  it("resolves when what was queued has been sent", async () => {
    const { address, push } = await unsent()
    const closing = end(push)
    expect(push.closed).toBe(true)
    expect(await isPending(closing)).toBe(true)
    const pull = open(zmq.Pull)
    await pull.bind(address)
    expect(texts(await pull.receive())).toEqual(["late"])
    expect(await closing).toBeUndefined()
  })

  it("resolves when linger has passed, and not before", async () => {
    const { push } = await unsent({ linger: 100 })
    expect(await duration(end(push))).toBeGreaterThanOrEqual(90)
  })

  it("resolves when the endpoint is free", async () => {
    const first = open(zmq.Pull)
    await first.bind(freeAddress("tcp"))
    const endpoint = first.lastEndpoint as string
    await end(first)
    for (let round = 0; round < 100; round += 1) {
      const next = open(zmq.Pull)
      next.bindSync(endpoint)
      await end(next)
    }
  })

  it("leaves nothing behind", async () => {
    const context = new zmq.Context({ maxSockets: 20 })
    for (let round = 0; round < 100; round += 1) {
      const socket = await eventually(() => open(zmq.Push, { context, linger: 0 }))
      socket.connect(nobody)
      // The places of earlier monitors may not be free yet.
      await end(socket).catch(({ code }) => expect(code).toBe("EMFILE"))
    }
    for (let place = 0; place < 20; place += 1) await eventually(() => open(zmq.Push, { context }))
  })

  it("resolves at once for a socket that has no endpoints, or only inproc", async () => {
    const [push, pull] = [open(zmq.Push), open(zmq.Pull)]
    await join(pull, push, "inproc")
    await push.send("there")
    await end(push)
    await end(open(zmq.Push))
    expect(texts(await pull.receive())).toEqual(["there"])
  })

  it("resolves when there is an observer, which gets every event", async () => {
    const { push } = await unsent({ linger: 50 })
    const seen: string[] = []
    push.events.watch(({ type }) => seen.push(type))
    expect(await duration(end(push))).toBeGreaterThanOrEqual(40)
    expect(seen.at(-1)).toBe("end")
    expect(push.events.closed).toBe(true)
  })

  it("resolves when the observer was closed before, or is closed meanwhile", async () => {
    for (const closesBefore of [true, false]) {
      const { push } = await unsent({ linger: 50 })
      const { events } = push
      if (closesBefore) events.close()
      const closing = end(push)
      events.close()
      expect(await duration(closing)).toBeGreaterThanOrEqual(40)
    }
  })

  it("waits for a bind in progress, whether or not it succeeds", async () => {
    const socket = open(zmq.Dealer)
    await socket.bind(freeAddress("tcp"))
    for (const address of [freeAddress("tcp"), socket.lastEndpoint as string]) {
      const other = open(zmq.Dealer)
      const binding = other.bind(address).catch((error) => error.code)
      const closing = end(other)
      expect(other.closed).toBe(false)
      await closing
      expect(other.closed).toBe(true)
      expect(await binding).toBe(address.endsWith("*") ? undefined : "EADDRINUSE")
    }
  })

  it("resolves when a context that is terminated meanwhile has ended", async () => {
    const context = new zmq.Context()
    const { push } = await unsent({ context, linger: 100 })
    const closing = duration(end(push))
    await context.terminate()
    expect(await closing).toBeGreaterThanOrEqual(90)
  })

  it("resolves every call that waits", async () => {
    const { push } = await unsent({ linger: 50 })
    expect(Math.min(...(await Promise.all([end(push), end(push)].map(duration))))).toBeGreaterThanOrEqual(40)
    await end(push)
  })

  it("rejects if it cannot watch for the end, and closes anyway", async () => {
    const context = new zmq.Context({ maxSockets: 1 })
    const socket = open(zmq.Push, { context })
    socket.connect(nobody)
    const closing = end(socket)
    expect(socket.closed).toBe(true)
    expect((await failure(() => closing)).code).toBe("EMFILE")
    await eventually(() => new zmq.Push({ context }).close())
  })
})

describe("close({ wait: true })", () => {
  it("with linger 0 drops what was queued", async () => {
    const { push } = await unsent()
    await push.close({ linger: 0, wait: true })
  })

  it("resolves for a thread-safe socket", async () => {
    const [client, server] = [open(draft.Client, { linger: 100 }), open(draft.Server)]
    client.connect(nobody)
    await client.send("x")
    expect(await duration(client.close({ wait: true }))).toBeGreaterThanOrEqual(90)
    await server.bind(freeAddress("tcp"))
    const endpoint = server.lastEndpoint as string
    await server.close({ wait: true })
    open(draft.Server).bindSync(endpoint)
  })

  it("waits for peers over inproc if the socket also has other endpoints, but no longer than linger", async () => {
    const [dealer, peer] = [open(zmq.Dealer), open(zmq.Dealer)]
    await dealer.bind(freeAddress("tcp"))
    await join(dealer, peer, "inproc")
    await dealer.send("there")
    expect(await duration(dealer.close({ linger: 100, wait: true }))).toBeGreaterThanOrEqual(90)
  })

  it("does not wait for idle peers over inproc if the socket also has other endpoints", async () => {
    const [router, peers] = [open(zmq.Router), [open(zmq.Dealer), open(zmq.Push), open(zmq.Pull)]]
    await router.bind(freeAddress("tcp"))
    for (const peer of peers) await join(peer, router, "inproc")
    await router.close({ wait: true })
  })

  it("with wait: false is close", () => {
    expect(open(zmq.Push).close({ wait: false })).toBeUndefined()
  })

  it("resolves at once for a socket that was closed without it", async () => {
    const { push } = await unsent({ linger: 5000 })
    push.close()
    expect(await duration(push.close({ wait: true }))).toBeLessThan(1000)
  })

  it.each([
    ["a number", 1],
    ["null", null],
    ["text", "true"],
  ])("refuses %s for wait, and closes nothing", (_, wait) => {
    const socket = open(zmq.Push)
    expect(thrown(() => socket.close({ wait: wait as never })).message).toMatch(/^Expected wait to be a boolean, but/)
    expect(socket.closed).toBe(false)
  })

  it("waits for a proxy that has the socket", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push, { linger: 100 })]
    await pull.bind(freeAddress("tcp"))
    push.connect(nobody)
    const proxy = new zmq.Proxy(pull, push)
    const running = proxy.run()
    const source = open(zmq.Push)
    source.connect(pull.lastEndpoint ?? "")
    await source.send("x")
    await eventually(() => expect(proxy.statistics().backEnd.sent.messages).toBe(1))
    const closing = push.close({ wait: true })
    expect([push.closed, await isPending(closing)]).toEqual([false, true])
    proxy.terminate()
    expect(await duration(closing)).toBeGreaterThanOrEqual(90)
    await running
  })
})

describe("await using", () => {
  it("calls a close that a subclass has overridden", async () => {
    const closed: string[] = []
    class Noisy extends zmq.Push {
      override close(): void {
        closed.push("closed")
        super.close()
      }
    }
    const push = open(Noisy, { linger: 50 })
    push.connect(nobody)
    await push.send("x")
    expect(await duration(push[Symbol.asyncDispose]() as Promise<void>)).toBeGreaterThanOrEqual(40)
    expect(closed).toEqual(["closed"])
  })

  it("does not wait for a subclass that stays open", async () => {
    class Stubborn extends zmq.Push {
      override close(): void {}
    }
    const push = new Stubborn({ linger: 0 })
    await push[Symbol.asyncDispose]()
    expect(push.closed).toBe(false)
    zmq.Push.prototype.close.call(push)
  })

  it("of a Proxy waits for what its sockets have queued", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push, { linger: 100 })]
    const source = open(zmq.Push)
    await join(pull, source)
    push.connect(nobody)
    const proxy = new zmq.Proxy(pull, push)
    void proxy.run()
    await source.send("x")
    await eventually(() => expect(proxy.statistics().backEnd.sent.messages).toBe(1))
    expect(await duration(proxy[Symbol.asyncDispose]() as Promise<void>)).toBeGreaterThanOrEqual(90)
  })
})

describe("a process", () => {
  const setUp = `
    const push = new zmq.Push({ reconnectInterval: 5 })
    push.connect("ipc://@${randomUUID()}-" + process.pid)
    await push.send("x")`

  it("stays alive while it waits for a socket, although nothing refers to the socket", async () => {
    const { status, stdout } = await runProgram(`
      const closing = (async () => { ${setUp}; return push.close({ linger: 300, wait: true }) })()
      const collecting = setInterval(gc, 5).unref()
      const started = performance.now()
      await closing
      console.log(performance.now() - started > 290)`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: "true\n" })
  })

  it("ends if the socket was unref'd", async () => {
    const { status, stderr } = await runProgram(`
      ${setUp}
      push.unref().close({ linger: 300, wait: true }).then(() => { throw new Error("waited") })`)
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })

  it("can exit meanwhile", async () => {
    const { status, duration } = await runProgram(`
      ${setUp}
      push.close({ linger: 200, wait: true })
      process.exit(3)`)
    expect(status).toBe(3)
    expect(duration).toBeLessThan(10_000)
  })

  it.each([
    ["ends", "worker.postMessage('end'); await event(worker, 'exit')"],
    ["is terminated", "await worker.terminate()"],
  ])("is sound when a worker that waits %s", async (_, main) => {
    const { status, stdout, stderr } = await runProgram(`
      const source = ${JSON.stringify(`
        const zmq = require("ohmq")
        const { parentPort } = require("node:worker_threads")
        const sockets = Array.from({ length: 20 }, () => new zmq.Push({ linger: 300 }))
        for (const socket of sockets) { socket.connect("${nobody}"); socket.trySend("x") }
        Promise.all(sockets.map((socket) => socket.close({ wait: true }))).then(() => parentPort.postMessage("gone"))
        parentPort.once("message", () => {})
        parentPort.postMessage("ready")`)}
      const event = (worker, name) => new Promise((resolve) => worker.once(name, resolve))
      for (let round = 0; round < 5; round++) {
        const worker = new threads.Worker(source, { eval: true, execArgv: [] })
        await event(worker, "message")
        ${main}
      }
      console.log("done")`)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "done\n", stderr: "" })
  })
})
