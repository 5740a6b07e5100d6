// Loops over `messages` and `events.all`, which a signal ends and a timeout interrupts. test/base/iteration-matrix.test.ts
// checks that these and all other loops lose nothing, however they end.

import { getEventListeners } from "node:events"

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { failure, freeAddress, join, open, texts, thrown } from "../support/sockets.js"

const end = { done: true, value: undefined }
const timedOut = { code: "EAGAIN", reason: "timeout" }

class Upper extends zmq.Pull {
  override async receive(): Promise<Buffer[]> {
    const message = await super.receive()
    return message.map((part) => Buffer.from(String(part).toUpperCase()))
  }
}

async function pipeline<P extends zmq.Pull>(Pull: new () => P) {
  const [push, pull] = [open(zmq.Push), open(Pull)]
  await join(push, pull, "inproc")
  return { push, pull }
}

describe.each([
  ["a socket", zmq.Pull, "a"],
  ["a socket with a receive of its own", Upper, "A"],
])("messages of %s", (_, Pull, first) => {
  it("ends at once if its signal was aborted before, and leaves what is there", async () => {
    const { push, pull } = await pipeline(Pull)
    await push.send("a")
    for await (const _ of pull.messages({ signal: AbortSignal.abort() })) throw new Error("The loop did not end")
    expect(texts(await pull.receive())).toEqual([first])
  })

  it("rejects a step that times out, and continues with the next", async () => {
    const { push, pull } = await pipeline(Pull)
    const messages = pull.messages({ timeout: 20 })
    for (let round = 0; round < 3; round += 1) expect(await failure(() => messages.next())).toMatchObject(timedOut)
    await push.send("a")
    expect(texts((await messages.next()).value as Buffer[])).toEqual([first])
    expect(await failure(() => messages.next())).toMatchObject(timedOut)
  })

  it("loses nothing that arrives when a step has timed out", async () => {
    const { push, pull } = await pipeline(Pull)
    const messages = pull.messages({ timeout: 1 })
    const seen: string[] = []
    const sending = (async () => {
      for (let index = 0; index < 50; index += 1) {
        await new Promise((resolve) => setTimeout(resolve, index % 3))
        await push.send(index)
      }
    })()
    while (seen.length < 50) {
      const step = await messages.next().catch((error) => {
        expect(error).toMatchObject(timedOut)
        return undefined
      })
      if (step !== undefined) seen.push(...texts(step.value as Buffer[]))
    }
    await sending
    expect(seen).toEqual(Array.from({ length: 50 }, (_, index) => String(index)))
  })

  it("stays done once its signal was aborted", async () => {
    const { push, pull } = await pipeline(Pull)
    const controller = new AbortController()
    const messages = pull.messages({ signal: controller.signal })
    const steps = [messages.next(), messages.next()]
    controller.abort()
    expect(await Promise.all(steps)).toEqual([end, end])
    await push.send("a")
    expect(await messages.next()).toEqual(end)
    for await (const message of pull.messages()) {
      expect(texts(message)).toEqual([first])
      break
    }
  })

  it("listens to its signal only while a step waits", async () => {
    const { push, pull } = await pipeline(Pull)
    const { signal } = new AbortController()
    const messages = pull.messages({ signal })
    expect(getEventListeners(signal, "abort").length).toBe(0)
    const step = messages.next()
    expect(getEventListeners(signal, "abort").length).toBe(1)
    await push.send("a")
    await step
    expect(getEventListeners(signal, "abort").length).toBe(0)
  })

  it("ends when the socket is closed", async () => {
    const { pull } = await pipeline(Pull)
    setImmediate(() => pull.close())
    for await (const _ of pull.messages({ timeout: 10_000 })) throw new Error("The loop did not end")
  })

  it("refuses unknown options", () => {
    const pull = open(Pull)
    expect(thrown(() => pull.messages({ max: 1 } as never)).message).toBe(
      'Unknown option "max". Known options: signal, timeout',
    )
    expect(thrown(() => pull.messages({ signal: {} as never }))).toBeInstanceOf(TypeError)
  })
})

describe("messages", () => {
  it("uses receiveTimeout if it has no timeout", async () => {
    const pull = open(zmq.Pull, { receiveTimeout: 1 })
    expect(await failure(() => pull.messages().next())).toMatchObject(timedOut)
    const patient = pull.messages({ timeout: -1 })
    const step = patient.next()
    const push = open(zmq.Push)
    await join(push, pull, "inproc")
    await push.send("a")
    expect(texts((await step).value as Buffer[])).toEqual(["a"])
  })

  it("exists on Dealer, Subscriber and Stream, but not on Push", () => {
    for (const socket of [open(zmq.Dealer), open(zmq.Subscriber), open(zmq.Stream)]) {
      expect(socket.messages).toBeTypeOf("function")
    }
    expect((open(zmq.Push) as unknown as zmq.Pull).messages).toBeUndefined()
  })
})

describe("events.all", () => {
  it("interrupts with its timeout, and ends with its signal", async () => {
    const socket = open(zmq.Pull)
    const controller = new AbortController()
    const events = socket.events.all({ timeout: 20, signal: controller.signal })
    expect(await failure(() => events.next())).toMatchObject(timedOut)
    await socket.bind(freeAddress("tcp"))
    expect((await events.next()).value).toMatchObject({ type: "bind" })
    const step = events.next()
    controller.abort()
    expect(await step).toEqual(end)
    expect(await events.next()).toEqual(end)
    await socket.unbind(socket.lastEndpoint as string)
    expect((await socket.events.receive()).type).toBe("close")
  })

  it("refuses unknown options, and does not work once there are listeners", async () => {
    const { events } = open(zmq.Pull)
    expect(thrown(() => events.all({ type: "bind" } as never)).message).toMatch(/^Unknown option "type"/)
    events.on("bind", () => {})
    expect((await failure(() => events.all().next())).message).toMatch(/^Observer is in event emitter mode/)
  })
})
