import { randomUUID } from "node:crypto"

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"
import { runProgram } from "../support/process.js"
import type { Holder } from "../support/socket-classes.js"
import { failure, open, texts } from "../support/sockets.js"

const newContext = (given?: object) => new zmq.Context(given) as zmq.Context & Holder

describe("The default context", () => {
  it("is the same for all threads, options included", async () => {
    const { status, stdout, stderr } = await runProgram(`
      zmq.context.ioThreads = 2
      const source = 'const zmq = require("ohmq"); zmq.context.maxSockets = 77; console.log(zmq.context.ioThreads)'
      const worker = new threads.Worker(source, { eval: true, execArgv: [] })
      worker.on("exit", () => console.log(zmq.context.maxSockets))`)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "2\n77\n", stderr: "" })
  })
})

describe("Context.equals", () => {
  it("is true for the same context only", () => {
    const context = newContext()
    expect([context.equals(context), context.equals(newContext()), context.equals(zmq.context)]).toEqual([
      true,
      false,
      false,
    ])
    expect(() => context.equals({} as never)).toThrow(/^Expected other to be a Context/)
  })
})

describe("new Context()", () => {
  it("makes a context separate from the default one", () => {
    const context = newContext({ maxSockets: 5 })
    expect(context).toBeInstanceOf(zmq.Context)
    expect(context).not.toBe(zmq.context)
    expect(zmq.context.maxSockets).toBe(1023)
    expect(open(zmq.Pair, { context }).context).toBe(context)
  })

  it("takes several options", () => {
    expect(newContext({ ioThreads: 3, blocky: false, ipv6: true })).toMatchObject({
      ioThreads: 3,
      blocky: false,
      ipv6: true,
    })
  })

  it("refuses an unknown option and names the one that is spelt most like it", () => {
    expect(() => newContext({ ioThread: 1 })).toThrow(
      new TypeError('Cannot add property ioThread, object is not extensible. Did you mean "ioThreads"?'),
    )
    expect(() => newContext({ linger: 1 })).toThrow(
      new TypeError("Cannot add property linger, object is not extensible"),
    )
  })
})

describe("Sockets over inproc", () => {
  it("connect within one context, in either order", async () => {
    const context = newContext()
    const address = `inproc://${randomUUID()}`
    const push = open(zmq.Push, { context })
    push.connect(address)
    const sent = push.send("early")
    const pull = open(zmq.Pull, { context })
    await pull.bind(address)
    await sent
    expect(texts(await pull.receive())).toEqual(["early"])
  })

  it("do not connect across contexts", async () => {
    const address = `inproc://${randomUUID()}`
    const [first, second] = [newContext(), newContext()]
    const pulls = [open(zmq.Pull, { context: first }), open(zmq.Pull, { context: second }), open(zmq.Pull)]
    // The same name three times: it is another endpoint in each context.
    for (const pull of pulls) pull.bindSync(address)
    for (const context of [first, second, zmq.context]) {
      const push = open(zmq.Push, { context })
      push.connect(address)
      await push.send(String([first, second, zmq.context].indexOf(context)))
    }
    for (const [index, pull] of pulls.entries()) {
      expect(texts(await pull.receive())).toEqual([String(index)])
      expect(await failure(() => pull.receive({ timeout: 0 }))).toMatchObject({ code: "EAGAIN" })
    }
  })
})
