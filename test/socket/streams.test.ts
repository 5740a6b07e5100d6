import { once } from "node:events"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { failure, join, open, texts } from "../support/sockets.js"

async function pair(push: zmq.SocketOptions<zmq.Push> = {}, pull: zmq.SocketOptions<zmq.Pull> = {}) {
  const sockets = { push: open(zmq.Push, push), pull: open(zmq.Pull, pull) }
  await join(sockets.push, sockets.pull, "inproc")
  return sockets
}

describe("toWritable", () => {
  it("sends each chunk as a message", async () => {
    const { push, pull } = await pair()
    await pipeline(Readable.from(["a", Buffer.from("b"), ["c", "d"]]), push.toWritable())
    const got = [await pull.receive(), await pull.receive(), await pull.receive()]
    expect(got.map(texts)).toEqual([["a"], ["b"], ["c", "d"]])
    expect(push.closed).toBe(false)
  })

  it("holds its source back while the queue is full", async () => {
    const { push, pull } = await pair({ sendHighWaterMark: 5 }, { receiveHighWaterMark: 5 })
    const writable = push.toWritable({ highWaterMark: 4 })
    let written = 0
    while (writable.write(String(written))) written += 1
    expect(written).toBeLessThan(30)
    const drained = once(writable, "drain")
    for (let index = 0; index <= written; index += 1) expect(texts(await pull.receive())).toEqual([String(index)])
    await drained
  })

  it("fails when the socket is closed", async () => {
    const push = open(zmq.Push)
    const writable = push.toWritable()
    const error = once(writable, "error")
    writable.write("waits")
    push.close()
    expect((await error)[0]).toMatchObject({ code: "EAGAIN" })
  })

  it("takes back what waits when it is destroyed", async () => {
    const push = open(zmq.Push)
    const writable = push.toWritable()
    writable.write("waits")
    writable.destroy()
    await once(writable, "close")
    await failure(() => push.send("not busy", { timeout: 0 })).then((error) => expect(error.code).toBe("EAGAIN"))
  })
})

describe("toReadable", () => {
  it("gives messages until the socket is closed", async () => {
    const { push, pull } = await pair()
    const messages = Array.from({ length: 1000 }, (_, index) => String(index))
    const sent = push.sendMany(messages)
    const got: string[] = []
    for await (const [part] of pull.toReadable()) {
      got.push(String(part))
      if (got.length === messages.length) pull.close()
    }
    await sent
    expect(got).toEqual(messages)
  })

  it("takes no more than its buffer holds while nobody reads", async () => {
    const { push, pull } = await pair()
    await push.sendMany(Array.from({ length: 100 }, (_, index) => String(index)))
    const readable = pull.toReadable({ highWaterMark: 3 })
    await once(readable, "readable")
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(readable.readableLength).toBe(3)
    expect(texts(await pull.receive())).toEqual(["3"])
  })

  it("leaves the socket alone when it is destroyed", async () => {
    const { push, pull } = await pair()
    const readable = pull.toReadable()
    readable.on("data", () => {})
    await new Promise(setImmediate)
    readable.destroy()
    await once(readable, "close")
    await push.send("after")
    expect(texts(await pull.receive())).toEqual(["after"])
  })

  it("fails where receiving fails", async () => {
    const request = open(zmq.Request)
    const readable = request.toReadable()
    readable.resume()
    expect((await once(readable, "error"))[0]).toMatchObject({ code: "EFSM" })
  })
})

describe("web streams", () => {
  it("carry messages from one to the other", async () => {
    const { push, pull } = await pair()
    const writer = push.toWritableStream().getWriter()
    const reader = pull.toReadableStream().getReader()
    await writer.write("a")
    await writer.write(["b", "c"])
    await writer.close()
    expect(texts((await reader.read()).value ?? [])).toEqual(["a"])
    expect(texts((await reader.read()).value ?? [])).toEqual(["b", "c"])
    pull.close()
    expect((await reader.read()).done).toBe(true)
  })
})
