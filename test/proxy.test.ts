import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "./support/process.js"
import { eventually, failure, freeAddress, join, open, texts, thrown, transports } from "./support/sockets.js"

async function broker<F extends zmq.Socket, B extends zmq.Socket>(
  front: F,
  back: B,
  transport: "tcp" | "ipc" | "inproc" = "tcp",
  options?: zmq.ProxyOptions,
) {
  const proxy = new zmq.Proxy(front, back, options)
  await front.bind(freeAddress(transport))
  await back.bind(freeAddress(transport))
  const endpoints = { front: front.lastEndpoint as string, back: back.lastEndpoint as string }
  return { proxy, endpoints, done: proxy.run() }
}

describe.each(transports)("Proxy over %s", (transport) => {
  it("carries a pipeline whole and in order, however slow its end", async () => {
    const pull = open(zmq.Pull, { receiveHighWaterMark: 10 })
    const push = open(zmq.Push, { sendHighWaterMark: 10 })
    const { proxy, endpoints, done } = await broker(pull, push, transport)
    const source = open(zmq.Push, { sendHighWaterMark: 10 })
    const sink = open(zmq.Pull, { receiveHighWaterMark: 10 })
    source.connect(endpoints.front)
    sink.connect(endpoints.back)
    const messages = Array.from({ length: 3000 }, (_, index) => [String(index), "x".repeat(index % 2000)])
    const sent = source.sendMany(messages)
    for (const [index, message] of messages.entries()) {
      if (index % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      expect(texts(await sink.receive())).toEqual(message)
    }
    await sent
    proxy.terminate()
    await done
    expect(proxy.statistics().frontEnd.received.messages).toBe(3000)
    expect(proxy.statistics().backEnd.sent.messages).toBe(3000)
  })
})

describe("Proxy", () => {
  async function pipeline(options?: zmq.ProxyOptions) {
    const started = await broker(open(zmq.Pull), open(zmq.Push), "tcp", options)
    const source = open(zmq.Push)
    const sink = open(zmq.Pull)
    source.connect(started.endpoints.front)
    sink.connect(started.endpoints.back)
    return { ...started, source, sink }
  }

  it("keeps others from its sockets while it runs", async () => {
    const { proxy, done } = await broker(open(zmq.Router), open(zmq.Dealer))
    expect(thrown(() => proxy.backEnd.send("x"))).toMatchObject({
      code: "EBUSY",
      message: "Socket belongs to a running proxy",
    })
    expect(thrown(() => proxy.frontEnd.receive())).toMatchObject({ code: "EBUSY" })
    expect(await failure(() => proxy.run())).toMatchObject({ code: "EBUSY" })
    proxy.frontEnd.close()
    expect(proxy.frontEnd.closed).toBe(false)
    proxy.terminate()
    await done
    expect(proxy.frontEnd.closed).toBe(true)
  })

  it("is ended by a signal", async () => {
    const proxy = new zmq.Proxy(open(zmq.Pull), open(zmq.Push))
    await proxy.frontEnd.bind(freeAddress("tcp"))
    await proxy.backEnd.bind(freeAddress("tcp"))
    const controller = new AbortController()
    const done = proxy.run({ signal: controller.signal })
    setTimeout(() => controller.abort(), 10)
    await done
    expect(proxy.frontEnd.closed).toBe(true)
  })

  it("copies everything to a capture socket", async () => {
    const capture = open(zmq.Push)
    await capture.bind(freeAddress("tcp"))
    const witness = open(zmq.Pull)
    witness.connect(capture.lastEndpoint as string)
    const { proxy, done, source, sink } = await pipeline({ capture })
    await source.sendMany(["a", ["b", "c"]])
    expect([texts(await sink.receive()), texts(await sink.receive())]).toEqual([["a"], ["b", "c"]])
    expect([texts(await witness.receive()), texts(await witness.receive())]).toEqual([["a"], ["b", "c"]])
    proxy.terminate()
    await done
    expect(capture.closed).toBe(true)
  })

  it("counts what it carries", async () => {
    const none = { received: { messages: 0, bytes: 0 }, sent: { messages: 0, bytes: 0 } }
    expect(new zmq.Proxy(open(zmq.Pull), open(zmq.Push)).statistics()).toEqual({ frontEnd: none, backEnd: none })
    const { proxy, done, source, sink } = await pipeline()
    expect(proxy.statistics().frontEnd.received).toEqual({ messages: 0, bytes: 0 })
    await source.send(["12345", "67"])
    await sink.receive()
    await eventually(() => expect(proxy.statistics().backEnd.sent.messages).toBe(1))
    expect(proxy.statistics()).toEqual({
      frontEnd: { received: { messages: 1, bytes: 7 }, sent: { messages: 0, bytes: 0 } },
      backEnd: { received: { messages: 0, bytes: 0 }, sent: { messages: 1, bytes: 7 } },
    })
    proxy.terminate()
    await done
  })

  it.each(["front", "back"])("forwards what its %s end fetched ahead before it began", async (end) => {
    const pull = open(zmq.Pull)
    await pull.bind(freeAddress("inproc"))
    const source = open(zmq.Push)
    source.connect(pull.lastEndpoint as string)
    const numbers = Array.from({ length: 500 }, (_, index) => String(index))
    await source.sendMany(numbers)
    const got: string[] = []
    for await (const [part] of pull) {
      got.push(String(part))
      if (got.length === 40) break
    }
    const push = open(zmq.Push)
    const sink = open(zmq.Pull)
    await sink.bind(freeAddress("inproc"))
    push.connect(sink.lastEndpoint as string)
    const proxy = end === "front" ? new zmq.Proxy(pull, push) : new zmq.Proxy(push, pull)
    const done = proxy.run()
    while (got.length < 500) got.push(...texts(await sink.receive()))
    expect(got).toEqual(numbers)
    proxy.terminate()
    await done
  })

  it("keeps what a peer of a Router has no room for", async () => {
    const router = open(zmq.Router, { mandatory: true, sendHighWaterMark: 1 })
    const { proxy, done, endpoints } = await broker(open(zmq.Pull), router, "inproc")
    const slow = open(zmq.Dealer, { routingId: "slow", receiveHighWaterMark: 1 })
    slow.connect(endpoints.back)
    // For it there is room, so the Router counts as writable.
    open(zmq.Dealer, { routingId: "idle" }).connect(endpoints.back)
    const push = open(zmq.Push)
    push.connect(endpoints.front)
    const count = 500
    await push.sendMany(Array.from({ length: count }, (_, index) => ["slow", String(index)]))
    await eventually(() => expect(proxy.statistics().frontEnd.received.messages).toBeGreaterThan(1))
    for (let index = 0; index < count; index += 1) expect(texts(await slow.receive())).toEqual([String(index)])
    await eventually(() => expect(proxy.statistics().backEnd.sent.messages).toBe(count))
    proxy.terminate()
    await done
  })

  it("drops what has nowhere to go", async () => {
    const { proxy, endpoints, done } = await broker(open(zmq.Router, { mandatory: true }), open(zmq.Dealer))
    const worker = open(zmq.Dealer)
    worker.connect(endpoints.back)
    await worker.send(["nobody", "lost"])
    const client = open(zmq.Dealer)
    client.connect(endpoints.front)
    await client.send("hello")
    const [name, text] = await worker.receive()
    expect(String(text)).toBe("hello")
    await worker.send([name as Buffer, "answer"])
    expect(texts(await client.receive())).toEqual(["answer"])
    proxy.terminate()
    await done
  })
})

describe("running proxies", () => {
  it("can be two dozen, and leave libuv's threads alone", async () => {
    const { status, stdout, stderr } = await runProgram(
      `
      import { readFile } from "node:fs/promises"
      const proxies = []
      for (let index = 0; index < 24; index += 1) {
        const proxy = new zmq.Proxy(new zmq.Router(), new zmq.Dealer())
        await proxy.frontEnd.bind("inproc://front" + index)
        await proxy.backEnd.bind("inproc://back" + index)
        proxies.push([proxy, proxy.run()])
      }
      await readFile(process.execPath, { length: 1 })
      for (let index = 0; index < 24; index += 1) {
        const request = new zmq.Request(), reply = new zmq.Reply()
        request.connect("inproc://front" + index)
        reply.connect("inproc://back" + index)
        await request.send("q"); await reply.receive(); await reply.send("a"); await request.receive()
      }
      for (const [proxy] of proxies) proxy.terminate()
      await Promise.all(proxies.map(([, done]) => done))
      console.log("done")`,
    )
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "done\n", stderr: "" })
  })

  const running = `
    const proxy = new zmq.Proxy(new zmq.Router(), new zmq.Dealer())
    await proxy.frontEnd.bind("tcp://127.0.0.1:*")
    await proxy.backEnd.bind("tcp://127.0.0.1:*")
    proxy.run()
  `

  it("let process.exit() exit", async () => {
    const { status, stderr } = await runProgram(`${running}; setTimeout(() => process.exit(4), 50)`)
    expect({ status, stderr }).toEqual({ status: 4, stderr: "" })
  })

  it("let their worker end", async () => {
    const { status, stdout, stderr } = await runProgram(
      `
      const source = \`(async () => {
        const zmq = require("ohmq")
        const { parentPort } = require("node:worker_threads")
        ${running}
        parentPort.postMessage("runs")
      })()\`
      for (let round = 0; round < 5; round += 1) {
        const worker = new threads.Worker(source, { eval: true, execArgv: [] })
        await new Promise((resolve) => worker.once("message", resolve))
        await worker.terminate()
      }
      console.log("done")`,
    )
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "done\n", stderr: "" })
  })
})

describe("a socket that a proxy has", () => {
  it("is refused to a second proxy, and left alone by it", async () => {
    const front = open(zmq.Router)
    const { proxy, endpoints, done } = await broker(front, open(zmq.Dealer))
    const other = open(zmq.Dealer)
    await other.bind(freeAddress("tcp"))
    expect(await failure(() => new zmq.Proxy(front, other).run())).toMatchObject({ code: "EBUSY" })
    expect(other.closed).toBe(false)
    const [request, reply] = [open(zmq.Request), open(zmq.Reply)]
    request.connect(endpoints.front)
    reply.connect(endpoints.back)
    await request.send("still carried")
    expect(texts(await reply.receive())).toEqual(["still carried"])
    proxy.terminate()
    await done
  })

  it("is not closed by a proxy that could not start because of a bind in progress", async () => {
    const a = open(zmq.Pull)
    await a.bind(freeAddress("tcp"))
    const b = open(zmq.Push)
    await b.bind(freeAddress("tcp"))
    const binding = a.bind(freeAddress("tcp"))
    expect(await failure(() => new zmq.Proxy(a, b).run())).toMatchObject({ code: "EBUSY" })
    await binding
    expect([a.closed, b.closed]).toEqual([false, false])
  })

  it("is refused while a receive waits on it, and the receive still works", async () => {
    const a = open(zmq.Pull)
    await a.bind(freeAddress("tcp"))
    const b = open(zmq.Push)
    await b.bind(freeAddress("tcp"))
    const received = a.receive()
    expect(await failure(() => new zmq.Proxy(a, b).run())).toMatchObject({ code: "EBUSY" })
    const push = open(zmq.Push)
    push.connect(a.lastEndpoint as string)
    await push.send("x")
    expect(texts(await received)).toEqual(["x"])
  })

  it("refuses options, but reports its endpoint", async () => {
    const { proxy, endpoints, done } = await broker(open(zmq.XSubscriber), open(zmq.XPublisher))
    expect(proxy.frontEnd.lastEndpoint).toBe(endpoints.front)
    expect(thrown(() => proxy.frontEnd.linger)).toMatchObject({ code: "EBUSY" })
    expect(
      thrown(() => {
        proxy.backEnd.verbosity = "allSubs"
      }),
    ).toMatchObject({ code: "EBUSY" })
    proxy.terminate()
    await done
  })
})

describe("a message that a proxy cannot deliver", () => {
  it("is dropped whole: no part of it goes to somebody else", async () => {
    const { proxy, endpoints, done } = await broker(open(zmq.Router, { mandatory: true }), open(zmq.Dealer))
    const worker = open(zmq.Dealer)
    worker.connect(endpoints.back)
    const bystander = open(zmq.Dealer, { routingId: "B" })
    bystander.connect(endpoints.front)
    await bystander.send("hello")
    await worker.receive()
    await worker.send(["gone", "B", "secret"])
    await worker.send(["B", "for B"])
    expect(texts(await bystander.receive())).toEqual(["for B"])
    proxy.terminate()
    await done
  })
})

describe("Proxy.run", () => {
  it("closes its sockets, and forwards nothing, for a signal that was aborted before", async () => {
    const [front, back, source, sink] = [open(zmq.Pull), open(zmq.Push), open(zmq.Push), open(zmq.Pull)]
    await join(front, source, "inproc")
    await join(back, sink, "inproc")
    await source.send("x")
    const proxy = new zmq.Proxy(front, back)
    await proxy.run({ signal: AbortSignal.abort() })
    expect([front.closed, back.closed]).toEqual([true, true])
    expect(sink.tryReceive()).toBe(undefined)
    expect(thrown(() => proxy.terminate())).toMatchObject({ code: "EBADF" })
  })

  it("can be ended while it hands on what was fetched ahead to nobody", async () => {
    const pull = open(zmq.Pull)
    await pull.bind(freeAddress("inproc"))
    const source = open(zmq.Push)
    source.connect(pull.lastEndpoint as string)
    await source.sendMany(Array.from({ length: 100 }, (_, index) => String(index)))
    let taken = 0
    for await (const _ of pull) {
      taken += 1
      if (taken === 20) break
    }
    const push = open(zmq.Push)
    await push.bind(freeAddress("tcp"))
    const proxy = new zmq.Proxy(pull, push)
    const done = proxy.run()
    setTimeout(() => proxy.terminate(), 10)
    await done
  })

  it("survives any number of commands, and the end of its worker after them", async () => {
    const { status, stdout, stderr } = await runProgram(
      `
      const source = \`
        const zmq = require("ohmq")
        const [a, b] = [new zmq.Pull(), new zmq.Push({ linger: 0 })]
        // Names of its own: libzmq frees those of the worker before on a thread of its own, some time after the worker has ended.
        const { threadId } = require("node:worker_threads")
        a.bindSync("inproc://a" + threadId); b.bindSync("inproc://b" + threadId)
        const proxy = new zmq.Proxy(a, b)
        proxy.run()
        for (let count = 0; count < 5000; count += 1) proxy.pause()
        require("node:worker_threads").parentPort.postMessage("ready")\`
      for (let count = 0; count < 20; count += 1) {
        const worker = new threads.Worker(source, { eval: true, execArgv: [] })
        await new Promise((resolve) => worker.once("message", resolve))
        await worker.terminate()
      }
      console.log("ended")`,
    )
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "ended\n", stderr: "" })
  })
})

describe("dispose", () => {
  it("ends a proxy that runs, and closes its sockets", async () => {
    const { proxy, done } = await broker(open(zmq.Router), open(zmq.Dealer))
    proxy[Symbol.dispose]()
    await done
    expect([proxy.frontEnd.closed, proxy.backEnd.closed]).toEqual([true, true])
    proxy[Symbol.dispose]()
  })

  it("closes the sockets of one that never ran", async () => {
    const [front, back, capture] = [open(zmq.Router), open(zmq.Dealer), open(zmq.Push)]
    {
      using proxy = new zmq.Proxy(front, back, { capture })
      expect(proxy.frontEnd.closed).toBe(false)
    }
    expect([front, back, capture].map(({ closed }) => closed)).toEqual([true, true, true])
  })

  it("waits, asynchronously, until it has ended", async () => {
    const { proxy } = await broker(open(zmq.Router), open(zmq.Dealer))
    await proxy[Symbol.asyncDispose]()
    expect([proxy.frontEnd.closed, proxy.backEnd.closed]).toEqual([true, true])
    await proxy[Symbol.asyncDispose]()
  })

  it("does not fail, asynchronously, with the proxy", async () => {
    const context = new zmq.Context()
    const { proxy, done } = await broker(open(zmq.Router, { context }), open(zmq.Dealer, { context }))
    const ended = failure(() => done.then(() => Promise.reject(new Error("ended"))))
    await Promise.all([context.terminate({ linger: 0 }), proxy[Symbol.asyncDispose]()])
    expect((await ended).message).toBe("ended")
  })
})
