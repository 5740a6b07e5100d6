// Sockets that send and receive values: ohmq/codec.

import * as zmq from "ohmq"
import { type Codec, json, MalformedMessageError, prefixed, text, withCodec } from "ohmq/codec"
import * as draft from "ohmq/draft"
import { describe, expect, it } from "vitest"

import { failure, freeAddress, join, open, texts, thrown, untilReceived } from "./support/sockets.js"

interface Finding {
  file: string
  line: number
}

const finding: Finding = { file: "ä.js", line: 3 }

/** Checks what a peer has sent. */
function toFinding(value: unknown): Finding {
  if (typeof (value as Finding | null)?.file !== "string") throw new TypeError("It has no file")
  return value as Finding
}

async function pipeline<Out, In>(codec: Codec<Out, In>) {
  const [push, pull] = [open(zmq.Push), open(zmq.Pull)]
  await join(pull, push, "inproc")
  return { push, pull, sender: withCodec(push, codec), receiver: withCodec(pull, codec) }
}

describe("withCodec", () => {
  it("sends and receives values", async () => {
    const { sender, receiver, push, pull } = await pipeline(json(toFinding))
    expect([sender.socket, receiver.socket]).toEqual([push, pull])
    await sender.send(finding)
    await sender.sendMany(new Set([finding, { ...finding, line: 4 }]))
    expect(await receiver.receive({ timeout: 5000 })).toEqual(finding)
    const seen: Finding[] = []
    for await (const value of receiver) if (seen.push(value) === 2) break
    expect(seen).toEqual([finding, { ...finding, line: 4 }])
  })

  it("has only what the socket has", () => {
    const [push, pull] = [withCodec(open(zmq.Push), text()), withCodec(open(zmq.Pull), text())]
    expect([Object.keys(push), Object.keys(pull)]).toEqual([
      ["socket", "send", "sendMany"],
      ["socket", "receive", "messages"],
    ])
  })

  it("passes on options, and throws what the socket throws", async () => {
    const { sender, receiver, pull } = await pipeline(text())
    expect(await failure(() => receiver.receive({ timeout: 1 }))).toMatchObject({ code: "EAGAIN", reason: "timeout" })
    expect(thrown(() => sender.send("x", { timeot: 1 } as never)).message).toMatch(/^Unknown option "?'?timeot/)
    const reason = new Error("no")
    expect(await failure(() => sender.send("x", { signal: AbortSignal.abort(reason) }))).toBe(reason)
    pull.close()
    expect(thrown(() => receiver.receive()).code).toBe("EBADF")
  })

  it("keeps the topic of a Publisher and Subscriber", async () => {
    const codec = prefixed(json<Finding>())
    const publisher = withCodec(open(zmq.Publisher, { bind: freeAddress("tcp") }), codec)
    const connect = publisher.socket.lastEndpoint as string
    const subscriber = withCodec(open(zmq.Subscriber, { connect, subscribe: "high" }), codec)
    const send = () =>
      publisher.sendMany([
        ["low", finding],
        ["high", finding],
      ])
    expect(texts(await untilReceived(send, subscriber.socket))[0]).toBe("high")
    await send()
    const [topic, value] = await subscriber.receive()
    expect([String(topic), value]).toEqual(["high", finding])
  })

  it("keeps the routing ids of a Router, for Dealers and for Requests", async () => {
    for (const [count, peer] of [
      [1, open(zmq.Dealer)],
      [2, open(zmq.Request)],
    ] as const) {
      const router = open(zmq.Router)
      await join(router, peer)
      const client = withCodec(peer, json<Finding>())
      await client.send(finding)
      if (count === 1) {
        const server = withCodec(router, prefixed(json<Finding>()))
        const [id, value] = await server.receive()
        await server.send([id, { ...value, line: 5 }])
      } else {
        const server = withCodec(router, prefixed(json<Finding>(), 2))
        const [id, empty, value] = await server.receive()
        expect(empty.length).toBe(0)
        await server.send([id, "", { ...value, line: 5 }])
      }
      expect(await client.receive()).toEqual({ ...finding, line: 5 })
    }
  })

  it("answers with a Request and a Reply", async () => {
    const [reply, request] = [withCodec(open(zmq.Reply), text()), withCodec(open(zmq.Request), json<number>())]
    await join(reply.socket, request.socket)
    await request.send(20)
    await reply.send(String(Number(await reply.receive()) + 1))
    expect(await request.receive()).toBe(21)
  })

  it("takes a codec of the program's own, of any number of parts", async () => {
    const codec: Codec<Map<string, string>> = {
      encode: (map) => [...map].flat(),
      decode: (parts) =>
        new Map(texts(parts).flatMap((part, index, all) => (index % 2 ? [] : [[part, all[index + 1] ?? ""]]))),
    }
    const { sender, receiver } = await pipeline(codec)
    const map = new Map([
      ["a", "1"],
      ["b", "2"],
    ])
    await sender.send(map)
    expect(await receiver.receive()).toEqual(map)
  })

  it("receives values that are null or undefined", async () => {
    const { sender, receiver } = await pipeline(json())
    await sender.send(null)
    const nothing = { encode: () => "", decode: () => undefined }
    for await (const value of receiver) {
      expect(value).toBeNull()
      break
    }
    await sender.send(1)
    expect(await withCodec(receiver.socket, nothing).messages().next()).toEqual({ done: false, value: undefined })
  })

  it("works on draft sockets of one part", async () => {
    const [scatter, gather] = [withCodec(open(draft.Scatter), text()), withCodec(open(draft.Gather), text())]
    await join(scatter.socket, gather.socket)
    await scatter.send("x")
    expect(await gather.receive()).toBe("x")
  })
})

describe("a malformed message", () => {
  const cause = (message: string) => expect.objectContaining({ message })
  const sent: [string, Codec<unknown, never>, zmq.MessageLike[], string][] = [
    ["is not JSON", json(), ["{no"], "(1 part: 3 bytes): The part is not valid JSON"],
    ["is empty", json(), [""], "(1 part: 0 bytes): The part is not valid JSON"],
    ["is not UTF-8", text(), [Buffer.from([0xff, 0x41])], "(1 part: 2 bytes): The part is not valid UTF-8"],
    ["has too many parts", json(), ["1", "22"], "(2 parts: 1, 2 bytes): A value must be one part"],
    ["has too few parts", prefixed(json()), ["topic"], "(1 part: 5 bytes): A value must be one part"],
    ["has too few parts for two", prefixed(json(), 2), ["id", "1"], "(2 parts: 2, 1 bytes): A value must be one part"],
    ["does not pass the check", json(toFinding), ["{}"], "(1 part: 2 bytes): It has no file"],
    [
      "has a thousand parts",
      text(),
      Array(1000).fill("x"),
      "(1000 parts: 1, 1, 1, 1, 1, 1, 1, 1, … bytes): A value must be one part",
    ],
  ]

  it.each(sent)("that %s rejects its receive, and is gone", async (_, codec, parts, text) => {
    const { push, receiver } = await pipeline(codec)
    await push.sendMany([parts, ["last"]])
    const error = (await failure(() => receiver.receive())) as Error as MalformedMessageError
    expect(error).toBeInstanceOf(MalformedMessageError)
    expect(error).toMatchObject({ name: "MalformedMessageError", code: "ERR_MALFORMED_MESSAGE" })
    expect(error.message).toBe(`Malformed message ${text}`)
    expect(error.cause).toEqual(cause(text.slice(text.indexOf(": ", text.indexOf(")")) + 2)))
    expect(error.parts).toEqual(parts.map((part) => Buffer.from(part as string)))
    expect(JSON.stringify(error)).not.toContain("parts")
    expect(texts(await receiver.socket.receive())).toEqual(["last"])
  })

  it("does not have its text in the message of the error", async () => {
    const { push, receiver } = await pipeline(json())
    await push.send("secret\nnot JSON")
    expect((await failure(() => receiver.receive())).message).not.toContain("secret")
  })

  it("rejects its step, and the loop can continue", async () => {
    const { push, receiver } = await pipeline(json<number>())
    await push.sendMany(["1", "two", "3", "four", "5"])
    const values = receiver.messages()
    // Called all at once, and settled in order.
    const steps = await Promise.allSettled(Array.from({ length: 5 }, () => values.next()))
    expect(steps.map((step) => (step.status === "fulfilled" ? step.value.value : step.reason.code))).toEqual([
      1,
      "ERR_MALFORMED_MESSAGE",
      3,
      "ERR_MALFORMED_MESSAGE",
      5,
    ])
    await push.sendMany(["six", "7"])
    const loop = async () => {
      for await (const _ of receiver);
    }
    expect(await failure(loop)).toBeInstanceOf(MalformedMessageError)
    expect(await receiver.receive()).toBe(7)
  })

  it("is passed to onMalformed, and left out of the loop", async () => {
    const { push, receiver } = await pipeline(json<number>())
    await push.sendMany(["1", "two", "three", "4"])
    const malformed: string[][] = []
    const seen: number[] = []
    for await (const value of receiver.messages({ onMalformed: ({ parts }) => malformed.push(texts(parts)) })) {
      seen.push(value)
      if (seen.length === 2) break
    }
    expect({ seen, malformed }).toEqual({ seen: [1, 4], malformed: [["two"], ["three"]] })

    await push.sendMany(["five", "6", "7"])
    const values = receiver.messages({ onMalformed: () => {} })
    const steps = await Promise.all([values.next(), values.next()])
    expect(steps.map(({ value }) => value)).toEqual([6, 7])
  })

  it("ends the loop with what onMalformed throws", async () => {
    const { push, receiver } = await pipeline(json())
    await push.send("no")
    const stop = new Error("stop")
    const messages = receiver.messages({
      onMalformed: () => {
        throw stop
      },
    })
    expect(await failure(() => messages.next())).toBe(stop)
    expect(thrown(() => receiver.messages({ onMalformed: true as never })).message).toMatch(
      /^Expected onMalformed to be/,
    )
  })
})

describe("a value that cannot be sent", () => {
  it("throws before anything is sent", async () => {
    const { sender, receiver } = await pipeline(json())
    expect(thrown(() => sender.send(undefined)).message).toMatch(
      /^Expected value to be a value that JSON can represent/,
    )
    expect(thrown(() => sender.sendMany(["fine", () => {}]))).toBeInstanceOf(TypeError)
    const cycle: unknown[] = []
    cycle.push(cycle)
    expect(thrown(() => sender.send(cycle))).toBeInstanceOf(TypeError)
    expect(await failure(() => receiver.receive({ timeout: 0 }))).toMatchObject({ code: "EAGAIN" })
  })

  it("throws for a missing prefix, and for an invalid count", () => {
    const push = withCodec(open(zmq.Push), prefixed(json()))
    expect(thrown(() => push.send(["topic"] as never)).message).toMatch(/^Expected value to be an array of 2/)
    expect(thrown(() => push.send("topic" as never)).message).toMatch(/^Expected value to be an array of 2/)
    expect(thrown(() => prefixed(text(), 3 as never)).message).toMatch(/^Expected count to be 1 or 2/)
  })
})
