// What all draft sockets have in common with the others: sending, receiving and waiting.

import { finished } from "node:stream/promises"

import type * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { links } from "../support/draft-links.js"
import { eventually, failure, thrown, transports } from "../support/sockets.js"

const timedOut = expect.objectContaining({ code: "EAGAIN", message: "Operation was not possible or timed out" })

const cases = Object.entries(links).flatMap(([name, open]) =>
  transports.map((transport) => [name, transport, open] as const),
)

const small = { sendHighWaterMark: 2, receiveHighWaterMark: 2 }

describe.each(cases)("%s over %s", (_, transport, open) => {
  it("passes messages of all kinds", async () => {
    const { send, receiver } = await open(transport)
    const large = Buffer.alloc(300_000, "large")
    const bytes = Buffer.from([0, 1, 255])
    const around = [1023, 1024, 1025].map((size) => Buffer.alloc(size, "around the limit of copies"))
    const sent = ["", "text", "ünï", null, 5, bytes, new Uint8Array(bytes).buffer, "x".repeat(5000), ...around]
    for (const message of [...sent, large]) await send(message)
    const came: Buffer[] = []
    while (came.length < sent.length) came.push((await receiver.receive())[0])
    expect(came).toEqual(
      ["", "text", "ünï", "", "5", bytes, bytes, "x".repeat(5000), ...around].map((part) =>
        Buffer.from(part as string),
      ),
    )
    expect((await receiver.receive())[0].equals(large)).toBe(true)
  })

  it("passes 3,000 messages in order, while queues of 2 make both sides wait", async () => {
    const { send, receiver } = await open(transport, small)
    const sending = (async () => {
      for (let index = 0; index < 3000; index += 1) await send(index)
    })()
    for (let index = 0; index < 3000; index += 1) expect(Number((await receiver.receive())[0])).toBe(index)
    await sending
  })

  it("passes batches", async () => {
    const { sendMany, receiver } = await open(transport)
    const all = Array.from({ length: 900 }, (_, index) => (index % 100 === 7 ? "x".repeat(2000) + index : `${index}`))
    await sendMany(all.slice(0, 500))
    await sendMany(all.slice(500))
    const came: string[] = []
    for await (const messages of receiver.batches({ max: 50 })) {
      expect(messages.length).toBeLessThanOrEqual(50)
      came.push(...messages.map(([part]) => String(part)))
      if (came.length === all.length) break
    }
    expect(came).toEqual(all)
  })

  it("completes a waiting receive, whatever is read meanwhile", async () => {
    const { send, receiver } = await open(transport)
    for (let round = 0; round < 20; round += 1) {
      const receiving = receiver.receive()
      void receiver.readable
      await send(round)
      void receiver.linger
      expect(String((await receiving)[0])).toBe(String(round))
    }
  })

  it("completes a waiting receive while the state of both sides is read all the time", async () => {
    const { send, sender, receiver } = await open(transport)
    let looking = true
    const receiving = receiver.receive().finally(() => {
      looking = false
    })
    await send("late")
    while (looking) await new Promise((turn) => setImmediate(turn, [receiver.readable, sender.writable]))
    expect(String((await receiving)[0])).toBe("late")
  })

  it("completes a waiting send when there is room again", async () => {
    const { send, receiver, trySend } = await open(transport, small)
    const filling = Buffer.alloc(200_000)
    let sent = 0
    // What is on its way into the other queue makes room once more.
    for (let full = 0; full < 2; ) {
      if (trySend(filling)) sent += 1
      else {
        full += 1
        const more = await send(filling, { timeout: 50 }).catch((error) => error)
        if (more === undefined) sent += 1
      }
    }
    const last = send("last")
    for (let index = 0; index < sent; index += 1) expect((await receiver.receive())[0].length).toBe(200_000)
    await last
    expect(String((await receiver.receive())[0])).toBe("last")
  })

  it("ends a receive by timeout, signal and close, and loses nothing", async () => {
    const { send, receiver } = await open(transport)
    expect(await failure(() => receiver.receive({ timeout: 5 }))).toEqual(timedOut)
    const controller = new AbortController()
    const aborted = receiver.receive({ signal: controller.signal })
    controller.abort()
    expect(await failure(() => aborted)).toMatchObject({ name: "AbortError" })
    await send("kept")
    expect(String((await receiver.receive())[0])).toBe("kept")
    const closed = receiver.receive()
    receiver.close()
    expect(await failure(() => closed)).toEqual(timedOut)
    expect(thrown(() => receiver.receive())).toMatchObject({ code: "EBADF" })
  })

  it("comes with metadata in the shape of every receive, whether small, large or waited for", async () => {
    const { send, receiver } = await open(transport)
    await send("plain")
    const [, ...beside] = await receiver.receive()
    const came: string[] = []
    const take = ({ parts: [part, ...rest], peerAddress }: zmq.MessageWithMetadata<[Buffer, ...object[]]>) => {
      expect(rest).toEqual(beside)
      expect(peerAddress).toEqual(
        { tcp: "127.0.0.1", ipc: expect.stringMatching(/^localhost:/), inproc: null }[transport],
      )
      came.push(String(part))
    }
    await send(Buffer.alloc(5000, "large"))
    take(await receiver.receiveWithMetadata())
    const waiting = receiver.receiveWithMetadata().then(take)
    for (let index = 0; index < 3; index += 1) await send(index)
    await waiting
    for await (const message of receiver.withMetadata()) {
      take(message)
      if (came.length === 4) break
    }
    expect(came).toEqual(["large".repeat(1000), "0", "1", "2"])
  })

  it("is iterated, and tried", async () => {
    const { trySend, receiver } = await open(transport)
    expect(receiver.tryReceive()).toBeUndefined()
    for (const message of ["a", "b", "c"]) expect(trySend(message)).toBe(true)
    const came: string[] = []
    for await (const [part] of receiver) {
      came.push(String(part))
      if (came.length === 2) break
    }
    const last = await eventually(() => receiver.tryReceive() ?? Promise.reject(new Error("not yet")))
    expect([...came, String(last[0])]).toEqual(["a", "b", "c"])
  })

  it("passes streams", async () => {
    const { sender, receiver, chunk } = await open(transport)
    const writable = sender.toWritable()
    for (const message of ["a", "b", "c"]) writable.write(chunk(message))
    writable.end()
    await finished(writable)
    const came: string[] = []
    for await (const [part] of receiver.toReadable() as AsyncIterable<[Buffer]>) {
      came.push(String(part))
      if (came.length === 3) receiver.close()
    }
    expect(came).toEqual(["a", "b", "c"])
  })

  it("lets many operations wait where there are queues", async () => {
    const { send, sender, receiver } = await open(transport, small)
    sender.sendQueue = { limit: 200 }
    receiver.receiveQueue = { limit: 200 }
    const all = Array.from({ length: 200 }, (_, index) => String(index))
    const came = all.map(() => receiver.receive())
    await Promise.all(all.map((message) => send(message)))
    expect((await Promise.all(came)).map(([part]) => String(part))).toEqual(all)
  })

  it("has one part only", async () => {
    const { send, receiver } = await open(transport)
    for (const parts of [[], ["a", "b"]]) {
      expect(await failure(() => send(parts as unknown as zmq.MessageLike))).toMatchObject({
        code: "EINVAL",
        message: `A message on this socket must have 1 part, but this one has ${parts.length}`,
      })
    }
    await send("one")
    expect(String((await receiver.receive())[0])).toBe("one")
  })
})
