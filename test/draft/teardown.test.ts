// Draft sockets at the end of their process or worker, with operations in progress.

import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"

const prelude = `
  const draft = require("ohmq/draft")
  const { Server, Client, Radio, Dish, Gather, Scatter, Datagram, Peer, Channel } = draft;
`

const everything = `
  for (const Type of [Server, Client, Dish, Gather, Datagram, Peer, Channel]) new Type().receive().catch(() => {})
  for (const Type of [Client, Scatter, Channel]) new Type().send("x").catch(() => {})
  new Datagram().send(["127.0.0.1:9", "x"]).catch(() => {})
  const server = new Server({ linger: 0 }), client = new Client({ linger: 0 })
  server.bindSync("tcp://127.0.0.1:*"); client.connect(server.lastEndpoint)
  // A client that is collected is a peer that the server does not know any more.
  globalThis.kept = client
  client.send("x"); server.receive().then(([, options]) => { server.receive(); for (let i = 0; i < 5000; i++) server.trySend("y", options) })
`

const loops: Record<string, string> = {
  "a receive on each type": everything,
  "a loop": `const s = new Gather(); s.bindSync("tcp://127.0.0.1:*"); (async () => { for await (const _ of s); })()`,
  "a bind": `for (const Type of [Server, Peer, Gather]) new Type().bind("tcp://127.0.0.1:*")`,
  "a saturated pair": `
    const a = new Scatter(), b = new Gather(), name = "inproc://s" + (globalThis.id ?? 0)
    a.bindSync(name); b.connect(name)
    ;(async () => { for (;;) await a.send("x") })()
    ;(async () => { for (;;) await b.receive() })()`,
  "large messages on their way": `
    const a = new Server(), b = new Peer({ linger: 0 })
    const c = new Channel({ linger: 0 }), d = new Channel()
    d.bindSync("tcp://127.0.0.1:*"); c.connect(d.lastEndpoint)
    for (let i = 0; i < 50; i++) c.send(Buffer.alloc(100000)).catch(() => {}), d.tryReceive()`,
}

const program = (source: string) => `
  import { createRequire } from "node:module"
  const require = createRequire(process.cwd() + "/x.js")
  ${prelude} ${source}
`

const run = (source: string) => runProgram(source, { args: ["--no-warnings"], timeout: 18_000 })

describe.each(Object.entries(loops))("with %s in progress", (_, source) => {
  it("process.exit() ends the process with status 0", async () => {
    const { status, stderr } = await run(program(`${source}; setTimeout(() => process.exit(0), 30)`))
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })

  it("worker.terminate() leaves the process sound", async () => {
    const worker = `${prelude} globalThis.id = require("node:worker_threads").threadId; ${source}
      setTimeout(() => require("node:worker_threads").parentPort.postMessage("ready"), 5)`
    const { status, stdout, stderr } = await run(
      program(`
        const { Worker } = await import("node:worker_threads")
        for (let index = 0; index < 8; index++) {
          const worker = new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: ["--no-warnings"] })
          await new Promise((resolve, reject) => { worker.once("message", resolve); worker.once("error", reject) })
          await worker.terminate()
        }
        const a = new Channel(), b = new Channel()
        a.bindSync("inproc://after"); b.connect("inproc://after")
        await a.send("sound")
        console.log(String((await b.receive())[0]))`),
    )
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "sound\n", stderr: "" })
  })
})

describe("the process", () => {
  it("ends by itself with sockets that are left, closed or collected", async () => {
    const { status, stderr } = await run(
      program(`
        for (const Type of [Server, Client, Radio, Dish, Gather, Scatter, Datagram, Peer, Channel]) {
          new Type().close()
          for (let index = 0; index < 20; index++) new Type()
        }
        gc(); await sleep(10); gc()
        const left = new Server(); left.bindSync("tcp://127.0.0.1:*")
        const unref = new Client(); unref.unref(); unref.receive()`),
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })

  it("stays alive while a receive waits on a socket that nobody holds", async () => {
    const { status, stdout } = await run(
      program(`
        (() => { new Gather().receive() })()
        setTimeout(() => { gc(); setTimeout(() => { console.log("alive"); process.exit(0) }, 100).unref() }, 100).unref()`),
    )
    expect({ status, stdout }).toEqual({ status: 0, stdout: "alive\n" })
  })

  it("does not run out of descriptors with sockets that are closed", async () => {
    const { status, stdout } = await run(
      program(`
        const { readdirSync } = await import("node:fs")
        const count = () => (process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0)
        new Server().close()
        await sleep(50)
        const before = count()
        for (let index = 0; index < 300; index++) { const s = new Server(); s.receive().catch(() => {}); s.close() }
        for (let tries = 0; count() > before + 5 && tries < 100; tries++) await sleep(20)
        console.log(count() <= before + 5)`),
    )
    expect({ status, stdout }).toEqual({ status: 0, stdout: "true\n" })
  })

  it("lets a context end under a waiting operation of each type", async () => {
    const { status, stdout } = await run(
      program(`
        const context = new zmq.Context()
        const codes = new Set()
        for (const Type of [Server, Client, Dish, Gather, Peer, Channel]) {
          const socket = new Type({ context })
          const waiting = socket.receive().catch(({ code }) => codes.add(code))
          socket.close()
          await waiting
        }
        console.log([...codes].join())`),
    )
    expect({ status, stdout }).toEqual({ status: 0, stdout: "EAGAIN\n" })
  })
})
