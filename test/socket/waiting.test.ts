import { getEventListeners } from "node:events"

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { eventually, failure, join, open, texts, thrown, transports } from "../support/sockets.js"

const timedOut = expect.objectContaining({
  code: "EAGAIN",
  message: "Operation was not possible or timed out",
  reason: "timeout",
})

/** How long an operation takes to fail as timed out. */
async function timeToFail(operation: () => Promise<unknown>) {
  const started = performance.now()
  expect(await failure(operation)).toEqual(timedOut)
  return performance.now() - started
}

/** Whether a promise is still pending after everything that was ready has run. */
async function isPending(promise: Promise<unknown>) {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
  return Promise.race([promise.then(() => false), Promise.resolve(true)])
}

type Operation = "send" | "receive"

/** An operation that must wait, because it has no peer, and a function that lets it continue. */
function waiting(operation: Operation, options: object = {}) {
  const socket = open(zmq.Dealer, options)
  const call = (perCall?: zmq.OperationOptions): Promise<unknown> =>
    operation === "send" ? socket.send("x", perCall) : socket.receive(perCall)
  const goOn = async () => {
    const peer = open(zmq.Dealer)
    await join(peer, socket, "inproc")
    await peer.send("y")
    return peer
  }
  return { socket, call, goOn }
}

describe.each(["send", "receive"] as const)("%s that has to wait", (operation) => {
  const option = `${operation}Timeout`

  it("rejects at once with a timeout of 0", async () => {
    const { call } = waiting(operation)
    const result = call({ timeout: 0 })
    expect(result).toBeInstanceOf(Promise)
    expect(await Promise.race([failure(() => result), new Promise(process.nextTick)])).toEqual(timedOut)
  })

  it("rejects when the timeout is up, and not before", async () => {
    expect(await timeToFail(() => waiting(operation).call({ timeout: 30 }))).toBeGreaterThanOrEqual(28)
  })

  it.each<[string, object, zmq.OperationOptions | undefined]>([
    ["by default", {}, undefined],
    ["with -1 as the option", { [option]: -1 }, undefined],
    ["with -1 for the call, whatever the option", { [option]: 0 }, { timeout: -1 }],
    ["with Infinity", {}, { timeout: Number.POSITIVE_INFINITY }],
    ["with a timeout that no timer can have", {}, { timeout: 2 ** 40 }],
    ["with a timeout for the call that is longer than the option", { [option]: 1 }, { timeout: 60_000 }],
    ["with options that say nothing", {}, {}],
    ["with options that are undefined", {}, { timeout: undefined, signal: undefined } as never],
  ])("waits %s", async (_, socketOptions, perCall) => {
    const { call, goOn } = waiting(operation, socketOptions)
    const result = call(perCall)
    expect(await isPending(result)).toBe(true)
    await goOn()
    await result
  })

  it("prefers its own timeout to the option", async () => {
    const { call } = waiting(operation, { [option]: 60_000 })
    expect(await failure(() => call({ timeout: 1 }))).toEqual(timedOut)
  })

  it("uses an option that is set later from the next call on", async () => {
    const { socket, call } = waiting(operation)
    Object.assign(socket, { [option]: 1 })
    expect(await failure(call)).toEqual(timedOut)
  })

  it("can be called again after it has timed out", async () => {
    const { call, goOn } = waiting(operation)
    for (let round = 0; round < 3; round += 1) expect(await failure(() => call({ timeout: 1 }))).toEqual(timedOut)
    const result = call()
    await goOn()
    await result
  })

  it("rejects with the reason of a signal that was aborted before, without waiting", async () => {
    const { call } = waiting(operation)
    const reason = new Error("too late")
    const result = call({ signal: AbortSignal.abort(reason) })
    expect(result).toBeInstanceOf(Promise)
    expect(await failure(() => result)).toBe(reason)
  })

  it.each([
    ["an error", new Error("stop")],
    ["text", "stop"],
    ["null", null],
    ["an object", { stop: true }],
  ])("rejects with %s when its signal is aborted with that", async (_, reason) => {
    const { call } = waiting(operation)
    const controller = new AbortController()
    const result = failure(() => call({ signal: controller.signal }))
    controller.abort(reason)
    expect(await result).toBe(reason)
  })

  it("rejects with an AbortError when its signal is aborted without a reason", async () => {
    const { call } = waiting(operation)
    const controller = new AbortController()
    const result = failure(() => call({ signal: controller.signal, timeout: 60_000 }))
    controller.abort()
    expect(await result).toMatchObject({ name: "AbortError" })
  })

  it("rejects with a TimeoutError when AbortSignal.timeout() aborts it", async () => {
    const { call } = waiting(operation)
    expect(await failure(() => call({ signal: AbortSignal.timeout(1) }))).toMatchObject({ name: "TimeoutError" })
  })

  it("rejects at its timeout although it has a signal, which then does nothing", async () => {
    const { call, goOn } = waiting(operation)
    const controller = new AbortController()
    expect(await failure(() => call({ signal: controller.signal, timeout: 1 }))).toEqual(timedOut)
    const again = call()
    controller.abort()
    expect(await isPending(again)).toBe(true)
    await goOn()
    await again
  })

  it("is free for the next call as soon as its signal is aborted", async () => {
    const { call, goOn } = waiting(operation)
    const controller = new AbortController()
    const first = failure(() => call({ signal: controller.signal }))
    expect(thrown(call).code).toBe("EBUSY")
    controller.abort()
    const second = call()
    expect((await first).name).toBe("AbortError")
    await goOn()
    await second
  })

  it("leaves no listeners on a signal that serves many calls", async () => {
    const { signal } = new AbortController()
    let listeners = 0
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners += 1
      addEventListener.apply(signal, args)
    }
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners -= 1
      removeEventListener.apply(signal, args)
    }
    const { call } = waiting(operation)
    for (let round = 0; round < 5; round += 1) await failure(() => call({ signal, timeout: 1 }))
    expect(listeners).toBe(0)
  })

  it.each<[string, unknown, RegExp]>([
    ["null", null, /^Expected options to be an object, but received null/],
    ["a number", 100, /^Expected options to be an object, but received 100 \(number\)$/],
    ["a string", "100", /^Expected options to be an object, but received "100" \(string\)$/],
    ["a timeout that is text", { timeout: "1" }, /^Expected timeout to be .*"1" \(string\)$/],
    ["a timeout that is null", { timeout: null }, /^Expected timeout to be .*null/],
    ["a timeout that is NaN", { timeout: Number.NaN }, /^Expected timeout to be .*NaN/],
    ["a timeout that is a bigint", { timeout: 1n }, /^Expected timeout to be .*\(bigint\)$/],
    ["a timeout between -1 and 0", { timeout: -0.5 }, /^Expected timeout to be .*-0\.5/],
    ["a timeout below -1", { timeout: -2 }, /^Expected timeout to be .*-2/],
    ["a signal that is null", { signal: null }, /^Expected signal to be an AbortSignal, but received null/],
    ["a signal that is true", { signal: true }, /^Expected signal to be an AbortSignal, but received true/],
    ["its controller for a signal", { signal: new AbortController() }, /^Expected signal to be an AbortSignal/],
    ["what looks like a signal", { signal: { aborted: false } }, /^Expected signal to be an AbortSignal/],
  ])("throws for %s", (_, options, message) => {
    const { call } = waiting(operation)
    const error = thrown(() => call(options as never))
    expect([TypeError, RangeError]).toContain(error.constructor)
    expect(error.message).toMatch(message)
    // Nothing was started.
    const result = call({ timeout: 0 })
    return expect(result).rejects.toEqual(timedOut)
  })

  it("throws EBADF rather than rejecting once the socket is closed", () => {
    const { socket, call } = waiting(operation)
    socket.close()
    const error = expect.objectContaining({ code: "EBADF", message: "Socket is closed" })
    expect(thrown(call)).toEqual(error)
    expect(thrown(() => call({ timeout: 0 }))).toEqual(error)
    expect(thrown(() => call({ signal: AbortSignal.abort() }))).toEqual(error)
  })

  it("rejects with EAGAIN when the socket is closed", async () => {
    const { socket, call } = waiting(operation)
    const result = failure(() => call({ timeout: 60_000, signal: new AbortController().signal }))
    socket.close()
    expect(await result).toEqual(expect.objectContaining({ code: "EAGAIN", reason: "closed" }))
  })
})

describe("a signal that many operations share", () => {
  it("ends them all, and Node.js warns of no leak", async () => {
    const { status, stdout, stderr } = await runProgram(`
      const controller = new AbortController()
      const { signal } = controller
      const sockets = Array.from({ length: 30 }, () => new zmq.Pull())
      const waiting = sockets.map((socket) => socket.receive({ signal }).catch((error) => error.name))
      const proxies = Array.from({ length: 12 }, (_, index) => {
        const [front, back] = [new zmq.Pull(), new zmq.Push()]
        front.bindSync("inproc://front" + index)
        back.bindSync("inproc://back" + index)
        return new zmq.Proxy(front, back).run({ signal })
      })
      setTimeout(() => controller.abort(), 20)
      Promise.all([Promise.all(waiting), ...proxies]).then(([names]) => console.log(names.length, ...new Set(names)))`)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "30 AbortError\n", stderr: "" })
  })

  it("has no listeners once they have ended", async () => {
    const [push, pull] = [open(zmq.Push), open(zmq.Pull, { receiveQueue: { limit: 5 } })]
    await join(pull, push, "inproc")
    const { signal } = new AbortController()
    const waiting = [pull.receive({ signal }), pull.receive({ signal })]
    expect(getEventListeners(signal, "abort")).toHaveLength(1)
    await push.sendMany(["1", "2"])
    expect((await Promise.all(waiting)).map(texts)).toEqual([["1"], ["2"]])
    expect(getEventListeners(signal, "abort")).toHaveLength(0)
  })

  it("can end an operation that began when another one ended", async () => {
    const [one, other] = [open(zmq.Pull), open(zmq.Pull)]
    const controller = new AbortController()
    const { signal } = controller
    const seen: string[] = []
    signal.addEventListener("abort", () => seen.push("listener"))
    const first = one.receive({ signal }).catch(() => other.receive({ signal }).catch((error) => seen.push(error.name)))
    controller.abort()
    await first
    expect(seen).toEqual(["listener", "AbortError"])
  })
})

describe("an operation that need not wait", () => {
  it("ignores its timeout and its signal", async () => {
    const [a, b] = [open(zmq.Pair), open(zmq.Pair)]
    await join(a, b, "inproc")
    const { signal } = new AbortController()
    await a.send("x", { timeout: 0, signal })
    expect(texts(await b.receive({ timeout: 0, signal }))).toEqual(["x"])
  })

  it("does not begin if its signal was aborted before", async () => {
    const [a, b] = [open(zmq.Pair), open(zmq.Pair)]
    await join(a, b, "inproc")
    expect((await failure(() => a.send("not sent", { signal: AbortSignal.abort() }))).name).toBe("AbortError")
    await a.send("sent")
    await eventually(() => expect(b.readable).toBe(true))
    expect((await failure(() => b.receive({ signal: AbortSignal.abort() }))).name).toBe("AbortError")
    expect(texts(await b.receive())).toEqual(["sent"])
  })
})

describe.each(transports)("an operation that is aborted or times out, over %s,", (transport) => {
  it("does not send its message later", async () => {
    const push = open(zmq.Push)
    const controller = new AbortController()
    const aborted = failure(() => push.send("aborted", { signal: controller.signal }))
    controller.abort()
    await aborted
    await failure(() => push.send("timed out", { timeout: 1 }))
    await failure(() => push.send(["two", "parts"], { timeout: 0 }))
    const pull = open(zmq.Pull)
    await join(pull, push, transport)
    await push.send("sent")
    expect(texts(await pull.receive())).toEqual(["sent"])
  })

  it("leaves the message to the next receive", async () => {
    const [push, pull] = [open(zmq.Push), open(zmq.Pull)]
    await join(pull, push, transport)
    for (let round = 0; round < 20; round += 1) {
      const controller = new AbortController()
      const aborted = failure(() => pull.receive({ signal: controller.signal }))
      controller.abort()
      await aborted
      expect(await failure(() => pull.receive({ timeout: 1 }))).toEqual(timedOut)
      await push.send(["message", round])
      expect(texts(await pull.receive())).toEqual(["message", String(round)])
    }
  })

  it("sends all parts of a message or none", async () => {
    const [push, pull] = [open(zmq.Push, { sendHighWaterMark: 1 }), open(zmq.Pull, { receiveHighWaterMark: 1 })]
    await join(pull, push, transport)
    let sent = 0
    let refused = 0
    const part = Buffer.alloc(transport === "inproc" ? 10 : 200_000)
    while (refused < 3) {
      await push.send([sent, part, sent], { timeout: 1 }).then(
        () => {
          sent += 1
        },
        () => {
          refused += 1
        },
      )
    }
    for (let index = 0; index < sent; index += 1) {
      const [first, middle, last, ...others] = await pull.receive()
      expect([String(first), middle?.length, String(last), others.length]).toEqual([
        String(index),
        part.length,
        String(index),
        0,
      ])
    }
    expect(await failure(() => pull.receive({ timeout: 5 }))).toEqual(timedOut)
  })
})

describe("misspelt options", () => {
  it.each([
    ["send", () => open(zmq.Push).send("x", { timeuot: 3 } as never), "timeuot", 'Did you mean "timeout"?'],
    ["receive", () => open(zmq.Pull).receive({ sginal: 3 } as never), "sginal", 'Did you mean "signal"?'],
    [
      "bind",
      () => open(zmq.Pull).bind("inproc://misspelt", { time: 3 } as never),
      "time",
      "Known options: signal, timeout",
    ],
    ["receiveMany", () => open(zmq.Pull).receiveMany({ mx: 3 } as never), "mx", 'Did you mean "max"?'],
    ["close", () => open(zmq.Pull).close({ lingr: 3 } as never), "lingr", 'Did you mean "linger"?'],
    [
      "toReadable",
      () => open(zmq.Pull).toReadable({ highwatermark: 3 } as never),
      "highwatermark",
      'Did you mean "highWaterMark"?',
    ],
    [
      "toWritableStream",
      () => open(zmq.Push).toWritableStream({ hwm: 3 } as never),
      "hwm",
      "Known options: highWaterMark",
    ],
    [
      "new Proxy",
      () => new zmq.Proxy(open(zmq.Pull), open(zmq.Push), { captur: 3 } as never),
      "captur",
      'Did you mean "capture"?',
    ],
    [
      "run",
      () => new zmq.Proxy(open(zmq.Pull), open(zmq.Push)).run({ timeout: 3 } as never),
      "timeout",
      "Known options: signal",
    ],
    [
      "sendQueue",
      () => new zmq.Push({ sendQueue: { limit: 1, whenful: "wait" } as never }),
      "whenful",
      'Did you mean "whenFull"?',
    ],
  ])("are refused by %s", (_, call, name, hint) => {
    expect(thrown(call)).toMatchObject({ name: "TypeError", message: `Unknown option "${name}". ${hint}` })
  })

  it.each([
    ["toReadable", () => open(zmq.Pull).toReadable(null as never)],
    ["toWritable", () => open(zmq.Push).toWritable(null as never)],
    ["connected", () => open(zmq.Pull).connected(null as never)],
  ])("and options of the wrong type are refused by %s", async (_, call) => {
    const { message } = await failure(call)
    expect(message).toBe("Expected options to be an object, but received null (object)")
  })

  it("and options of the wrong type are refused by close", () => {
    expect(() => open(zmq.Pull).close(0 as never)).toThrow(new TypeError("Options must be an object"))
  })
})
