import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"

const nobody = "tcp://127.0.0.1:9"
const waits = /WARNING: Waiting for queued ZeroMQ messages to be delivered\./

describe("the process ends with status 0", () => {
  it.each([
    ["when sockets are closed", `const s = new zmq.Push(); await s.bind("tcp://127.0.0.1:*"); s.close()`],
    ["when sockets are left open", `const s = new zmq.Push(); await s.bind("tcp://127.0.0.1:*")`],
    ["when sockets were collected", `for (let i = 0; i < 50; i++) new zmq.Dealer(); gc(); await sleep(10); gc()`],
    ["after a publisher sent without being bound", `await new zmq.Publisher().send("x")`],
    ["when a context is left", `const context = new zmq.Context(); new zmq.Pair({ context })`],
    ["when a waiting receive is unref'd", `const s = new zmq.Pull(); s.bindSync("inproc://x"); s.unref().receive()`],
    [
      "when a socket was unref'd during its bind",
      `const s = new zmq.Pull(); const bound = s.bind("tcp://127.0.0.1:*"); s.unref(); await bound; s.receive()`,
    ],
    [
      "when a waiting receive with a timeout is unref'd",
      `const s = new zmq.Pull().unref(); s.bindSync("inproc://x"); s.receive({ timeout: 60000 })`,
    ],
    ["when a waiting receive is closed", `const s = new zmq.Pull(); s.receive().catch(() => {}); s.close()`],
    ["by process.exit() while operations wait", `new zmq.Pull().receive(); new zmq.Push().send("x"); process.exit(0)`],
    ["by process.exit() during a bind", `new zmq.Pull().bind("tcp://127.0.0.1:*"); process.exit(0)`],
    [
      "when a handler of 'exit' uses sockets",
      `const s = new zmq.Push({ linger: 0 }); process.on("exit", () => { s.connect("${nobody}"); s.close() })`,
    ],
  ])("%s", async (_, program) => {
    const { status, stderr } = await runProgram(program)
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })
})

describe("the process stays alive", () => {
  const alive = (program: string) => `${program}
    setTimeout(() => { gc(); setTimeout(() => { console.log("alive"); process.exit(0) }, 200).unref() }, 200).unref()`

  it.each([
    ["while a receive waits", `const s = new zmq.Pull(); s.bindSync("inproc://x"); s.receive()`],
    ["while a receive waits on a socket that nobody holds", `(() => { new zmq.Pull().receive() })()`],
    ["while a send waits", `const s = new zmq.Push(); s.bindSync("inproc://x"); s.send("x")`],
    ["while a loop waits", `const s = new zmq.Pull(); (async () => { for await (const _ of s); })()`],
    ["after ref()", `const s = new zmq.Pull(); s.unref(); s.receive(); s.ref()`],
  ])("%s", async (_, program) => {
    const { status, stdout } = await runProgram(alive(program))
    expect({ status, stdout }).toEqual({ status: 0, stdout: "alive\n" })
  })
})

describe("messages that are queued when the process ends", () => {
  it("are delivered", async () => {
    const { status, stdout } = await runProgram(`
      import { fork } from "node:child_process"
      if (process.env.PUSH) {
        const push = new zmq.Push()
        push.connect(process.env.PUSH)
        for (let i = 0; i < 5000; i++) await push.send(Buffer.alloc(2000, i))
      } else {
        const pull = new zmq.Pull()
        await pull.bind("tcp://127.0.0.1:*")
        const { spawn } = await import("node:child_process")
        const child = spawn(process.execPath, process.execArgv, { env: { ...process.env, PUSH: pull.lastEndpoint }, stdio: "inherit" })
        child.on("exit", (code) => console.log("ended", code))
        let right = 0
        for (let i = 0; i < 5000; i++) if ((await pull.receive())[0].equals(Buffer.alloc(2000, i))) right += 1
        console.log("right", right)
      }`)
    expect(stdout.split("\n").sort()).toEqual(["", "ended 0", "right 5000"])
    expect(status).toBe(0)
  })

  it("are waited for, which stderr tells after half a second", async () => {
    const { status, stderr, duration } = await runProgram(
      `const s = new zmq.Push({ linger: 1500 }); s.connect("${nobody}"); await s.send("x")`,
    )
    expect(status).toBe(0)
    expect(stderr).toMatch(waits)
    expect(stderr).toMatch(/^\(node:\d+\) /)
    expect(stderr).toMatch(/ Set 'context\.blocky = false' to change this behaviour\.\n$/)
    expect(duration).toBeGreaterThan(1500)
  })

  it("of a closed socket and of a context of its own are waited for too", async () => {
    const { status, stderr } = await runProgram(`
      const context = new zmq.Context()
      const s = new zmq.Push({ linger: 1000, context })
      s.connect("${nobody}"); await s.send("x"); s.close()`)
    expect(status).toBe(0)
    expect(stderr).toMatch(waits)
  })

  it("are waited for where the context was given to an addon, which does not retain it", async () => {
    const { status, stderr } = await runProgram(`
      globalThis.native = zmq.context.native
      const s = new zmq.Push({ linger: 1000 }); s.connect("${nobody}"); await s.send("x")`)
    expect(status).toBe(0)
    expect(stderr).toMatch(waits)
  })

  it("are dropped without a word after a short linger", async () => {
    const { status, stderr } = await runProgram(
      `const s = new zmq.Push({ linger: 50 }); s.connect("${nobody}"); await s.send("x")`,
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })

  it("are dropped when the context is not blocky", async () => {
    const { status, stderr, duration } = await runProgram(
      `zmq.context.blocky = false; const s = new zmq.Push(); s.connect("${nobody}"); await s.send("x")`,
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    expect(duration).toBeLessThan(5000)
  })

  it("are dropped by process.exit()", async () => {
    const { status } = await runProgram(
      `const s = new zmq.Push(); s.connect("${nobody}"); await s.send("x"); process.exit(3)`,
    )
    expect(status).toBe(3)
  })
})
