import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { failure, join, open, texts } from "../support/sockets.js"

describe("sendQueue", () => {
  it("lets many callers send at once, in their order", async () => {
    const push = open(zmq.Push, { sendQueue: { limit: 100 } })
    const pull = open(zmq.Pull)
    const sends = Array.from({ length: 100 }, (_, index) => push.send(["send", String(index)]))
    await join(push, pull)
    for (let index = 0; index < 100; index += 1) expect(texts(await pull.receive())).toEqual(["send", String(index)])
    await Promise.all(sends)
  })

  it("keeps single sends and batches in order", async () => {
    const push = open(zmq.Push, { sendQueue: { limit: 10 } })
    const pull = open(zmq.Pull)
    const sends = [push.send("1"), push.sendMany(["2", "3"]), push.send("4")]
    expect(push.trySend("no")).toBe(false)
    await join(push, pull)
    const got: string[] = []
    while (got.length < 4) got.push(...texts(await pull.receive()))
    expect(got).toEqual(["1", "2", "3", "4"])
    await Promise.all(sends)
  })

  it("lets one more wait when it is full, by default", async () => {
    const push = open(zmq.Push, { sendQueue: { limit: 2 } })
    const pull = open(zmq.Pull)
    const sends = ["1", "2", "3", "4"].map((text) => push.send(text))
    await join(push, pull)
    await Promise.all(sends)
    const got: string[] = []
    while (got.length < 4) got.push(...texts(await pull.receive()))
    expect(got).toEqual(["1", "2", "3", "4"])
  })

  it("rejects one more when it is full, with whenFull: reject", async () => {
    const push = open(zmq.Push, { sendQueue: { limit: 2, whenFull: "reject" } })
    const pull = open(zmq.Pull)
    const sends = [push.send("1"), push.send("2")]
    expect(await failure(() => push.send("3"))).toMatchObject({
      code: "EBUSY",
      message: "The send queue is full (2 sends are waiting)",
    })
    expect(await failure(() => push.sendMany(["3"]))).toMatchObject({ code: "EBUSY", sent: 0 })
    await join(push, pull)
    await Promise.all(sends)
  })

  it("drops the oldest when it is full, with whenFull: drop-oldest", async () => {
    const push = open(zmq.Push, { sendQueue: { limit: 2, whenFull: "drop-oldest" } })
    const pull = open(zmq.Pull)
    const dropped = failure(() => push.send("1"))
    const sends = [push.send("2"), push.send("3")]
    expect(await dropped).toMatchObject({ code: "ECANCELED" })
    await join(push, pull)
    await Promise.all(sends)
    expect([texts(await pull.receive()), texts(await pull.receive())]).toEqual([["2"], ["3"]])
  })

  it("does not drop anything for a send that may not wait", async () => {
    const push = open(zmq.Push, { sendQueue: { limit: 1, whenFull: "drop-oldest" } })
    const pull = open(zmq.Pull)
    const first = push.send("first")
    expect(await failure(() => push.send("x", { timeout: 0 }))).toMatchObject({ code: "EAGAIN" })
    await join(push, pull)
    await first
    expect(texts(await pull.receive())).toEqual(["first"])
  })

  it("gives each its own timeout and signal", async () => {
    const push = open(zmq.Push, { sendQueue: { limit: 10 } })
    const pull = open(zmq.Pull)
    const controller = new AbortController()
    const first = push.send("1")
    const late = failure(() => push.send("2", { timeout: 5 }))
    const aborted = failure(() => push.send("3", { signal: controller.signal }))
    const last = push.send("4")
    controller.abort("no")
    expect(await late).toMatchObject({ code: "EAGAIN" })
    expect(await aborted).toBe("no")
    await join(push, pull)
    await Promise.all([first, last])
    expect([texts(await pull.receive()), texts(await pull.receive())]).toEqual([["1"], ["4"]])
  })

  it("rejects all when the socket is closed", async () => {
    const push = open(zmq.Push, { sendQueue: { limit: 10 } })
    const sends = Array.from({ length: 5 }, () => failure(() => push.send("x")))
    push.close()
    for (const error of await Promise.all(sends)) expect(error.code).toBe("EAGAIN")
  })

  it("makes the socket writable while there is room in it", async () => {
    const publisher = open(zmq.Push, { sendQueue: { limit: 1 }, sendHighWaterMark: 1 })
    publisher.connect("tcp://127.0.0.1:9")
    expect(publisher.writable).toBe(true)
    await publisher.send("fills")
    publisher.send("waits").catch(() => {})
    expect(publisher.writable).toBe(false)
  })

  it("can be set, read and removed", () => {
    const push = open(zmq.Push)
    expect(push.sendQueue).toBeNull()
    push.sendQueue = { limit: 5 }
    expect(push.sendQueue).toEqual({ limit: 5, whenFull: "wait" })
    push.sendQueue = true
    expect(push.sendQueue).toEqual({ limit: 1000, whenFull: "wait" })
    expect(open(zmq.Pull, { receiveQueue: true }).receiveQueue).toEqual({ limit: 1000, whenFull: "wait" })
    push.send("a").catch(() => {})
    push.send("b").catch(() => {})
    push.sendQueue = null
    expect(() => push.send("c")).toThrow("Socket is busy writing")
  })

  it.each([
    [{}],
    [{ limit: 0 }],
    [{ limit: 1.5 }],
    [{ limit: "3" }],
    [{ limit: 1, whenFull: "never" }],
    [5],
    ["wait"],
    [false],
  ])("refuses %o", (queue) => {
    expect(() => new zmq.Push({ sendQueue: queue as never })).toThrow(TypeError)
  })

  it("does not exist on a socket that cannot send", () => {
    expect(() => new zmq.Pull({ sendQueue: { limit: 1 } } as never)).toThrow(TypeError)
  })
})

describe("receiveQueue", () => {
  it("lets a receive take what came while another one waited", async () => {
    const pull = open(zmq.Pull, { receiveQueue: { limit: 10 } })
    const push = open(zmq.Push)
    await join(pull, push, "inproc")
    for (const receive of [() => pull.receive(), () => pull[Symbol.asyncIterator]().next()]) {
      const first = pull.receive()
      await push.sendMany(["1", "2"])
      await Promise.all([first, receive()])
    }
  })

  it("serves receives in their order", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull, { receiveQueue: { limit: 10 } })
    const received = [pull.receive(), pull.receiveMany({ max: 1 }), pull.receive()] as const
    await join(push, pull)
    await push.sendMany(["1", "2", "3"])
    expect(texts(await received[0])).toEqual(["1"])
    expect((await received[1]).map(texts)).toEqual([["2"]])
    expect(texts(await received[2])).toEqual(["3"])
  })

  it("rejects one more when it is full, or drops the oldest", async () => {
    const rejecting = open(zmq.Pull, { receiveQueue: { limit: 1, whenFull: "reject" } })
    const first = failure(() => rejecting.receive())
    expect(await failure(() => rejecting.receive())).toMatchObject({ code: "EBUSY" })
    rejecting.close()
    expect(await first).toMatchObject({ code: "EAGAIN" })

    const dropping = open(zmq.Pull, { receiveQueue: { limit: 1, whenFull: "drop-oldest" } })
    const oldest = failure(() => dropping.receive())
    const newest = failure(() => dropping.receive())
    expect(await oldest).toMatchObject({ code: "ECANCELED" })
    dropping.close()
    expect(await newest).toMatchObject({ code: "EAGAIN" })
  })

  it("lets two loops share a socket", async () => {
    const push = open(zmq.Push)
    const pull = open(zmq.Pull, { receiveQueue: { limit: 2 } })
    await join(push, pull)
    const got: string[] = []
    const loop = async () => {
      for await (const [part] of pull) {
        got.push(String(part))
        if (got.length === 100) pull.close()
      }
    }
    const loops = [loop(), loop()]
    for (let index = 0; index < 100; index += 1) await push.send(String(index))
    await Promise.all(loops)
    expect(got).toEqual(Array.from({ length: 100 }, (_, index) => String(index)))
  })
})

describe("a queue that is full", () => {
  it("drops and rejects nothing if there is room by now", async () => {
    for (const whenFull of ["drop-oldest", "reject"] as const) {
      const push = open(zmq.Push, { sendQueue: { limit: 1, whenFull } })
      const pull = open(zmq.Pull)
      const first = push.send("a")
      await pull.bind(`inproc://${whenFull}`)
      push.connect(`inproc://${whenFull}`)
      await Promise.all([first, push.send("b")])
      expect([texts(await pull.receive()), texts(await pull.receive())]).toEqual([["a"], ["b"]])
    }
  })
})
