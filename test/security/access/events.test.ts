import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { eventually, join, open, texts, thrown } from "../../support/sockets.js"

describe("events.watch", () => {
  it("passes every event to the listener until it is stopped, however else events are read", async () => {
    const pull = open(zmq.Pull)
    const seen: string[] = []
    const stop = pull.events.watch(({ type }) => seen.push(type))
    await join(pull, open(zmq.Push))
    for (const type of ["bind", "accept", "handshake"]) expect((await pull.events.receive()).type).toBe(type)
    expect(seen).toEqual(["bind", "accept", "handshake"])
    stop()
    open(zmq.Push).connect(pull.lastEndpoint as string)
    expect((await pull.events.receive()).type).toBe("accept")
    expect(seen).toHaveLength(3)
    expect(thrown(() => pull.events.watch(7 as never)).name).toBe("TypeError")
  })
})

describe.each(["tcp", "ipc"] as const)("events.shutDown over %s", (transport) => {
  it("closes a connection, which reconnects and loses no later message", async () => {
    const pull = open(zmq.Pull)
    const push = open(zmq.Push, { reconnectInterval: 5 })
    const accepted = pull.events.waitFor("accept")
    const gone = pull.events.waitFor("disconnect")
    const ready = pull.connected()
    await join(pull, push, transport)
    const { fd, remoteAddress } = await accepted
    await ready
    expect(pull.events.shutDown({ fd, remoteAddress })).toBe(true)
    await gone
    await eventually(() => expect(pull.events.peers).toBe(1))
    await push.send("again")
    expect(texts(await pull.receive())).toEqual(["again"])
  })

  it("does not close other descriptors", async () => {
    const pull = open(zmq.Pull)
    const accepted = pull.events.waitFor("accept")
    await join(pull, open(zmq.Push), transport)
    const { fd } = await accepted
    expect(pull.events.shutDown({ fd, remoteAddress: "tcp://127.0.0.1:1" })).toBe(false)
    for (const other of [-1, 0, 1, 2, 99_999, 2 ** 40]) {
      expect(pull.events.shutDown({ fd: other, remoteAddress: "tcp://127.0.0.1:1" })).toBe(false)
    }
    expect(thrown(() => pull.events.shutDown({ fd: "1" } as never)).name).toBe("TypeError")
    expect(thrown(() => pull.events.shutDown({ fd: 1 })).name).toBe("TypeError")
  })
})
