import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { failure, freeAddress, open, texts, thrown } from "../support/sockets.js"

describe("context.terminate()", () => {
  it("closes the sockets of the context, and no others", async () => {
    const context = new zmq.Context()
    const sockets = [new zmq.Pull({ context }), new zmq.Push({ context }), new zmq.Router({ context })]
    const other = open(zmq.Pull)
    await context.terminate()
    expect(sockets.map((socket) => socket.closed)).toEqual([true, true, true])
    expect(other.closed).toBe(false)
  })

  it("ends waiting operations, as close does", async () => {
    const context = new zmq.Context()
    const pull = new zmq.Pull({ context })
    const push = new zmq.Push({ context })
    const receiving = failure(() => pull.receive())
    const sending = failure(() => push.send("x"))
    const iterating = (async () => {
      for await (const _ of new zmq.Subscriber({ context })) throw new Error("a message")
    })()
    await context.terminate()
    expect(await receiving).toMatchObject({ code: "EAGAIN" })
    expect(await sending).toMatchObject({ code: "EAGAIN" })
    await iterating
  })

  it("resolves when all queued messages are sent", async () => {
    const context = new zmq.Context()
    const pull = open(zmq.Pull)
    await pull.bind("tcp://127.0.0.1:*")
    const push = new zmq.Push({ context })
    push.connect(pull.lastEndpoint as string)
    const messages = Array.from({ length: 500 }, (_, index) => String(index))
    await push.sendMany(messages)
    await context.terminate()
    const got: string[] = []
    while (got.length < 500) got.push(...(await pull.receiveMany()).map((message) => texts(message).join()))
    expect(got).toEqual(messages)
  })

  it("discards what cannot be sent when linger has passed", async () => {
    const context = new zmq.Context()
    const push = new zmq.Push({ context })
    push.connect("tcp://127.0.0.1:9")
    await push.send("nobody will take it")
    const started = performance.now()
    await context.terminate({ linger: 50 })
    expect(performance.now() - started).toBeLessThan(5000)
    expect(performance.now() - started).toBeGreaterThan(45)
  })

  it("waits for a bind in progress, and closes its socket with linger", async () => {
    const context = new zmq.Context()
    const router = new zmq.Router({ context })
    const binding = router.bind("tcp://127.0.0.1:*").catch((error) => error)
    await context.terminate({ linger: 0 })
    await binding
    expect(router.closed).toBe(true)
  })

  it("ends a running proxy, and closes its sockets with linger, at any moment", async () => {
    for (let count = 0; count < 100; count += 1) {
      const context = new zmq.Context()
      const front = new zmq.Router({ context })
      const back = new zmq.Dealer({ context })
      await front.bind(freeAddress("inproc"))
      back.connect("tcp://127.0.0.1:9")
      if (count % 2 === 0) await back.send("nobody will take it")
      const running = new zmq.Proxy(front, back).run()
      if (count % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
      await context.terminate({ linger: 0 })
      await running
      expect([front.closed, back.closed]).toEqual([true, true])
    }
  })

  it("works if the proxy is terminated at the same time, or was ended by another context", async () => {
    const contexts = [new zmq.Context(), new zmq.Context()] as const
    const front = new zmq.Router({ context: contexts[0] })
    const back = new zmq.Dealer({ context: contexts[1] })
    await front.bind(freeAddress("inproc"))
    await back.bind(freeAddress("inproc"))
    const proxy = new zmq.Proxy(front, back)
    const running = proxy.run()
    proxy.terminate()
    await Promise.all([...contexts.map((context) => context.terminate({ linger: 0 })), running])
    expect([front.closed, back.closed]).toEqual([true, true])
  })

  it("ends observers", async () => {
    const context = new zmq.Context()
    const pull = new zmq.Pull({ context })
    const types: string[] = []
    const watching = (async () => {
      for await (const { type } of pull.events) types.push(type)
    })()
    await pull.bind("tcp://127.0.0.1:*")
    await context.terminate()
    await watching
    expect(types).toContain("bind")
    expect(pull.events.closed).toBe(true)
  })

  it("returns the same promise the second time, and leaves a context on which nothing can be created", async () => {
    const context = new zmq.Context() as zmq.Context & { getInt32Option(id: number): number }
    expect(context.terminated).toBe(false)
    const first = context.terminate()
    expect(context.terminated).toBe(true)
    expect(context.terminate()).toBe(first)
    await first
    const ended = { code: "ETERM", message: "Context was terminated" }
    expect(thrown(() => new zmq.Pull({ context }))).toMatchObject(ended)
    expect(thrown(() => context.ioThreads)).toMatchObject(ended)
    expect(thrown(() => context.native)).toMatchObject(ended)
    expect(
      thrown(() => {
        context.maxSockets = 2
      }),
    ).toMatchObject(ended)
    expect(thrown(() => context.getInt32Option(1))).toMatchObject(ended)
  })

  it("happens at the end of `await using`", async () => {
    let pull: zmq.Pull
    {
      await using context = new zmq.Context()
      pull = new zmq.Pull({ context })
    }
    expect(pull.closed).toBe(true)
  })

  it("does not wait for a native handle that nobody has retained", async () => {
    const context = new zmq.Context()
    const kept = context.native
    await context.terminate()
    expect(kept).toBeDefined()
  })

  it("refuses the default context", () => {
    expect(thrown(() => zmq.context.terminate())).toMatchObject({ code: "EPERM" })
    expect(zmq.context.terminated).toBe(false)
  })

  it.each([null, 1, { linger: "1" }, { linger: -2 }, { linger: 1.5 }, { linger: NaN }, { lingr: 1 }])(
    "refuses %j",
    async (options) => {
      const context = new zmq.Context()
      expect(thrown(() => context.terminate(options as never))).toBeInstanceOf(TypeError)
      await context.terminate()
    },
  )

  it("frees threads and descriptors, and keeps the process alive until it is done", async () => {
    const { status, stdout, stderr } = await runProgram(`
      import { readdirSync } from "node:fs"
      const count = () => [readdirSync("/proc/self/task").length, readdirSync("/proc/self/fd").length]
      const round = async () => {
        const context = new zmq.Context()
        const pull = new zmq.Pull({ context }), push = new zmq.Push({ context })
        await pull.bind("tcp://127.0.0.1:*")
        push.connect(pull.lastEndpoint)
        await push.send("x")
        await pull.receive()
        await context.terminate()
        // The thread that has ended the context ends itself after that.
        await sleep(20)
      }
      await round()
      const before = count()
      for (let done = 0; done < 20; done += 1) await round()
      console.log(JSON.stringify(before) === JSON.stringify(count()), "ended")`)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "true ended\n", stderr: "" })
  })

  it("may be in progress when the process, or its worker, ends", async () => {
    const source = `
      const zmq = require("ohmq")
      const context = new zmq.Context()
      const push = new zmq.Push({ context, linger: 300 })
      push.connect("tcp://127.0.0.1:9")
      push.send("never").then(() => { context.terminate(); process.exit(0) })`
    const { status, stderr } = await runProgram(`
      const source = ${JSON.stringify(source)}
      await Promise.all([1, 2, 3].map(() => new Promise((done) => new threads.Worker(source, { eval: true, execArgv: [] }).on("exit", done))))
      const context = new zmq.Context()
      const push = new zmq.Push({ context, linger: 300 })
      push.connect("tcp://127.0.0.1:9")
      await push.send("never")
      context.terminate()
      process.exit(0)`)
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })
})
