import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { join, open, texts, thrown, transports } from "../support/sockets.js"

const bytes = Uint8Array.from({ length: 64 }, (_, index) => index * 3)

/** Two sockets that send and receive, joined. */
async function pair(transport: (typeof transports)[number] = "inproc", options: { sendHighWaterMark?: number } = {}) {
  const a = open(zmq.Pair, options)
  const b = open(zmq.Pair)
  await join(a, b, transport)
  return [a, b] as const
}

/** What arrives when a part is sent: alone, as the only one of an array, and as one of several. */
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

const shared = new SharedArrayBuffer(64)
new Uint8Array(shared).set(bytes)

const views = [
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
] as (new (
  buffer: ArrayBufferLike,
  offset?: number,
  length?: number,
) => ArrayBufferView)[]

describe("send", () => {
  it.each<[string, unknown, string | Buffer]>([
    ["a string", "text", "text"],
    ["an empty string", "", ""],
    ["a string beyond Latin-1", "ØMQ → 零 🧵", "ØMQ → 零 🧵"],
    ["a string of Latin-1", "Ångström", "Ångström"],
    ["a string with zero bytes", "a\0b\0", "a\0b\0"],
    ["a string with half a surrogate pair", "a\ud800b", "a\ufffdb"],
    ["a long string", "ø".repeat(5000), "ø".repeat(5000)],
    ["null", null, ""],
    ["an integer", 42, "42"],
    ["a negative number", -1.5, "-1.5"],
    ["NaN", Number.NaN, "NaN"],
    ["a boolean", true, "true"],
    ["a bigint", 12345678901234567890n, "12345678901234567890"],
    ["a date", new Date(0), String(new Date(0))],
    ["an object with toString", { toString: () => "its text" }, "its text"],
    ["a plain object", {}, "[object Object]"],
    ["a Buffer", Buffer.from(bytes), Buffer.from(bytes)],
    ["an empty Buffer", Buffer.alloc(0), ""],
    ["an ArrayBuffer", bytes.buffer, Buffer.from(bytes)],
    ["an empty ArrayBuffer", new ArrayBuffer(0), ""],
    ["a SharedArrayBuffer", shared, Buffer.from(bytes)],
    ["a Buffer on shared memory", Buffer.from(shared), Buffer.from(bytes)],
    ["a part of a Buffer", Buffer.from(bytes).subarray(3, 20), Buffer.from(bytes).subarray(3, 20)],
    ["a part of a Uint16Array", new Uint16Array(bytes.buffer).subarray(2, 5), Buffer.from(bytes).subarray(4, 10)],
    ["an empty part of a Buffer", Buffer.from(bytes).subarray(5, 5), ""],
  ])("takes %s", async (_, value, expected) => {
    expect(await arrivals(value)).toEqual(Buffer.from(expected))
  })

  it.each(views.map((view) => [view.name, view] as const))("takes the bytes of a %s", async (_, View) => {
    expect(await arrivals(new View(bytes.buffer))).toEqual(Buffer.from(bytes))
    expect(await arrivals(new View(bytes.buffer, 8, 4))).toEqual(
      Buffer.from(bytes.subarray(8, 8 + new View(bytes.buffer, 8, 4).byteLength)),
    )
  })

  it.each([1023, 1024, 1025, 100_000])("takes all kinds of bytes of %i bytes", async (size) => {
    const content = Buffer.alloc(size + 8, "0123456789")
    const sharedMemory = new SharedArrayBuffer(size)
    new Uint8Array(sharedMemory).set(content.subarray(0, size))
    const kinds = [content.subarray(0, size), content.buffer.slice(0, size), sharedMemory, new DataView(sharedMemory)]
    for (const kind of kinds) expect((await arrivals(kind)).equals(content.subarray(0, size))).toBe(true)
    expect((await arrivals(content.subarray(5, size + 5))).equals(content.subarray(5, size + 5))).toBe(true)
  })

  it("takes an array in an array as its text", async () => {
    const [a, b] = await pair()
    await a.send([["one", "two"] as never, "three"])
    expect(texts(await b.receive())).toEqual(["one,two", "three"])
  })

  it("takes a message as it was received", async () => {
    const [a, b] = await pair()
    await a.send(["one", Buffer.alloc(5000, "x"), null])
    await b.send(await b.receive())
    expect(texts(await a.receive())).toEqual(["one", "x".repeat(5000), ""])
  })

  it("leaves the array that it is given alone", async () => {
    const [a] = await pair()
    const message = Object.freeze(["a", 1, null]) as unknown as zmq.MessageLike[]
    await a.send(message)
    expect(message).toEqual(["a", 1, null])
  })

  it.each<[string, unknown, RegExp]>([
    ["nothing", undefined, /^Message must be present$/],
    ["a symbol", Symbol("x"), /Symbol/],
    ["a symbol among parts", ["a", Symbol("x")], /Symbol/],
    ["an object without text", Object.create(null), /primitive value/],
  ])("refuses %s, and sends none of it", async (_, value, message) => {
    const [a, b] = await pair()
    const error = thrown(() => a.send(value as never))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(message)
    await a.send("next")
    expect(texts(await b.receive())).toEqual(["next"])
  })

  it("lets an error of toString out, and sends nothing", async () => {
    const [a, b] = await pair()
    const error = new Error("no text")
    const part = {
      toString() {
        throw error
      },
    }
    expect(thrown(() => a.send(["a", part as never]))).toBe(error)
    await a.send("next")
    expect(texts(await b.receive())).toEqual(["next"])
  })

  it("resolves with nothing", async () => {
    const [a] = await pair()
    expect(await a.send("x")).toBeUndefined()
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

  it("may wait together with a send", async () => {
    const dealer = open(zmq.Dealer)
    const received = dealer.receive()
    const sent = dealer.send("out")
    const peer = open(zmq.Dealer)
    await join(peer, dealer, "inproc")
    await peer.send("in")
    await sent
    expect(texts(await received)).toEqual(["in"])
    expect(texts(await peer.receive())).toEqual(["out"])
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

  it.each([1, 512, 1024, 1025, 65_536])("of %i bytes is copied when it is sent", async (size) => {
    const [a, b] = await pair()
    const buffer = sent(size)
    await a.send(buffer)
    buffer.fill("b")
    expect(String(await b.receive())).toBe("a".repeat(size))
  })

  it.each(["tcp", "ipc"] as const)("is not shared over %s", async (transport) => {
    const [a, b] = await pair(transport)
    const buffer = sent(100_000)
    await a.send(buffer)
    const [received] = await b.receive()
    buffer.fill("b")
    expect(String(received)).toBe("a".repeat(100_000))
  })
})
