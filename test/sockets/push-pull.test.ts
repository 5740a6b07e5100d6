import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { eventually, failure, freeAddress, join, open, texts, transports } from "../support/sockets.js"

/** Waits until all are connected: each of them has received a message, and none is on its way. */
async function greeted(push: zmq.Push, pulls: zmq.Pull[]) {
  const heard = new Set<zmq.Pull>()
  let sent = 0
  let received = 0
  await eventually(async () => {
    if (heard.size < pulls.length) {
      await push.send("greeting")
      sent += 1
    }
    for (const pull of pulls) {
      while (await pull.receive({ timeout: 1 }).catch(() => undefined)) {
        heard.add(pull)
        received += 1
      }
    }
    expect([heard.size, received]).toEqual([pulls.length, sent])
  })
}

describe.each(transports)("Push and Pull over %s", (transport) => {
  it("pass 10,000 messages in order", async () => {
    const [push, pull] = [open(zmq.Push), open(zmq.Pull)]
    await join(pull, push, transport)
    const count = 10_000
    const sending = (async () => {
      for (let index = 0; index < count; index += 1) await push.send(index)
    })()
    let wrong = 0
    for (let index = 0; index < count; index += 1) if (Number(await pull.receive()) !== index) wrong += 1
    await sending
    expect(wrong).toBe(0)
  })

  it("distribute messages evenly, in turn", async () => {
    const push = open(zmq.Push)
    await push.bind(freeAddress(transport))
    const pulls = [open(zmq.Pull), open(zmq.Pull), open(zmq.Pull)]
    for (const pull of pulls) pull.connect(push.lastEndpoint as string)
    await greeted(push, pulls)
    const total = 300
    for (let index = 0; index < total; index += 1) await push.send(index)
    for (const pull of pulls) {
      const seen: number[] = []
      for (let index = 0; index < total / 3; index += 1) seen.push(Number(await pull.receive()))
      for (const [index, value] of seen.entries()) if (index > 0) expect(value - Number(seen[index - 1])).toBe(3)
    }
  })

  it("receive from all senders in turn", async () => {
    const pull = open(zmq.Pull)
    await pull.bind(freeAddress(transport))
    const pushes = ["a", "b", "c"].map((name) => ({ name, push: open(zmq.Push) }))
    for (const { name, push } of pushes) {
      push.connect(pull.lastEndpoint as string)
      for (let index = 0; index < 100; index += 1) await push.send(name)
      await push.send("last")
    }
    await eventually(() => expect(pull.readable).toBe(true))
    const order: string[] = []
    while (order.filter((name) => name === "last").length < 3) order.push(String(await pull.receive()))
    for (const { name } of pushes) expect(order.filter((other) => other === name).length).toBe(100)
    if (transport === "inproc") {
      // Here all messages are there from the start.
      for (let index = 0; index < 300; index += 3) {
        expect(order.slice(index, index + 3).sort()).toEqual(["a", "b", "c"])
      }
    }
  })

  it("give each message, with all its parts, to one puller only", async () => {
    const push = open(zmq.Push)
    await push.bind(freeAddress(transport))
    const pulls = [open(zmq.Pull), open(zmq.Pull)]
    for (const pull of pulls) pull.connect(push.lastEndpoint as string)
    const seen: string[] = []
    const counting = pulls.map(async (pull) => {
      for await (const message of pull) {
        expect(message.length).toBe(3)
        seen.push(texts(message).join())
      }
    })
    for (let index = 0; index < 200; index += 1) await push.send([index, "two", "three"])
    await eventually(() => expect(seen.length).toBe(200))
    for (const pull of pulls) pull.close()
    await Promise.all(counting)
    expect(new Set(seen).size).toBe(200)
  })

  it("skip a puller whose queue is full", async () => {
    const push = open(zmq.Push, { sendHighWaterMark: 1 })
    await push.bind(freeAddress(transport))
    const options = { receiveHighWaterMark: 1 }
    const [idle, busy] = [open(zmq.Pull, options), open(zmq.Pull, options)]
    idle.connect(push.lastEndpoint as string)
    busy.connect(push.lastEndpoint as string)
    const part = Buffer.alloc(transport === "inproc" ? 1 : 1_000_000)
    let received = 0
    const counting = (async () => {
      for await (const _ of busy) received += 1
    })()
    for (let index = 0; index < 100; index += 1) await push.send(part)
    await eventually(() => expect(received).toBeGreaterThanOrEqual(80))
    busy.close()
    await counting
  })
})

describe("Push with immediate", () => {
  it("gives nothing to a connection that is not complete", async () => {
    const endpoint = freeAddress("ipc")
    const push = open(zmq.Push, { immediate: true, reconnectInterval: 5 })
    push.connect(endpoint)
    expect(push.writable).toBe(false)
    expect((await failure(() => push.send("x", { timeout: 20 }))).code).toBe("EAGAIN")
    const pull = open(zmq.Pull)
    await pull.bind(endpoint)
    await push.send("now")
    expect(texts(await pull.receive())).toEqual(["now"])
  })
})
