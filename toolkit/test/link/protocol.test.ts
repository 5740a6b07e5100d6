// The vectors of docs/link.md, played against both ends over sockets, as another implementation would.

import { readFileSync } from "node:fs"
import { Dealer, Router } from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"
import { entries, event, idOf, opened, receiving, sending } from "./support.js"

type Frame = { hex: string } | { text: string }
interface Line {
  from: "sender" | "receiver"
  frames: Frame[]
  /** Text of any kind follows. */
  reason?: boolean
  connection?: number
}
interface Vectors {
  dialogues: { name: string; messages: Line[] }[]
  invalid: { name: string; frames: Frame[] }[]
}

const vectors: Vectors = JSON.parse(readFileSync(new URL("../../docs/link-vectors.json", import.meta.url), "utf8"))
const bytesOf = (frame: Frame) => ("hex" in frame ? Buffer.from(frame.hex, "hex") : Buffer.from(frame.text))

/** A sender by hand. */
function dealer(endpoint: string): Dealer {
  const socket = new Dealer({ linger: 0, receiveTimeout: 5000 })
  onTestFinished(() => socket.close())
  socket.connect(endpoint)
  return socket
}

describe("a receiver", () => {
  for (const { name, messages } of vectors.dialogues) {
    it(`answers: ${name}`, async () => {
      const receiver = await receiving(await opened(), { insecure: true })
      const dealers = [1, 2].map(() => dealer(receiver.endpoint))
      for (const { from, frames, reason, connection = 1 } of messages) {
        const socket = dealers[connection - 1] as Dealer
        if (from === "sender") {
          await socket.send(frames.map(bytesOf))
          continue
        }
        const [answer, ...rest] = await socket.receive()
        const expected = bytesOf(frames[0] as Frame)
        expect(rest).toEqual([])
        expect((reason ? answer?.subarray(0, expected.length) : answer)?.toString("hex")).toBe(expected.toString("hex"))
        if (reason) expect(answer?.subarray(expected.length).toString()).toMatch(/^\S.{10,}/)
      }
    })
  }

  for (const { name, frames } of vectors.invalid) {
    it(`refuses ${name}`, async () => {
      const receiver = await receiving(await opened(), { insecure: true })
      const socket = dealer(receiver.endpoint)
      await socket.send(frames.map(bytesOf))
      const [answer] = await socket.receive()
      expect(answer?.subarray(0, 10).toString("hex")).toBe(`13${"00".repeat(8)}02`)
      expect(receiver.stats()).toMatchObject({ refusedSessions: 1, sessions: [] })
    })
  }

  it("acknowledges only what is durable", async () => {
    const store = await opened()
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    // Stores at once, and takes long to say so.
    const slow = new Proxy(store, {
      get(target, name) {
        if (name === "append")
          return async (...input: Parameters<typeof store.append>) => {
            const position = await target.append(...input)
            await gate
            return position
          }
        const value = Reflect.get(target, name)
        return typeof value === "function" ? value.bind(target) : value
      },
    })
    const receiver = await receiving(slow, { insecure: true })
    const socket = dealer(receiver.endpoint)
    const [hello, ready, events, ack] = (vectors.dialogues[0]?.messages ?? []) as [Line, Line, Line, Line]
    await socket.send(hello.frames.map(bytesOf))
    expect(await socket.receive()).toEqual(ready.frames.map(bytesOf))
    await socket.send(events.frames.map(bytesOf))
    await expect(socket.receive({ timeout: 200 })).rejects.toMatchObject({ code: "EAGAIN" })
    open()
    expect(await socket.receive()).toEqual(ack.frames.map(bytesOf))
  })

  it("refuses more bytes than it allowed", async () => {
    const receiver = await receiving(await opened(undefined, { maxCount: 1 }), { insecure: true, window: 1000 })
    const socket = dealer(receiver.endpoint)
    const [hello] = vectors.dialogues[0]?.messages ?? []
    await socket.send((hello as Line).frames.map(bytesOf))
    await socket.receive()
    const head = (sequence: number) => {
      const bytes = Buffer.alloc(34)
      bytes[0] = 2
      bytes.writeUInt32BE(sequence, 5)
      bytes.writeUInt32BE(sequence - 1, 13)
      bytes[33] = 2
      return bytes
    }
    // Sent at once, so that the first is not acknowledged when the second is read.
    await socket.sendMany([1, 2].map((sequence) => [head(sequence), ...event("x", 2000).frames.map(Buffer.from)]))
    const answers: Buffer[] = []
    while (answers.at(-1)?.[0] !== 0x13) answers.push(...(await socket.receive()))
    expect(answers.at(-1)?.[9]).toBe(7)
    expect(answers.at(-1)?.subarray(10).toString()).toMatch(/bytes are under way; 1000 may be/)
  })
})

describe("a sender", () => {
  it("sends what the vectors have, apart from its own instance and marks", async () => {
    const { messages } = vectors.dialogues[0] as Vectors["dialogues"][0]
    const router = new Router({ receiveTimeout: 5000, linger: 0 })
    onTestFinished(() => router.close())
    await router.bind("tcp://127.0.0.1:*")
    const source = await opened()
    const sender = await sending(source, router.lastEndpoint ?? "", { insecure: true, stream: "scanner-7" })
    let id: Buffer | undefined
    for (const { from, frames } of messages) {
      const expected = frames.map(bytesOf)
      if (from === "receiver") {
        await router.send([id as Buffer, ...expected])
        continue
      }
      if (expected[0]?.[0] === 2) await source.append(eventsOf(expected))
      const [from_, ...received] = await router.receive()
      id = from_
      expect(received.map((frame, i) => masked(frame, i).toString("hex"))).toEqual(
        expected.map((frame, i) => masked(frame, i).toString("hex")),
      )
    }
    await sender.drained()
    expect((await entries(source)).map(idOf)).toEqual(["1", "2", "3"])
  })

  it("repeats what is stored and was not acknowledged, because some of it may have been refused", async () => {
    const router = new Router({ receiveTimeout: 5000, linger: 0 })
    onTestFinished(() => router.close())
    await router.bind("tcp://127.0.0.1:*")
    const source = await opened()
    await source.append(["a", "b", "c"].map((id) => event(id)))
    const sender = await sending(source, router.lastEndpoint ?? "", { insecure: true })
    const [id] = await router.receive()
    await router.send([id as Buffer, Buffer.from(`1101${"00".repeat(7)}030040000000100000`, "hex")])
    const [, head] = await router.receive()
    expect(head?.toString("hex")).toMatch(new RegExp(`^02${"00".repeat(7)}01${"00".repeat(8)}`))
    const refused = new Promise((resolve) => sender.once("refused", resolve))
    await router.send([id as Buffer, Buffer.from(`13${"00".repeat(7)}0209626164`, "hex")])
    await router.send([id as Buffer, Buffer.from(`12${"00".repeat(7)}0300400000`, "hex")])
    expect(await refused).toEqual({ sequence: 2, reason: "bad" })
    await sender.drained()
    const letters = []
    for await (const letter of source.deadLetters("link s")) letters.push(letter)
    expect(letters.map(({ position, reason }) => [position, reason])).toEqual([[2, "bad"]])
  })

  it("begins again if the receiver breaks the protocol", async () => {
    const router = new Router({ receiveTimeout: 5000, linger: 0 })
    onTestFinished(() => router.close())
    await router.bind("tcp://127.0.0.1:*")
    const sender = await sending(await opened(), router.lastEndpoint ?? "", { insecure: true })
    for (const [answer, message] of [
      ["ff", /There is no answer 255/],
      ["11020000000000000000ffffffff", /version 2 instead of 1/],
      [`12${"00".repeat(12)}`, /something else than READY/],
      [`13${"00".repeat(8)}99`, /REFUSE has the unknown code/],
      [`13${"00".repeat(8)}04`, /^$/],
    ] as const) {
      const [id] = await router.receive()
      const disconnected = new Promise<Error>((resolve) => sender.once("disconnected", resolve))
      await router.send([id as Buffer, Buffer.from(answer, "hex")])
      expect((await disconnected).message).toMatch(message)
    }
  })
})

/** Without the bytes that each implementation chooses. */
function masked(frame: Buffer, index: number): Buffer {
  const copy = Buffer.from(frame)
  if (index === 0 && copy[0] === 1) copy.fill(0, 2, 18)
  if (index === 0 && copy[0] === 2) copy.fill(0, 17, 33)
  return copy
}

/** The events in an EVENT message. */
function eventsOf([head, ...frames]: Buffer[]) {
  let at = 0
  return [...(head as Buffer).subarray(33)].map((length) => {
    at += length
    return { frames: frames.slice(at - length, at) }
  })
}
