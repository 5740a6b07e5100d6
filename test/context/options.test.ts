import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import type { Holder } from "../support/socket-classes.js"
import { failure, open, texts, thrown } from "../support/sockets.js"

interface ContextOption {
  kind: "int32" | "bool" | "text"
  initial: unknown
  good?: unknown[]
  refused?: unknown[]
  readonly?: true
  draft?: true
}

const most = 2 ** 31 - 1

const options: Record<string, ContextOption> = {
  ioThreads: { kind: "int32", initial: 1, good: [4, 0, most], refused: [-1] },
  maxSockets: { kind: "int32", initial: 1023, good: [1, 5000, 65_535], refused: [0, -1] },
  maxSocketsLimit: { kind: "int32", initial: 65_535, readonly: true },
  maxMessageSize: { kind: "int32", initial: most, good: [1024, 0, most], refused: [-1] },
  // libzmq reports neither the priority nor the CPUs, so the value that was set last is read.
  threadPriority: { kind: "int32", initial: -1, good: [5, 0], refused: [-1] },
  threadSchedulingPolicy: { kind: "int32", initial: -1, good: [1, 0], refused: [-1] },
  threadAffinityAdd: { kind: "int32", initial: -1, good: [0, 3], refused: [-1] },
  threadAffinityRemove: { kind: "int32", initial: -1, refused: [-1, 0] },
  threadNamePrefix: {
    kind: "text",
    initial: null,
    good: ["io", "four", "x".repeat(16)],
    // libzmq cannot undo it.
    refused: ["x".repeat(17), "", null],
    draft: true,
  },
  messageStructSize: { kind: "int32", initial: 64, readonly: true },
  zeroCopyReceive: { kind: "bool", initial: true, good: [false, true], draft: true },
  ipv6: { kind: "bool", initial: false, good: [true, false] },
  blocky: { kind: "bool", initial: true, good: [false, true] },
  ioThreadYield: { kind: "bool", initial: true, good: [false, true] },
}

const newContext = (given?: object) => new zmq.Context(given) as zmq.Context & Holder

const wrongTypes = {
  int32: ["1", true, null, undefined, {}, 1n],
  bool: [0, 1, "true", null, undefined],
  text: [1, true, undefined, {}],
}

const typeErrors = {
  int32: "Option value must be a number",
  bool: "Option value must be a boolean",
  text: "Option value must be a string or buffer",
}

const there = Object.entries(options).filter(([, option]) => !option.draft || zmq.capability.draft)

describe("A context", () => {
  it("has the options of a context, and no others", () => {
    const properties = Object.entries(Object.getOwnPropertyDescriptors(zmq.Context.prototype))
    const others = ["native", "requireEncryption", "terminated"]
    const accessors = properties.filter(([name, { get, set }]) => (get ?? set) !== undefined && !others.includes(name))
    expect(accessors.map(([name]) => name).sort()).toEqual(Object.keys(options).sort())
    expect(accessors.every(([, { get }]) => get !== undefined)).toBe(true)
  })
})

describe.each(there)("Context.%s", (name, { kind, initial, good = [], refused = [], readonly }) => {
  it("has its initial value", () => {
    expect(newContext()[name]).toBe(initial)
  })

  if (readonly) {
    it("cannot be written", () => {
      const message = `Cannot set property ${name} of #<Context> which has only a getter`
      expect(() => newContext({ [name]: 1 })).toThrow(new TypeError(message))
      expect(() => {
        newContext()[name] = 1
      }).toThrow(new TypeError(message))
    })
    return
  }

  if (good.length > 0) {
    it("reads as it was set, also by the constructor", () => {
      const context = newContext()
      for (const value of good) {
        context[name] = value
        expect(context[name]).toBe(value)
        expect(newContext({ [name]: value })[name]).toBe(value)
      }
    })
  }

  it("refuses values of other types", async () => {
    const context = newContext()
    for (const value of wrongTypes[kind]) {
      const set = () => {
        context[name] = value
      }
      expect(set, String(value)).toThrow(new TypeError(typeErrors[kind]))
      const refused = { name: "TypeError", message: typeErrors[kind], option: name }
      expect(thrown(() => newContext({ [name]: value }))).toMatchObject(refused)
    }
    expect(context[name]).toBe(initial)
  })

  if (kind === "int32") {
    it("refuses numbers out of range", () => {
      const context = newContext()
      for (const value of [2 ** 31, -(2 ** 31) - 1, Number.NaN, Number.POSITIVE_INFINITY]) {
        const set = () => {
          context[name] = value
        }
        expect(set, String(value)).toThrow(RangeError)
      }
      expect(context[name]).toBe(initial)
    })
  }

  if (refused.length > 0) {
    it("refuses what libzmq refuses", async () => {
      const context = newContext()
      for (const value of refused) {
        const set = () => {
          context[name] = value
        }
        expect(await failure(set)).toMatchObject({ code: "EINVAL", message: "Invalid argument" })
      }
      expect(context[name]).toBe(initial)
    })
  }
})

describe("Context options at work", () => {
  it.runIf(zmq.capability.draft)("threadNamePrefix takes bytes", async () => {
    const { status, stdout } = await runProgram(
      `console.log(new zmq.Context({ threadNamePrefix: Buffer.from("io") }).threadNamePrefix)`,
    )
    expect({ status, stdout }).toEqual({ status: 0, stdout: "io\n" })
  })

  it("threadAffinityRemove takes back what was added", async () => {
    const context = newContext({ threadAffinityAdd: 3 })
    context.threadAffinityRemove = 3
    expect(context.threadAffinityRemove).toBe(3)
    const again = () => {
      context.threadAffinityRemove = 3
    }
    expect(await failure(again)).toMatchObject({ code: "EINVAL" })
  })

  it("ipv6 is the initial value for new sockets", () => {
    const context = newContext()
    const before = open(zmq.Pair, { context })
    context.ipv6 = true
    expect(open(zmq.Pair, { context }).ipv6).toBe(true)
    expect(before.ipv6).toBe(false)
  })

  it("blocky: false gives new sockets a linger of 0", () => {
    const context = newContext()
    const before = open(zmq.Push, { context })
    context.blocky = false
    expect(open(zmq.Push, { context }).linger).toBe(0)
    expect(open(zmq.Push, { context, linger: 7 }).linger).toBe(7)
    expect(before.linger).toBe(-1)
  })

  it("ioThreads: 0 is enough for inproc", async () => {
    const context = newContext({ ioThreads: 0 })
    const push = open(zmq.Push, { context })
    const pull = open(zmq.Pull, { context })
    pull.bindSync("inproc://here")
    push.connect("inproc://here")
    await push.send("hello")
    expect(texts(await pull.receive())).toEqual(["hello"])
    expect(await failure(() => push.connect("tcp://127.0.0.1:9"))).toMatchObject({ code: "EMTHREAD" })
  })

  it.runIf(process.platform === "linux")(
    "ioThreads are started with the first socket, as many as then said",
    async () => {
      const { status, stdout, stderr } = await runProgram(`
      import { readdirSync } from "node:fs"
      const count = () => readdirSync("/proc/self/task").length
      // Everything else that a first socket starts.
      new zmq.Pair({ context: new zmq.Context() })
      const started = (ioThreads) => {
        const context = new zmq.Context()
        context.ioThreads = ioThreads
        const before = count()
        const socket = new zmq.Pair({ context })
        context.ioThreads = 1
        new zmq.Pair({ context })
        // One more is the one in which libzmq closes sockets.
        return count() - before - 1
      }
      console.log(started(1), started(5), started(0))`)
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "1 5 0\n", stderr: "" })
    },
  )
})
