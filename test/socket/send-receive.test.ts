// What send accepts beyond the conformance checks, and what receive returns.

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { join, open, texts, thrown, transports } from "../support/sockets.js"

/** Two sockets that send and receive, joined. */
async function pair(transport: (typeof transports)[number] = "inproc", options: { sendHighWaterMark?: number } = {}) {
  const a = open(zmq.Pair, options)
  const b = open(zmq.Pair)
  await join(a, b, transport)
  return [a, b] as const
}

/** What is received when a part is sent: alone, as the only one of an array, and as one of several. */
async function arrivals(value: unknown) {
  const [a, b] = await pair()
  const message = value as zmq.MessageLike
  await a.send(message)
  await a.send([message])
  await a.send(["before", message, "after"])
  const [alone, only, several] = [await b.receive(), await b.receive(), await b.receive()]
  expect([alone.length, only.length, several.length]).toEqual([1, 1, 3])
  const [part] = alone as [Buffer]
  expect(part.equals(only[0] as Buffer)).toBe(true)
  expect(part.equals(several[1] as Buffer)).toBe(true)
  expect([String(several[0]), String(several[2])]).toEqual(["before", "after"])
  return part
}

describe("send", () => {
  it.each([1023, 1024, 1025, 100_000])("takes all kinds of bytes of %i bytes", async (size) => {
    const content = Buffer.alloc(size + 8, "0123456789")
    const sharedMemory = new SharedArrayBuffer(size)
    new Uint8Array(sharedMemory).set(content.subarray(0, size))
    const kinds = [content.subarray(0, size), content.buffer.slice(0, size), sharedMemory, new DataView(sharedMemory)]
    for (const kind of kinds) expect((await arrivals(kind)).equals(content.subarray(0, size))).toBe(true)
    expect((await arrivals(content.subarray(5, size + 5))).equals(content.subarray(5, size + 5))).toBe(true)
  })

  it("takes a promise as text, with a warning once in a process", async () => {
    const { status, stdout } = await runProgram(`
      process.on("warning", ({ code, message }) => console.log(code, message))
      const [push, pull] = [new zmq.Push(), new zmq.Pull()]
      pull.bindSync("inproc://promises")
      push.connect("inproc://promises")
      await push.send(Promise.resolve("x"))
      await push.send(["a", Promise.resolve("x")])
      console.log(String(await pull.receive()), String(await pull.receive()))`)
    expect({ status, lines: stdout.trim().split("\n").sort() }).toEqual({
      status: 0,
      lines: [
        'OHMQ_PROMISE_SENT A promise was sent as the text "[object Promise]". Did you forget to await it?',
        "[object Promise] a,[object Promise]",
      ],
    })
  })

  it("does not change the array that it is given", async () => {
    const [a] = await pair()
    const message = Object.freeze(["a", 1, null]) as unknown as zmq.MessageLike[]
    await a.send(message)
    expect(message).toEqual(["a", 1, null])
  })

  it("while another send waits throws EBUSY, and the first is sent", async () => {
    const push = open(zmq.Push)
    const first = push.send("first")
    expect(thrown(() => push.send("second"))).toMatchObject({
      code: "EBUSY",
      message: "Socket is busy writing; only one send operation may be in progress at any time",
    })
    const pull = open(zmq.Pull)
    await join(pull, push, "inproc")
    await first
    await push.send("third")
    expect([texts(await pull.receive()), texts(await pull.receive())]).toEqual([["first"], ["third"]])
  })

  it("many times without waiting sends in order as long as there is room", async () => {
    const [a, b] = await pair()
    await Promise.all(Array.from({ length: 1000 }, (_, index) => a.send(index)))
    for (let index = 0; index < 1000; index += 1) expect(texts(await b.receive())).toEqual([String(index)])
  })
})

describe("receive", () => {
  it.each(transports)("gives Buffers, over %s", async (transport) => {
    const [a, b] = await pair(transport)
    await a.send(["small", Buffer.alloc(5000)])
    const message = await b.receive()
    expect(Array.isArray(message)).toBe(true)
    for (const part of message) {
      expect(Object.getPrototypeOf(part)).toBe(Buffer.prototype)
      expect(Buffer.isBuffer(part)).toBe(true)
    }
  })

  it("while another receive waits throws EBUSY, and the first gets the message", async () => {
    const [a, b] = await pair()
    const first = b.receive()
    expect(thrown(() => b.receive())).toMatchObject({
      code: "EBUSY",
      message: "Socket is busy reading; only one receive operation may be in progress at any time",
    })
    await a.send("x")
    expect(texts(await first)).toEqual(["x"])
  })

  it("can be called again as soon as the last one has settled", async () => {
    const [a, b] = await pair()
    const seen: string[] = []
    const first = b.receive().then((message) => {
      seen.push(...texts(message))
      return b.receive()
    })
    await a.send("one")
    await a.send("two")
    expect(texts(await first)).toEqual(["two"])
    expect(seen).toEqual(["one"])
  })
})

describe("the memory of a message", () => {
  const sent = (size: number) => Buffer.alloc(size, "a")

  it.each(["tcp", "ipc"] as const)("is not shared over %s", async (transport) => {
    const [a, b] = await pair(transport)
    const buffer = sent(100_000)
    await a.send(buffer)
    const [received] = await b.receive()
    buffer.fill("b")
    expect(String(received)).toBe("a".repeat(100_000))
  })
})
