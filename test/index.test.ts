import { createRequire } from "node:module"
import * as zmq from "ohmq"
import { Context, context, Dealer, version } from "ohmq"
import { describe, expect, it } from "vitest"

import { runCommand, runProgram } from "./support/process.js"

const names = [
  "version",
  "capability",
  "curveKeyPair",
  "context",
  "Context",
  "Socket",
  "Pair",
  "Publisher",
  "Subscriber",
  "Request",
  "Reply",
  "Dealer",
  "Router",
  "Pull",
  "Push",
  "XPublisher",
  "XSubscriber",
  "Stream",
]

const loaded = createRequire(import.meta.url)("ohmq") as typeof zmq

describe("the package", () => {
  it.each(names)("exports %s", (name) => {
    expect(Object.keys(loaded)).toContain(name)
    expect(Object.keys(zmq)).toContain(name)
  })

  it("exports nothing that zeromq 6 does not", () => {
    const known = [...names, "Observer", "Proxy"]
    expect(Object.keys(loaded).filter((name) => !known.includes(name))).toEqual([])
  })

  it("exports the same by name, as a namespace and by require", () => {
    expect([version, Context, context, Dealer]).toEqual([loaded.version, loaded.Context, loaded.context, loaded.Dealer])
    expect(Dealer).toBe(loaded.Dealer)
    expect(zmq.Dealer).toBe(loaded.Dealer)
    expect(zmq.context).toBe(loaded.context)
  })

  it("exports the same by every way to import it in Node.js itself", async () => {
    const { status, stdout, stderr } = await runProgram(`
      import zmqDefault, { Dealer, context, version, capability, curveKeyPair } from "ohmq"
      import { createRequire } from "node:module"
      const required = createRequire(process.cwd() + "/x.js")("ohmq")
      const imported = await import("ohmq")
      for (const name of Object.keys(required)) {
        if (zmq[name] !== required[name] || imported[name] !== required[name]) console.log("differs:", name)
      }
      if (zmqDefault !== required || Dealer !== required.Dealer || context !== required.context) console.log("differs")
      console.log(Object.keys(required).join())`)
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    expect(stdout).not.toMatch(/differs/)
    expect(stdout.trim().split(",")).toEqual(expect.arrayContaining(names))
  })

  it("can be required", async () => {
    const program = `const { Push, Pull, context } = require("ohmq")
      const a = new Push(), b = new Pull()
      a.bindSync("inproc://x"); b.connect("inproc://x")
      a.send("hello").then(() => b.receive()).then(([part]) => console.log(String(part), a.context === context))`
    const { status, stdout, stderr } = await runCommand(process.execPath, ["-e", program])
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "hello true\n", stderr: "" })
  })
})

describe("version", () => {
  it("is that of libzmq, in three numbers", () => {
    expect(zmq.version).toMatch(/^4\.3\.\d+$/)
  })
})

describe("capability", () => {
  it("has CURVE, ipc and the draft API", () => {
    expect(zmq.capability).toMatchObject({ curve: true, draft: true, ipc: true })
  })

  it("tells each by a boolean, and knows these only", () => {
    const known = ["ipc", "pgm", "tipc", "norm", "curve", "gssapi", "draft", "vmci", "WS", "WSS", "vsock"]
    for (const [name, value] of Object.entries(zmq.capability)) {
      expect(known).toContain(name)
      expect(typeof value).toBe("boolean")
    }
  })
})

describe("context", () => {
  it("is the default one", () => {
    expect(zmq.context).toBeInstanceOf(zmq.Context)
    const socket = new zmq.Dealer()
    expect(socket.context).toBe(zmq.context)
    socket.close()
  })
})
