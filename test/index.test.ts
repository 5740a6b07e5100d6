// What conformance does not ask: it compares the exports with those of zeromq.

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "./support/process.js"

describe("the package", () => {
  it("has the same values by every way to import it in Node.js itself", async () => {
    const { status, stdout, stderr } = await runProgram(`
      import zmqDefault, { Dealer, context, version, capability, curveKeyPair } from "ohmq"
      import { createRequire } from "node:module"
      const required = createRequire(process.cwd() + "/x.js")("ohmq")
      const imported = await import("ohmq")
      for (const name of Object.keys(required)) {
        if (zmq[name] !== required[name] || imported[name] !== required[name]) console.log("differs:", name)
      }
      if (zmqDefault !== required || Dealer !== required.Dealer || context !== required.context) console.log("differs")
      console.log(Object.keys(required).length)`)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "20\n", stderr: "" })
  })
})

describe("capability", () => {
  it("knows these only", () => {
    const known = ["ipc", "pgm", "tipc", "norm", "curve", "gssapi", "draft", "vmci", "WS", "WSS", "vsock"]
    expect(known).toEqual(expect.arrayContaining(Object.keys(zmq.capability)))
  })
})
