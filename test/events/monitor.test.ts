// The monitor behind an observer: it blocks nobody and leaves nothing behind.

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { freeAddress, open } from "../support/sockets.js"

describe("a monitor", () => {
  it("that nobody reads, or that is closed, blocks nobody", async () => {
    const { status, stdout, stderr } = await runProgram(
      `
      const server = new zmq.Router()
      server.events
      const closed = new zmq.Router()
      closed.events.close()
      await server.bind("tcp://127.0.0.1:*")
      await closed.bind("tcp://127.0.0.1:*")
      let answers = 0
      for (let round = 0; round < 700; round += 1) {
        for (const target of [server, closed]) {
          const client = new zmq.Dealer({ linger: 0 })
          client.connect(target.lastEndpoint)
          await client.send("hello")
          await target.receive()
          answers += 1
          client.close()
        }
      }
      console.log(answers)
      server.close()
      closed.close()`,
      { timeout: 30_000 },
    )
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "1400\n", stderr: "" })
  })

  it("leaves no descriptor behind, even after a thousand observers", async () => {
    const { status, stdout, stderr } = await runProgram(
      `
      import { readdirSync } from "node:fs"
      const count = () => readdirSync("/proc/self/fd").length
      const use = async () => {
        const sockets = Array.from({ length: 50 }, () => new zmq.Pull())
        const ends = sockets.map((socket) => socket.events.waitFor("end").catch(() => {}))
        for (const [index, socket] of sockets.entries()) index % 2 ? socket.close() : socket.events.close()
        for (const socket of sockets) socket.close()
        await Promise.all(ends)
      }
      await use()
      const before = count()
      for (let round = 0; round < 20; round += 1) await use()
      for (let wait = 0; wait < 100 && count() > before; wait += 1) await sleep(20)
      console.log(count() - before)`,
      { timeout: 30_000 },
    )
    expect({ status, stderr, left: Number(stdout) <= 2 }).toEqual({ status: 0, stderr: "", left: true })
  })

  it("keeps the process alive while it is read, and not otherwise", async () => {
    const idle = await runProgram(
      `const s = new zmq.Pull(); s.events; s.bindSync("tcp://127.0.0.1:*"); await sleep(50)`,
    )
    expect({ status: idle.status, stderr: idle.stderr }).toEqual({ status: 0, stderr: "" })
    for (const use of ["s.events.receive()", `s.events.on("bind", () => {})`, `s.events.waitFor("accept")`]) {
      const read = await runProgram(
        `const s = new zmq.Pull(); ${use}; setTimeout(() => { console.log("alive"); process.exit(0) }, 300).unref()`,
      )
      expect({ status: read.status, stdout: read.stdout }).toEqual({ status: 0, stdout: "alive\n" })
    }
  })

  it("does not delay the end of a worker, or anything after it", async () => {
    const { status, stdout, stderr } = await runProgram(
      `
      const source = \`
        const zmq = require("ohmq")
        const { parentPort } = require("node:worker_threads")
        const sockets = Array.from({ length: 5 }, () => new zmq.Router())
        for (const [index, socket] of sockets.entries()) {
          if (index % 2) socket.events.receive(); else socket.events
          socket.bindSync("tcp://127.0.0.1:*")
        }
        sockets[4].close()
        parentPort.postMessage(sockets[0].lastEndpoint)\`
      for (let round = 0; round < 10; round += 1) {
        const worker = new threads.Worker(source, { eval: true, execArgv: [] })
        await new Promise((resolve) => worker.once("message", resolve))
        await worker.terminate()
      }
      const a = new zmq.Pair(), b = new zmq.Pair()
      await a.bind("tcp://127.0.0.1:*")
      b.connect(a.lastEndpoint)
      await b.send("still here")
      console.log(String(await a.receive()))`,
      { timeout: 30_000 },
    )
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "still here\n", stderr: "" })
  })
})

describe("closing an observer", () => {
  it("after its socket does nothing", () => {
    const socket = open(zmq.Pull)
    const { events } = socket
    socket.close()
    events.close()
    expect(events.closed).toBe(true)
  })

  it("whose socket was collected while it lingers blocks no other socket", async () => {
    const { status, stdout, stderr } = await runProgram(
      `
      let events = (() => {
        const socket = new zmq.Push({ linger: 2000, reconnectInterval: 10 })
        socket.connect("tcp://127.0.0.1:9")
        socket.send("never delivered")
        return socket.events
      })()
      for (let round = 0; round < 5; round += 1) { gc(); await sleep(20) }
      events.close()
      await sleep(100)
      const a = new zmq.Pair(), b = new zmq.Pair()
      await a.bind("tcp://127.0.0.1:*")
      b.connect(a.lastEndpoint)
      await b.send("through")
      console.log(String(await a.receive({ timeout: 5000 })))
      process.exit(0)`,
    )
    expect({ status, stdout, stderr: stderr.replace(/.*WARNING: Waiting.*\n/, "") }).toEqual({
      status: 0,
      stdout: "through\n",
      stderr: "",
    })
  })

  it("that could not be created leaves no monitor behind", async () => {
    const context = new zmq.Context({ maxSockets: 2 })
    const sockets: zmq.Socket[] = []
    for (let error: unknown; error === undefined; ) {
      try {
        sockets.push(open(zmq.Pull, { context }))
      } catch (reason) {
        error = reason
      }
    }
    const last = sockets.at(-1) as zmq.Pull
    expect(() => last.events).toThrow(expect.objectContaining({ code: "EMFILE" }))
    await last.bind(freeAddress("tcp"))
  })
})
