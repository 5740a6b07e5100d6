// Messages of unusual size. What can be sent at all is in socket/send-receive.test.ts and conformance/checks/messages.mjs.

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { freeAddress, join, open, texts, transports } from "../support/sockets.js"

describe.each(transports)("messages over %s", (transport) => {
  it.each([0, 1, 1023, 1024, 1025, 65_535, 65_536, 1 << 20])("of %i bytes arrive unchanged", async (size) => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull, transport)
    const sent = Buffer.alloc(size, "0123456789abcdef")
    await push.send(sent)
    const [received, ...others] = await pull.receive()
    expect(others).toEqual([])
    expect(received?.equals(sent)).toBe(true)
  })

  it("of 64 MiB arrive unchanged", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull, transport)
    const sent = Buffer.alloc(64 << 20, "0123456789abcdef")
    await push.send(sent)
    const [received] = await pull.receive()
    expect(received?.equals(sent)).toBe(true)
  })

  it.each(["send", "sendMany"] as const)(
    "of all small sizes reach who reads late and who reads at once by %s",
    async (by) => {
      const publisher = open(zmq.XPublisher, { sendHighWaterMark: 0, verbosity: "allSubs" })
      const early = open(zmq.Subscriber, { receiveHighWaterMark: 0 })
      const late = open(zmq.Subscriber, { receiveHighWaterMark: 0 })
      await publisher.bind(freeAddress(transport))
      for (const subscriber of [early, late]) {
        subscriber.subscribe()
        subscriber.connect(publisher.lastEndpoint as string)
        await publisher.receive()
      }
      const sent = Array.from({ length: 1100 }, (_, size) => `${size} `.repeat(size).slice(0, size))
      const read = async (subscriber: zmq.Subscriber, count: number) => {
        const messages: Buffer[][] = []
        while (messages.length < count) messages.push(...(await subscriber.receiveMany()))
        return messages.map(String)
      }
      for (const half of [sent.slice(0, 550), sent.slice(550)]) {
        if (by === "sendMany") await publisher.sendMany(half)
        else for (const message of half) await publisher.send(message)
        expect(await read(early, half.length)).toEqual(half)
      }
      expect(await read(late, sent.length)).toEqual(sent)
    },
  )

  it("of 10,000 parts arrive whole and in order", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull)
    await join(push, pull, transport)
    const parts = Array.from({ length: 10_000 }, (_, index) => `part ${index}`)
    await push.send(parts)
    await push.send("next")
    expect(texts(await pull.receive())).toEqual(parts)
    expect(texts(await pull.receive())).toEqual(["next"])
  })
})

it("over ws leave the memory of what was sent as it is", async () => {
  const pull = open(zmq.Pull)
  const push = open(zmq.Push)
  await pull.bind("ws://127.0.0.1:*")
  push.connect(pull.lastEndpoint as string)
  const sent = Buffer.alloc(5000, "0123456789abcdef")
  for (let count = 0; count < 3; count += 1) {
    await push.send(sent)
    expect((await pull.receive())[0]?.equals(Buffer.alloc(5000, "0123456789abcdef"))).toBe(true)
  }
  expect(sent.equals(Buffer.alloc(5000, "0123456789abcdef"))).toBe(true)
})
