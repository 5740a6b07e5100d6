// receiveMany, tryReceive and batches.

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { failure, join, open, texts, transports } from "../support/sockets.js"

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => String(from + index))

describe.each(transports)("receiveMany over %s", (transport) => {
  it("waits for the first message, and takes what is there", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull, transport)
    const first = pull.receiveMany()
    await push.sendMany(numbers(1000))
    const all = await first
    expect(all.length).toBeGreaterThan(0)
    while (all.length < 1000) all.push(...(await pull.receiveMany({ max: 100 })))
    expect(all.map(texts)).toEqual(numbers(1000).map((text) => [text]))
  })
})

describe("receiveMany", () => {
  async function filled(count: number, options?: zmq.SocketOptions<zmq.Pull>) {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull, options)
    await join(push, pull, "inproc")
    await push.sendMany(numbers(count))
    return pull
  }

  it("takes no more than it is asked for", async () => {
    const pull = await filled(10)
    expect((await pull.receiveMany({ max: 3 })).map(texts)).toEqual([["0"], ["1"], ["2"]])
    expect((await pull.receiveMany({ max: 100 })).map(texts)).toEqual(numbers(7, 3).map((text) => [text]))
  })

  it("rejects where libzmq refuses to receive", async () => {
    const request = open(zmq.Request)
    expect(await failure(() => request.receiveMany())).toMatchObject({ code: "EFSM" })
  })

  it("takes any number as a max", async () => {
    const pull = await filled(10, { receiveHighWaterMark: 0 })
    expect((await pull.receiveMany({ max: 2 ** 32 })).length).toBeGreaterThan(0)
    const waiting = pull.receiveMany({ max: 2 ** 40, timeout: 20 })
    await waiting.catch(() => {})
  })

  it("takes no more than the receive high-water mark", async () => {
    const pull = await filled(10, { receiveHighWaterMark: 2 })
    expect((await pull.receiveMany({ max: 100 })).map(texts)).toEqual([["0"], ["1"]])
  })

  it("mixes with receive and iteration", async () => {
    const pull = await filled(600)
    const got: string[] = []
    for await (const [part] of pull) {
      got.push(String(part))
      if (got.length === 200) break
    }
    while (got.length < 600) {
      got.push(...(await pull.receiveMany({ max: 70 })).map(([part]) => String(part)))
      if (got.length < 600) got.push(String((await pull.receive())[0]))
    }
    expect(got).toEqual(numbers(600))
  })

  it.each([[0], [-1], [1.5], [Number.NaN], ["3"], [null]])("refuses a max of %o", async (max) => {
    const pull = open(zmq.Pull)
    expect(() => pull.receiveMany({ max: max as never })).toThrow(/^Expected max to be a positive integer/)
    expect(() => pull.batches({ max: max as never })).toThrow(/^Expected max to be a positive integer/)
  })

  it("ends with its timeout, its signal and its socket, and loses nothing", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull, "inproc")
    expect(await failure(() => pull.receiveMany({ timeout: 5 }))).toMatchObject({ code: "EAGAIN" })
    expect(await failure(() => pull.receiveMany({ signal: AbortSignal.abort("no") }))).toBe("no")
    await push.send("kept")
    expect((await pull.receiveMany()).map(texts)).toEqual([["kept"]])
    const waiting = failure(() => pull.receiveMany())
    pull.close()
    expect(await waiting).toMatchObject({ code: "EAGAIN" })
    expect(() => pull.receiveMany()).toThrow(expect.objectContaining({ code: "EBADF" }))
  })

  it("takes one message at a time where libzmq ties meaning to the last one", async () => {
    const publisher = open(zmq.XPublisher, { manual: true })
    const subscriber = open(zmq.Subscriber)
    await join(publisher, subscriber)
    subscriber.subscribe("a", "b", "c")
    const seen: string[] = []
    while (seen.length < 3) {
      const messages = await publisher.receiveMany()
      expect(messages.length).toBe(1)
      seen.push(String(messages[0]?.[0]?.subarray(1)))
    }
    expect(seen).toEqual(["a", "b", "c"])
  })
})

describe("tryReceive", () => {
  it("gives the next message if there is one", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull, "inproc")
    expect(pull.tryReceive()).toBeUndefined()
    await push.sendMany(["a", ["b", "c"]])
    expect(texts(pull.tryReceive() ?? [])).toEqual(["a"])
    expect(texts(pull.tryReceive() ?? [])).toEqual(["b", "c"])
    expect(pull.tryReceive()).toBeUndefined()
  })

  it("gives nothing while a receive waits", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull, "inproc")
    const waiting = pull.receive()
    await push.send("for the one who waits")
    expect(pull.tryReceive()).toBeUndefined()
    expect(texts(await waiting)).toEqual(["for the one who waits"])
  })

  it("does not leave a send waiting", async () => {
    const a = open(zmq.Dealer)
    const b = open(zmq.Dealer)
    const waiting = a.send("hello")
    await join(a, b)
    while (!b.readable) {
      a.tryReceive()
      await new Promise(setImmediate)
    }
    await waiting
  })
})

describe("batches", () => {
  it("gives arrays until the socket is closed", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull)
    const sent = push.sendMany(numbers(5000))
    const got: string[] = []
    for await (const messages of pull.batches({ max: 64 })) {
      expect(messages.length).toBeLessThanOrEqual(64)
      for (const [part] of messages) got.push(String(part))
      if (got.length === 5000) pull.close()
    }
    await sent
    expect(got).toEqual(numbers(5000))
  })

  it("rejects when its timeout passes, and can continue", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull, "inproc")
    const batches = pull.batches({ timeout: 5 })
    expect(await failure(() => batches.next())).toMatchObject({ code: "EAGAIN" })
    await push.send("x")
    expect((await batches.next()).value?.map(texts)).toEqual([["x"]])
  })

  it("ends at a signal with its reason", async () => {
    const pull = open(zmq.Pull)
    const controller = new AbortController()
    const next = failure(() => pull.batches({ signal: controller.signal }).next())
    controller.abort("stop")
    expect(await next).toBe("stop")
  })
})
