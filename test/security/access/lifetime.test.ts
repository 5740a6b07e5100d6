// Opening and closing authenticators while peers connect.

import { Worker } from "node:worker_threads"

import * as zmq from "ohmq"
import { Authenticator } from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"

import { root, runProgram } from "../../support/process.js"
import { eventually, failure, freeAddress, open, texts, thrown } from "../../support/sockets.js"
import { alice, ask, authenticate, request, server } from "../support.js"

const never = () => new Promise<boolean>(() => {})

describe("two authenticators", () => {
  it("cannot share a context: the second one throws, and the first one keeps working", async () => {
    const { context } = authenticate({ null: true })
    const error = thrown(() => new Authenticator({ context, null: true }))
    expect(error).toMatchObject({ code: "EADDRINUSE", message: expect.stringContaining("only one") })
    expect((await ask(context, request("NULL")))[2]).toBe("200")
  })

  it("can follow each other at once", async () => {
    const context = new zmq.Context()
    for (let round = 0; round < 5; round += 1) {
      const authenticator = new Authenticator({ context, null: true })
      expect((await ask(context, request("NULL")))[2]).toBe("200")
      await authenticator.close()
    }
  })
})

describe("close", () => {
  it("answers every request, even those that it has not received yet", async () => {
    const { context, authenticator } = authenticate({ null: true, plain: never })
    const asked = Array.from({ length: 200 }, (_, index) =>
      ask(context, index % 2 === 0 ? request("NULL") : request("PLAIN", ["u", "p"])),
    )
    await authenticator.close()
    const statuses = (await Promise.all(asked)).map((reply) => reply[2])
    expect(statuses.filter((status) => status === "300").length).toBeGreaterThanOrEqual(100)
    expect(statuses.every((status) => status === "300" || status === "200")).toBe(true)
  })

  it("happens when the context is terminated while handlers are pending", async () => {
    const { context, authenticator } = authenticate({ plain: never })
    const dealer = open(zmq.Dealer, { context })
    dealer.connect("inproc://zeromq.zap.01")
    for (let index = 0; index < 10; index += 1) await dealer.send(["", ...request("PLAIN", ["u", "p"])])
    expect((await failure(() => dealer.receive({ timeout: 50 }))).code).toBe("EAGAIN")
    await context.terminate()
    await authenticator.close()
    expect(authenticator.closed).toBe(true)
  })

  it("is not needed for the process to exit, even if handlers never answer", async () => {
    const { status, stderr } = await runProgram(`
      import { Authenticator } from "ohmq/security"
      const authenticator = new Authenticator({ plain: () => new Promise(() => {}), timeout: 20_000_000 })
      const dealer = new zmq.Dealer({ linger: 0 })
      dealer.connect("inproc://zeromq.zap.01")
      await dealer.send(["", "1.0", "7", "d", "10.0.0.1", "", "PLAIN", "u", "p"])
      await dealer.receive({ timeout: 100 }).catch(() => {})
      dealer.close()`)
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })
})

describe("a temporary denial", () => {
  it("allows the peer later, once its handshake has timed out", async () => {
    let calls = 0
    const { context, authenticator, told } = authenticate({
      curve: () => {
        calls += 1
        if (calls === 1) throw new Error("the directory is away")
        return "alice"
      },
    })
    // After a temporary denial, libzmq keeps the peer waiting for the server's handshakeInterval.
    const pull = open(zmq.Pull, { context, security: { server, authenticator }, handshakeInterval: 200 })
    await pull.bind(freeAddress("tcp"))
    const push = open(zmq.Push, { security: { client: alice, serverKey: server }, reconnectInterval: 5 })
    push.connect(pull.lastEndpoint as string)
    await push.send("at last")
    expect(texts(await pull.receive({ timeout: 10_000 }))).toEqual(["at last"])
    expect(told.map(({ status }) => status)).toEqual([300, 200])
  })
})

describe("worker threads", () => {
  const program = (source: string) => {
    const worker = new Worker(
      `const zmq = require(${JSON.stringify(root)}); const security = require(${JSON.stringify(`${root}/dist/security/index.js`)})
      const { parentPort, workerData } = require("node:worker_threads");
      (async () => { ${source} })()`,
      {
        eval: true,
        workerData: { server: { publicKey: server.publicKey, secretKey: server.secretKey }, alice: alice.publicKey },
      },
    )
    onTestFinished(async () => void (await worker.terminate()))
    return {
      worker,
      message: () =>
        new Promise((resolve, reject) => {
          worker.once("message", resolve).once("error", reject)
        }),
    }
  }

  it("can have servers that an authenticator of the main thread guards", async () => {
    await using _ = new Authenticator({ curve: [alice] })
    const { message } = program(`
      const pull = new zmq.Pull({ security: { server: workerData.server, domain: "global" } })
      await pull.bind("tcp://127.0.0.1:*")
      parentPort.postMessage(pull.lastEndpoint)
      const { userId, parts } = await pull.receiveWithMetadata()
      parentPort.postMessage([userId, String(parts[0])])
      pull.close()`)
    const endpoint = (await message()) as string
    const push = open(zmq.Push, { security: { client: alice, serverKey: server } })
    push.connect(endpoint)
    const told = message()
    await push.send("hello")
    expect(await told).toEqual(["alice", "hello"])
  })

  it("can have authenticators, which end with them even while handlers are pending", async () => {
    const { worker, message } = program(`
      new security.Authenticator({ plain: () => new Promise(() => {}), curve: [workerData.alice] })
      parentPort.postMessage("ready")
      await new Promise(() => { setInterval(() => {}, 1000) })`)
    await message()
    expect(thrown(() => new Authenticator({ null: true })).code).toBe("EADDRINUSE")
    const asked = open(zmq.Dealer)
    asked.connect("inproc://zeromq.zap.01")
    await asked.send(["", ...request("PLAIN", ["u", "p"])])
    expect((await ask(zmq.context, request("CURVE", [Buffer.alloc(32)])))[2]).toBe("400")
    await worker.terminate()
    // libzmq frees the endpoint a little later.
    await using _ = await eventually(() => new Authenticator({ null: true }))
    expect((await ask(zmq.context, request("NULL")))[2]).toBe("200")
  })
})

describe("invalid requests", () => {
  it("are denied cheaply, however many and large they are", async () => {
    const { context, told } = authenticate({ null: true, curve: "any", plain: () => true })
    const dealer = open(zmq.Dealer, { context, sendHighWaterMark: 0, receiveHighWaterMark: 0 })
    dealer.connect("inproc://zeromq.zap.01")
    const huge = Buffer.alloc(8 << 20)
    const nonsense: zmq.MessageLike[][] = [
      ["", huge, "7", "", "", "", "NULL"],
      ["", "1.0", "7", huge, "", "", "NULL"],
      ["", "1.0", "7", "", huge, "", "NULL"],
      ["", "1.0", "7", "", "", "", huge],
      ["", "1.0", "7", "", "", "", "PLAIN", huge, huge],
      ["", "1.0", "7", "", "", "", "CURVE", huge],
      ["", "1.0", "7", "", "", "", "NULL", ...Array.from({ length: 10_000 }, () => "x")],
      ["", "1.0", "7", "", "", "", "CURVE"],
      ["", "1.0", "7", "", "", "", "null"],
      ["", "1.0", "7"],
      ["", "1.00", "7", "", "", "", "NULL"],
    ]
    for (const frames of nonsense) await dealer.send(frames)
    for (const _ of nonsense) expect(String((await dealer.receive({ timeout: 5000 }))[3])).toBe("400")
    // Without an id or an empty delimiter, there is no return path for an answer.
    for (let index = 0; index < 1000; index += 1) await dealer.send(index % 2 === 0 ? Array(50).fill("x") : ["", "1.0"])
    expect((await ask(context, request("NULL")))[2]).toBe("200")
    expect(dealer.tryReceive()).toBeUndefined()
    expect(told.filter(({ outcome }) => outcome === "denied")).toHaveLength(nonsense.length)
    expect(Math.max(...told.map((event) => JSON.stringify(event).length))).toBeLessThan(1000)
  })
})
