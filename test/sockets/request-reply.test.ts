import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { eventually, failure, freeAddress, join, open, texts, transports } from "../support/sockets.js"

const outOfTurn = expect.objectContaining({
  code: "EFSM",
  message: "Operation cannot be accomplished in current state",
})

const next = async (socket: zmq.Readable) => texts(await socket.receive()).join()

describe.each(transports)("Request and Reply over %s", (transport) => {
  async function channel(options: { correlate?: boolean; relaxed?: boolean } = {}) {
    const [reply, request] = [open(zmq.Reply), open(zmq.Request, options)]
    const endpoint = await join(reply, request, transport)
    return { reply, request, endpoint }
  }

  /** A Request, and a Router in the place of its Reply, which can answer as it likes. */
  async function withRouter(options: { correlate?: boolean; relaxed?: boolean } = {}) {
    const [router, request] = [open(zmq.Router), open(zmq.Request, options)]
    await join(router, request, transport)
    return { router, request }
  }

  it("can be bound the other way round", async () => {
    const [reply, request] = [open(zmq.Reply), open(zmq.Request)]
    await join(request, reply, transport)
    await request.send("question")
    expect(await next(reply)).toBe("question")
    await reply.send("answer")
    expect(await next(request)).toBe("answer")
  })

  it("distribute requests among the replies", async () => {
    const request = open(zmq.Request)
    await request.bind(freeAddress(transport))
    const replies = ["a", "b"].map((name) => ({ name, reply: open(zmq.Reply) }))
    const serving = replies.map(async ({ name, reply }) => {
      reply.connect(request.lastEndpoint as string)
      for await (const _ of reply) await reply.send(name)
    })
    const answers: string[] = []
    await eventually(async () => {
      await request.send("who?")
      answers.push(await next(request))
      expect(new Set(answers.slice(-2)).size).toBe(2)
    })
    const later: string[] = []
    for (let index = 0; index < 10; index += 1) {
      await request.send("who?")
      later.push(await next(request))
    }
    expect(later.filter((name) => name === "a").length).toBe(5)
    for (const { reply } of replies) reply.close()
    await Promise.all(serving)
  })

  it("refuse to receive a second answer", async () => {
    const { reply, request } = await channel()
    await request.send("question")
    await reply.send(`re: ${await next(reply)}`)
    await request.receive()
    expect(await failure(() => request.receive())).toEqual(outOfTurn)
  })

  it("are readable and writable in turn", async () => {
    const { reply, request } = await channel()
    const states = () => [request.readable, request.writable, reply.readable, reply.writable]
    await eventually(() => expect(states()).toEqual([false, true, false, false]))
    await request.send("question")
    await eventually(() => expect(states()).toEqual([false, false, true, false]))
    await reply.receive()
    await eventually(() => expect(states()).toEqual([false, false, false, true]))
    await reply.send("answer")
    await eventually(() => expect(states()).toEqual([true, false, false, false]))
    await request.receive()
    await eventually(() => expect(states()).toEqual([false, true, false, false]))
  })

  it("still get the answer after a receive that timed out", async () => {
    const { reply, request } = await channel()
    await request.send("question")
    expect((await failure(() => request.receive({ timeout: 1 }))).code).toBe("EAGAIN")
    await reply.receive()
    await reply.send("answer")
    expect(await next(request)).toBe("answer")
  })

  it("wait to send a request while no peer is connected", async () => {
    const request = open(zmq.Request)
    await request.bind(freeAddress(transport))
    expect((await failure(() => request.send("x", { timeout: 0 }))).code).toBe("EAGAIN")
    const sent = request.send("early")
    const reply = open(zmq.Reply)
    reply.connect(request.lastEndpoint as string)
    await sent
    expect(await next(reply)).toBe("early")
  })

  it("keep the route of a request that came through other sockets", async () => {
    const [dealer, reply] = [open(zmq.Dealer), open(zmq.Reply)]
    await join(reply, dealer, transport)
    await dealer.send(["hop 1", "hop 2", "", "question"])
    expect(texts(await reply.receive())).toEqual(["question"])
    await reply.send("answer")
    expect(texts(await dealer.receive())).toEqual(["hop 1", "hop 2", "", "answer"])
  })

  describe("with correlate", () => {
    it("ignore an answer with another number", async () => {
      const { router, request } = await withRouter({ correlate: true })
      await request.send("question")
      const [peer, number] = (await router.receive()) as [Buffer, Buffer]
      await router.send([peer, Buffer.from([9, 9, 9, 9]), "", "to another"])
      await router.send([peer, "", "without one"])
      await router.send([peer, number, "", "answer"])
      expect(await next(request)).toBe("answer")
    })
  })

  describe("with relaxed", () => {
    it("still refuse to receive before any request", async () => {
      const { request } = await channel({ relaxed: true })
      expect(await failure(() => request.receive())).toEqual(outOfTurn)
    })

    it("are ready for another request at any time", async () => {
      const { reply, request } = await channel({ relaxed: true, correlate: true })
      for (let index = 0; index < 5; index += 1) await request.send(index)
      const serving = (async () => {
        for await (const [question] of reply) await reply.send(`re: ${question}`)
      })()
      expect(await next(request)).toBe("re: 4")
      reply.close()
      await serving
    })
  })
})

describe("Request over inproc", () => {
  it("ignores an answer without the empty part", async () => {
    const [router, request] = [open(zmq.Router), open(zmq.Request)]
    await join(router, request, "inproc")
    await request.send("question")
    const [peer] = await router.receive()
    await router.send([peer as Buffer, "no", "answer"])
    await router.send([peer as Buffer, "", "answer"])
    expect(await next(request)).toBe("answer")
  })
})
