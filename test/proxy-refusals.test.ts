// What a Proxy and its run() refuse.

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { failure, freeAddress, open, texts, thrown } from "./support/sockets.js"

describe("a proxy", () => {
  it("refuses what it cannot run", async () => {
    const bound = open(zmq.Router)
    await bound.bind(freeAddress("tcp"))
    const unbound = open(zmq.Dealer)
    expect(await failure(() => new zmq.Proxy(unbound, bound).run())).toMatchObject({
      code: "EINVAL",
      message: "Front-end socket must be bound or connected",
    })
    expect(await failure(() => new zmq.Proxy(bound, unbound).run())).toMatchObject({
      code: "EINVAL",
      message: "Back-end socket must be bound or connected",
    })
    unbound.close()
    expect(await failure(() => new zmq.Proxy(bound, unbound).run())).toMatchObject({ code: "EINVAL" })
    expect(thrown(() => new zmq.Proxy({} as never, bound))).toMatchObject({
      code: "EINVAL",
      reason: "Front-end must be a socket object",
    })
    expect(thrown(() => new zmq.Proxy(bound, {} as never))).toMatchObject({
      code: "EINVAL",
      reason: "Back-end must be a socket object",
    })
    expect(() => new zmq.Proxy(bound, bound, { capture: 5 as never })).toThrow("Capture must be a socket object")
  })

  it("refuses an invalid signal", async () => {
    const proxy = new zmq.Proxy(open(zmq.Pull), open(zmq.Push))
    expect((await failure(() => proxy.run({ signal: {} as never }))).message).toMatch(
      /^Expected signal to be an AbortSignal/,
    )
  })

  it("refuses options that are not an object, and a socket at both ends", async () => {
    const router = open(zmq.Router)
    await router.bind(freeAddress("tcp"))
    const proxy = new zmq.Proxy(router, router)
    expect((await failure(() => proxy.run(5 as never))).message).toMatch(/^Expected options to be an object/)
    expect(await failure(() => proxy.run())).toMatchObject({
      code: "EINVAL",
      message: "The sockets of a proxy must be different sockets",
    })
    expect(router.closed).toBe(false)
  })

  it("refuses a socket on which a send waits, and the send goes on", async () => {
    const [front, back] = [open(zmq.Dealer), open(zmq.Dealer)]
    await front.bind(freeAddress("tcp"))
    await back.bind(freeAddress("tcp"))
    const sent = back.send("x")
    expect(await failure(() => new zmq.Proxy(front, back).run())).toMatchObject({ code: "EBUSY" })
    const peer = open(zmq.Dealer)
    peer.connect(back.lastEndpoint as string)
    await sent
    expect(texts(await peer.receive())).toEqual(["x"])
  })
})
