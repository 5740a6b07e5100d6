import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { eventually, failure, join, open, texts, thrown } from "../support/sockets.js"

describe("receiveWithMetadata", () => {
  it("has the peer's address, type and routing id over tcp", async () => {
    const router = open(zmq.Router)
    const dealer = open(zmq.Dealer, { routingId: "worker-7" })
    await join(router, dealer)
    await dealer.send(["hello", Buffer.alloc(5000, "x")])
    const { parts, ...metadata } = await router.receiveWithMetadata()
    expect(texts(parts).slice(0, 2)).toEqual(["worker-7", "hello"])
    expect(parts[2]).toEqual(Buffer.alloc(5000, "x"))
    expect(metadata).toEqual({
      peerAddress: "127.0.0.1",
      userId: null,
      socketType: "DEALER",
      routingId: "worker-7",
      properties: {},
    })
  })

  it("rejects where libzmq refuses to receive", async () => {
    expect(await failure(() => open(zmq.Request).receiveWithMetadata())).toMatchObject({ code: "EFSM" })
  })

  it("is told of the message after the one for which a receive waits", async () => {
    const pull = open(zmq.Pull, { receiveQueue: true })
    const push = open(zmq.Push)
    await join(pull, push, "inproc")
    const first = pull.receive()
    await push.sendMany(["first", "second"])
    const second = pull.withMetadata().next()
    expect(texts(await first)).toEqual(["first"])
    expect(texts((await second).value?.parts ?? [])).toEqual(["second"])
  })

  it("has none over inproc", async () => {
    const pull = open(zmq.Pull)
    const push = open(zmq.Push)
    await join(pull, push, "inproc")
    await push.send("one")
    expect(await pull.receiveWithMetadata()).toEqual({
      parts: [Buffer.from("one")],
      peerAddress: null,
      userId: null,
      socketType: null,
      routingId: null,
      properties: {},
    })
  })

  it("has the properties that the sender has set, by name", async () => {
    const pull = open(zmq.Pull)
    const push = open(zmq.Push)
    push.metadata = { "X-Role": "scanner", "X-Site": "ämt" }
    await join(pull, push)
    await push.send("finding")
    const { properties } = await pull.receiveWithMetadata({ properties: ["X-Site", "X-Role", "X-Absent"] })
    expect(properties).toEqual({ "X-Role": "scanner", "X-Site": "ämt" })
  })

  it("names the user that PLAIN has authenticated", async () => {
    const context = new zmq.Context()
    const zap = open(zmq.Reply, { context })
    await zap.bind("inproc://zeromq.zap.01")
    const answering = (async () => {
      const [version, id] = await zap.receive()
      await zap.send([version as Buffer, id as Buffer, "200", "OK", "alice", ""])
    })()
    const pull = open(zmq.Pull, { context, plainServer: true, zapDomain: "test" })
    const push = open(zmq.Push, { context, plainUsername: "a", plainPassword: "b" })
    await join(pull, push)
    await push.send("signed")
    await answering
    expect((await pull.receiveWithMetadata()).userId).toBe("alice")
  })

  it("waits, and ends by timeout or signal without losing a message", async () => {
    const pull = open(zmq.Pull)
    const push = open(zmq.Push)
    await join(pull, push)
    expect(await failure(() => pull.receiveWithMetadata({ timeout: 10 }))).toMatchObject({ code: "EAGAIN" })
    const controller = new AbortController()
    const aborted = failure(() => pull.receiveWithMetadata({ signal: controller.signal }))
    controller.abort(new Error("enough"))
    expect(await aborted).toMatchObject({ message: "enough" })
    const waiting = pull.receiveWithMetadata()
    await push.send("one")
    expect(texts((await waiting).parts)).toEqual(["one"])
  })

  it("iterates, and ends when the socket is closed", async () => {
    const pull = open(zmq.Pull)
    const push = open(zmq.Push)
    await join(pull, push)
    await push.sendMany(["0", "1", "2"])
    const got: string[] = []
    for await (const { parts, peerAddress } of pull.withMetadata()) {
      got.push(`${texts(parts)} from ${peerAddress}`)
      if (got.length === 3) pull.close()
    }
    expect(got).toEqual(["0", "1", "2"].map((text) => `${text} from 127.0.0.1`))
  })

  it("keeps what was fetched ahead before, without metadata, and fetches nothing ahead from then on", async () => {
    const pull = open(zmq.Pull)
    const push = open(zmq.Push)
    await join(pull, push)
    const total = 1000
    await push.sendMany(Array.from({ length: total }, (_, index) => String(index)))
    await eventually(() => expect(pull.readable).toBe(true))
    let next = 0
    for await (const [part] of pull) {
      expect(part?.toString()).toBe(String(next))
      next += 1
      if (next === 500) break
    }
    let known = 0
    for (; next < total; next += 1) {
      const { parts, peerAddress } = await pull.receiveWithMetadata({ timeout: 1000 })
      expect(texts(parts)).toEqual([String(next)])
      // Once known, always known.
      if (peerAddress !== null) known += 1
      else expect(known).toBe(0)
    }
    expect(known).toBeGreaterThan(0)
  })

  it("is one of the receives that exclude each other, and is not there on sockets that cannot receive", async () => {
    const pull = open(zmq.Pull)
    const waiting = failure(() => pull.receive())
    expect(thrown(() => pull.receiveWithMetadata())).toMatchObject({ code: "EBUSY" })
    pull.close()
    await waiting
    expect("receiveWithMetadata" in open(zmq.Push) && (open(zmq.Push) as never as zmq.Pull).receiveWithMetadata).toBe(
      undefined,
    )
  })

  it.each([
    [{ properties: "X-Role" }, "Expected properties to be an array of names"],
    [{ properties: [""] }, "Expected properties to be an array of names"],
    [{ properties: [1] }, "Expected properties to be an array of names"],
    [{ property: [] }, 'Unknown option "property"'],
    [7, "Expected options to be an object"],
  ])("refuses %j", (options, message) => {
    const pull = open(zmq.Pull)
    expect(thrown(() => pull.receiveWithMetadata(options as never))).toMatchObject({
      name: "TypeError",
      message: expect.stringContaining(message),
    })
  })

  it("does not crash with names that libzmq does not know, or that hold a NUL", async () => {
    const output = await runProgram(`
      const pull = new zmq.Pull(), push = new zmq.Push()
      await pull.bind("tcp://127.0.0.1:*")
      push.connect(pull.lastEndpoint)
      await push.send("x")
      const { properties } = await pull.receiveWithMetadata({ properties: ["\\0", "Peer-Address\\0x", "é", "x".repeat(100000)] })
      console.log(JSON.stringify(properties))
      pull.close(); push.close()
    `)
    expect(JSON.parse(output.stdout)).toBeTypeOf("object")
  })
})
