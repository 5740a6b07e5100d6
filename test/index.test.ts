// What conformance does not ask: it compares the exports with those of zeromq.

import { createRequire } from "node:module"

import * as zmq from "ohmq"
import { Certificate } from "ohmq/security"
import * as v5 from "ohmq/v5-compat"
import { describe, expect, it, onTestFinished, vi } from "vitest"

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

describe.each(["ohmq", "ohmq/draft", "ohmq/security", "ohmq/v5-compat"])("what %s exports", (name) => {
  const exported: Record<string, unknown> = createRequire(import.meta.url)(name)

  it("can be replaced, each value", () => {
    for (const key of Object.keys(exported)) {
      const value = exported[key]
      const descriptor = { value, writable: true, enumerable: true, configurable: true }
      expect(Object.getOwnPropertyDescriptor(exported, key), key).toEqual(descriptor)
    }
  })

  it("can be imported by name, each value", async () => {
    const { stdout } = await runProgram(
      `
      import { createRequire } from "node:module"
      const exported = createRequire(process.cwd() + "/x.js")("${name}")
      const imported = await import("${name}")
      const names = Reflect.ownKeys(exported).filter((name) => name !== "default")
      console.log(names.length > 8, names.filter((name) => imported[name] !== exported[name]))`,
      { args: ["--no-warnings"] },
    )
    expect(stdout).toBe("true []\n")
  })
})

describe("a class that a test has replaced", () => {
  const exported: typeof zmq = createRequire(import.meta.url)("ohmq")

  it("is what the program gets, until it is restored", () => {
    const { Push } = exported
    class Fake {
      send = () => "nothing is sent"
    }
    const spy = vi.spyOn(exported, "Push").mockImplementation(Fake as never)
    onTestFinished(() => spy.mockRestore())
    expect(new exported.Push().send("x")).toBe("nothing is sent")
    spy.mockRestore()
    expect(exported.Push).toBe(Push)
  })

  it("is not what the other entry points use", () => {
    const spies = [vi.spyOn(exported, "Subscriber"), vi.spyOn(exported, "curveKeyPair")]
    onTestFinished(() => {
      for (const spy of spies) spy.mockRestore()
    })
    const subscriber = v5.socket("sub")
    onTestFinished(() => void subscriber.close())
    subscriber.subscribe("x")
    expect(Certificate.generate().publicKey).toHaveLength(40)
    for (const spy of spies) expect(spy).not.toHaveBeenCalled()
  })
})

describe("capability", () => {
  it("knows these only", () => {
    const known = ["ipc", "pgm", "tipc", "norm", "curve", "gssapi", "draft", "vmci", "WS", "WSS", "vsock"]
    expect(known).toEqual(expect.arrayContaining(Object.keys(zmq.capability)))
  })
})
