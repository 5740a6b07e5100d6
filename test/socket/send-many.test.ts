// sendMany and trySend.

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { failure, join, open, texts, transports } from "../support/sockets.js"

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => String(from + index))

/** Receives until `count` messages came. */
async function collect(pull: zmq.Receiver, count: number): Promise<string[][]> {
  const all: string[][] = []
  while (all.length < count) all.push(...(await pull.receiveMany()).map(texts))
  return all
}

describe.each(transports)("sendMany over %s", (transport) => {
  async function pair() {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull, transport)
    return { push, pull }
  }

  it("sends all messages in order, whatever their kinds, sizes and parts", async () => {
    const { push, pull } = await pair()
    const large = "l".repeat(5000)
    const messages = [
      "text",
      Buffer.from("bytes"),
      null,
      ["a", "", "c"],
      large,
      ["small", large, Buffer.from(large), "small"],
      new Uint16Array([0x4241]),
      "å∀🚀",
      [],
      12,
      "last",
    ]
    await push.sendMany(messages)
    expect(await collect(pull, 10)).toEqual([
      ["text"],
      ["bytes"],
      [""],
      ["a", "", "c"],
      [large],
      ["small", large, large, "small"],
      ["AB"],
      ["å∀🚀"],
      ["12"],
      ["last"],
    ])
  })

  it("sends more messages than any queue holds", async () => {
    const { push, pull } = await pair()
    const messages = numbers(50_000)
    const sent = push.sendMany(messages)
    expect(await collect(pull, messages.length)).toEqual(messages.map((text) => [text]))
    await sent
  })

  it("sends messages of more parts than one call takes", async () => {
    const { push, pull } = await pair()
    const many = numbers(3000)
    await push.sendMany(["before", many, many, "after"])
    expect(await collect(pull, 4)).toEqual([["before"], many, many, ["after"]])
  })

  it("sends parts that add up to more bytes than one call takes", async () => {
    const { push, pull } = await pair()
    const messages = numbers(500).map((text) => text.padEnd(1000, "x"))
    await push.sendMany(messages)
    expect(await collect(pull, messages.length)).toEqual(messages.map((text) => [text]))
  })
})

describe("sendMany", () => {
  it("takes any iterable", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull)
    await push.sendMany(new Set(["a", "b"]))
    await push.sendMany([])
    expect(await collect(pull, 2)).toEqual([["a"], ["b"]])
  })

  it.each([["text"], [Buffer.from("bytes")], [null], [undefined], [5], [{}]])("refuses %o", (messages) => {
    const push = open(zmq.Push)
    expect(() => push.sendMany(messages as never)).toThrow(/^Expected messages to be an array or another iterable/)
  })

  it("sends nothing if one message cannot be sent", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull)
    expect(() => push.sendMany(["a", undefined as never])).toThrow("Message must be present")
    expect(() => push.sendMany(["a", ["b", Symbol("c") as never]])).toThrow(TypeError)
    await push.send("whole")
    expect(texts(await pull.receive())).toEqual(["whole"])
  })

  it("reports how many were sent when time runs out", async () => {
    const push = open(zmq.Push, { sendHighWaterMark: 10 })
    push.connect("tcp://127.0.0.1:9")
    const error = (await failure(() => push.sendMany(numbers(100), { timeout: 20 }))) as zmq.BatchError
    expect({ code: error.code, sent: error.sent }).toEqual({ code: "EAGAIN", sent: 10 })
  })

  it("reports how many were sent when it may not wait", async () => {
    const push = open(zmq.Push, { sendHighWaterMark: 10, sendTimeout: 0 })
    push.connect("tcp://127.0.0.1:9")
    const error = (await failure(() => push.sendMany(numbers(100)))) as zmq.BatchError
    expect({ code: error.code, sent: error.sent }).toEqual({ code: "EAGAIN", sent: 10 })
  })

  it("reports how many were sent when it is aborted", async () => {
    const push = open(zmq.Push, { sendHighWaterMark: 10 })
    push.connect("tcp://127.0.0.1:9")
    const controller = new AbortController()
    const sending = failure(() => push.sendMany(numbers(100), { signal: controller.signal }))
    controller.abort("enough")
    const error = (await sending) as zmq.BatchError
    expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR", sent: 10, cause: "enough" })
    const early = (await failure(() => push.sendMany(["x"], { signal: controller.signal }))) as zmq.BatchError
    expect(early).toMatchObject({ name: "AbortError", sent: 0, cause: "enough" })
  })

  it("reports how many were sent when the socket is closed", async () => {
    const push = open(zmq.Push, { sendHighWaterMark: 3, linger: 0 })
    push.connect("tcp://127.0.0.1:9")
    const sending = failure(() => push.sendMany(numbers(100)))
    push.close()
    expect(await sending).toMatchObject({ code: "EAGAIN", sent: 3 })
  })

  it("reports which message failed", async () => {
    const router = open(zmq.Router, { mandatory: true })
    const dealer = open(zmq.Dealer, { routingId: "here" })
    await join(router, dealer)
    await dealer.send("hello")
    await router.receive()
    const messages = [
      ["here", "1"],
      ["here", "2"],
      ["nowhere", "3"],
      ["here", "4"],
    ]
    expect(await failure(() => router.sendMany(messages))).toMatchObject({ code: "EHOSTUNREACH", sent: 2 })
    expect(await collect(dealer, 2)).toEqual([["1"], ["2"]])
  })

  it("continues where it stopped when there is room again", async () => {
    const push = open(zmq.Push, { sendHighWaterMark: 5 })
    const pull = open(zmq.Pull, { receiveHighWaterMark: 5 })
    await join(push, pull, "inproc")
    const messages = numbers(200).map((text) => [text, `${text}b`])
    const sent = push.sendMany(messages)
    expect(await collect(pull, 200)).toEqual(messages)
    await sent
  })

  it("throws EBUSY while a send waits", () => {
    const push = open(zmq.Push)
    push.send("waits").catch(() => {})
    expect(() => push.sendMany(["x"])).toThrow("Socket is busy writing")
  })

  it("lets a Request send only in its turn", async () => {
    const request = open(zmq.Request)
    const reply = open(zmq.Reply)
    await join(reply, request)
    expect(await failure(() => request.sendMany(["one", "two"]))).toMatchObject({ code: "EFSM", sent: 1 })
    expect(texts(await reply.receive())).toEqual(["one"])
  })
})

describe("trySend", () => {
  it("sends when there is room, and says whether there was", async () => {
    const push = open(zmq.Push, { sendHighWaterMark: 2 })
    expect(push.trySend("nobody there")).toBe(false)
    push.connect("tcp://127.0.0.1:9")
    expect([push.trySend("a"), push.trySend(["b", "c"]), push.trySend("full")]).toEqual([true, true, false])
  })

  it("does not overtake a send that waits", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    const waiting = push.send("first")
    expect(push.trySend("second")).toBe(false)
    await join(push, pull, "inproc")
    await waiting
    expect(push.trySend("second")).toBe(true)
    expect([texts(await pull.receive()), texts(await pull.receive())]).toEqual([["first"], ["second"]])
  })

  it("throws if the operation is not possible at all", () => {
    const request = open(zmq.Request)
    request.connect("tcp://127.0.0.1:9")
    expect(request.trySend("a")).toBe(true)
    expect(() => request.trySend("b")).toThrow(expect.objectContaining({ code: "EFSM" }))
    expect(() => request.trySend(undefined as never)).toThrow("Message must be present")
    const closed = open(zmq.Push)
    closed.close()
    expect(() => closed.trySend("x")).toThrow(expect.objectContaining({ code: "EBADF" }))
  })
})

describe("trySend after a wait", () => {
  it("finds the room that was made meanwhile", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(pull, push, "inproc")
    for (let round = 0; round < 20; round += 1) {
      let sent = 0
      while (push.trySend("x")) sent += 1
      expect(sent).toBeGreaterThan(0)
      for (let got = 0; got < sent; got += 1) expect(pull.tryReceive()).toBeDefined()
      expect(push.trySend("more")).toBe(true)
      expect(pull.tryReceive()).toBeDefined()
    }
  })
})

describe("a message that waits to be sent", () => {
  it("is sent as it was when send was called", async () => {
    const push = open(zmq.Push, { sendQueue: { limit: 5 } })
    const pull = open(zmq.Pull)
    const buffer = Buffer.from("first")
    const sends = [push.send(buffer), push.send([buffer, "x"]), push.sendMany([buffer])]
    buffer.fill("X")
    await join(push, pull)
    await Promise.all(sends)
    expect(await collect(pull, 3)).toEqual([["first"], ["first", "x"], ["first"]])
  })
})

describe("a peer that disconnects in the middle of many messages", () => {
  it("leaves no message in pieces to the others", async () => {
    const { status, stdout, stderr } = await runProgram(
      `
      const push = new zmq.Push({ sendHighWaterMark: 1000, linger: 0 })
      await push.bind("tcp://127.0.0.1:*")
      const steady = new zmq.Pull()
      steady.connect(push.lastEndpoint)
      let over = false, whole = 0
      const reading = (async () => {
        for await (const message of steady) {
          if (message.length !== 3) throw new Error("pieces: " + message.map(String))
          whole += 1
          if (over) break
        }
      })()
      const comings = (async () => {
        while (!over) {
          const guest = new zmq.Pull({ receiveHighWaterMark: 1 })
          guest.connect(push.lastEndpoint)
          await sleep(3)
          guest.close()
        }
      })()
      const batch = Array(200).fill(["head", "mid", "tail"])
      const end = Date.now() + 1500
      while (Date.now() < end) await push.sendMany(batch)
      over = true
      await push.send(["head", "mid", "tail"])
      await Promise.all([comings, reading])
      console.log(whole > 1000)
      push.close(); steady.close()`,
    )
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "true\n", stderr: "" })
  })
})
