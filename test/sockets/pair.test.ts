import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { eventually, freeAddress, join, open, sendUntilFull, texts, transports } from "../support/sockets.js"

describe.each(transports)("Pair over %s", (transport) => {
  async function pair(options: { sendHighWaterMark?: number; receiveHighWaterMark?: number } = {}) {
    const [a, b] = [open(zmq.Pair, options), open(zmq.Pair, options)]
    const endpoint = await join(a, b, transport)
    return { a, b, endpoint }
  }

  it("sends in order, both ways at once", async () => {
    const { a, b } = await pair()
    const count = 500
    const send = async (socket: zmq.Pair) => {
      for (let index = 0; index < count; index += 1) await socket.send(index)
    }
    const receive = async (socket: zmq.Pair) => {
      const seen: number[] = []
      while (seen.length < count) seen.push(Number(await socket.receive()))
      return seen
    }
    const [, , atA, atB] = await Promise.all([send(a), send(b), receive(a), receive(b)])
    const all = Array.from({ length: count }, (_, index) => index)
    expect(atA).toEqual(all)
    expect(atB).toEqual(all)
  })

  it("waits to send while there is no peer", async () => {
    const a = open(zmq.Pair)
    await a.bind(freeAddress(transport))
    expect(a.writable).toBe(false)
    const sent = a.send("early")
    const b = open(zmq.Pair)
    b.connect(a.lastEndpoint as string)
    await sent
    expect(texts(await b.receive())).toEqual(["early"])
  })

  it("waits to send when both queues are full", async () => {
    const { a, b } = await pair({ sendHighWaterMark: 2, receiveHighWaterMark: 2 })
    const part = Buffer.alloc(transport === "inproc" ? 1 : 1_000_000, "x")
    const sent = await sendUntilFull(a, (index) => [index, part])
    // Over tcp and ipc, the system's buffers hold some, too.
    if (transport === "inproc") expect(sent).toBe(4)
    else expect(sent).toBeGreaterThanOrEqual(2)
    expect(sent).toBeLessThan(50)
    const waiting = a.send([sent, part])
    for (let index = 0; index <= sent; index += 1) expect(String((await b.receive())[0])).toBe(String(index))
    await waiting
  })

  it("takes another peer when the first is gone", async () => {
    const { a, b, endpoint } = await pair()
    await b.send("first")
    await a.receive()
    b.close()
    // Until libzmq's threads have removed the first one, the pair refuses others.
    const next = await eventually(async () => {
      const candidate = open(zmq.Pair)
      candidate.connect(endpoint)
      await candidate.send("next")
      expect(texts(await a.receive({ timeout: 50 }))).toEqual(["next"])
      return candidate
    })
    await a.send("hello")
    expect(texts(await next.receive())).toEqual(["hello"])
  })

  it("is readable while there are messages, writable while there is room", async () => {
    const { a, b } = await pair()
    await a.send("x")
    await eventually(() => expect(b.readable).toBe(true))
    expect(a.writable).toBe(true)
    expect(a.readable).toBe(false)
    await b.receive()
    expect(b.readable).toBe(false)
  })
})
