// How a process ends, where conformance does not ask: it compares that with zeromq.

import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"

const nobody = "tcp://127.0.0.1:9"
const waits = /WARNING: Waiting for queued ZeroMQ messages to be delivered\./

describe("the process ends with status 0", () => {
  it.each([
    ["when a waiting receive is unref'd", `const s = new zmq.Pull(); s.bindSync("inproc://x"); s.unref().receive()`],
    [
      "when a socket was unref'd during its bind",
      `const s = new zmq.Pull(); const bound = s.bind("tcp://127.0.0.1:*"); s.unref(); await bound; s.receive()`,
    ],
    [
      "when a waiting receive with a timeout is unref'd",
      `const s = new zmq.Pull().unref(); s.bindSync("inproc://x"); s.receive({ timeout: 60000 })`,
    ],
  ])("%s", async (_, program) => {
    const { status, stderr } = await runProgram(program)
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })
})

describe("the process stays alive", () => {
  it("after ref()", async () => {
    const { status, stdout } = await runProgram(
      `const s = new zmq.Pull(); s.unref(); s.receive(); s.ref()
       setTimeout(() => { console.log("alive"); process.exit(0) }, 200).unref()`,
    )
    expect({ status, stdout }).toEqual({ status: 0, stdout: "alive\n" })
  })
})

describe("messages that are queued when the process ends", () => {
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

  it("are dropped by process.exit()", async () => {
    const { status } = await runProgram(
      `const s = new zmq.Push(); s.connect("${nobody}"); await s.send("x"); process.exit(3)`,
    )
    expect(status).toBe(3)
  })
})
