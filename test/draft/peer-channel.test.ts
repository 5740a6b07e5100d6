import { Channel, Peer } from "ohmq/draft"
import { describe, expect, it } from "vitest"

import { endpointError, failure, freeAddress, join, open, thrown, transports } from "../support/sockets.js"

describe.each(transports)("Peer over %s", (transport) => {
  it("speaks first to those that it connects to, and answers those that connect", async () => {
    const others = [open(Peer), open(Peer)]
    const peer = open(Peer)
    const ids: number[] = []
    for (const other of others) {
      await other.bind(freeAddress(transport))
      ids.push(peer.connectPeer(other.lastEndpoint as string))
    }
    expect(new Set(ids).size).toBe(2)
    for (const [index, routingId] of ids.entries()) await peer.send(`to ${index}`, { routingId })
    for (const [index, other] of others.entries()) {
      const [message, from] = await other.receive()
      expect(String(message)).toBe(`to ${index}`)
      await other.send(`from ${index}`, from)
    }
    const came = [await peer.receive(), await peer.receive()]
    expect(came.map(([message, { routingId }]) => [String(message), ids.indexOf(routingId)]).sort()).toEqual([
      ["from 0", 0],
      ["from 1", 1],
    ])
  })
})

describe("Peer.connectPeer", () => {
  it("sends to a peer that is not there yet", async () => {
    const [peer, other] = [open(Peer), open(Peer)]
    const address = freeAddress("inproc")
    const routingId = peer.connectPeer(address)
    expect(routingId).toBeGreaterThan(0)
    await peer.send("early", { routingId })
    await other.bind(address)
    expect(String((await other.receive())[0])).toBe("early")
  })

  it.each([
    ["tcp://127.0.0.1:65536", "EINVAL"],
    ["tcp://", "EINVAL"],
    ["nothing://nowhere", "EPROTONOSUPPORT"],
  ] as const)("refuses %s", (address, code) => {
    expect(thrown(() => open(Peer).connectPeer(address))).toEqual(endpointError(code, address))
  })

  it("refuses an invalid address, more arguments, a closed socket, and 'immediate'", () => {
    const peer = open(Peer, { immediate: true })
    const address = "tcp://127.0.0.1:9"
    expect(thrown(() => peer.connectPeer(5 as never))).toEqual(new TypeError("Address must be a string"))
    expect(thrown(() => (peer.connectPeer as (...args: unknown[]) => void)(address, 1)).message).toBe(
      "Expected 1 argument but received 2",
    )
    expect(thrown(() => peer.connectPeer(address))).toMatchObject({
      code: "EINVAL",
      address,
      message: expect.stringContaining("immediate: false"),
    })
    peer.close()
    expect(thrown(() => peer.connectPeer(address))).toMatchObject({ code: "EBADF" })
  })

  it("waits for a bind in progress", async () => {
    const peer = open(Peer)
    const binding = peer.bind("tcp://127.0.0.1:*")
    expect(thrown(() => peer.connectPeer("tcp://127.0.0.1:9"))).toMatchObject({ code: "EBUSY" })
    await binding
  })
})

describe("Peer", () => {
  it("rejects with EHOSTUNREACH for a peer that is not there", async () => {
    expect(await failure(() => open(Peer).send("x", { routingId: 5 }))).toMatchObject({ code: "EHOSTUNREACH" })
  })

  it("reports a lost peer by disconnectMessage", async () => {
    const [bound, peer] = [open(Peer, { disconnectMessage: Buffer.from("gone") }), open(Peer)]
    await bound.bind("tcp://127.0.0.1:*")
    const routingId = peer.connectPeer(bound.lastEndpoint as string)
    await peer.send("hello", { routingId })
    const [, options] = await bound.receive()
    peer.close({ linger: 0 })
    expect(await bound.receive()).toEqual([Buffer.from("gone"), options])
  })
})

describe("Channel", () => {
  it("talks to one other, both ways at once", async () => {
    const [a, b] = [open(Channel), open(Channel)]
    await join(a, b)
    const count = 300
    const receive = async (channel: Channel) => {
      for (let index = 0; index < count; index += 1) expect((await channel.receive()).map(Number)).toEqual([index])
    }
    const send = async (channel: Channel) => {
      for (let index = 0; index < count; index += 1) await channel.send(index)
    }
    await Promise.all([receive(a), receive(b), send(a), send(b)])
  })

  it("answers each of thousands of messages before the next one goes", async () => {
    const [asking, answering] = [open(Channel), open(Channel)]
    await join(asking, answering, "inproc")
    const done = (async () => {
      for await (const [part] of answering) await answering.send(part)
    })()
    for (let index = 0; index < 5000; index += 1) {
      await asking.send(index)
      expect((await asking.receive({ timeout: 5000 })).map(Number)).toEqual([index])
    }
    answering.close()
    await done
  })

  it("waits with a send until the other is there", async () => {
    const [a, b] = [open(Channel), open(Channel)]
    await a.bind(freeAddress("inproc"))
    const sending = a.send("x")
    const receiving = a.receive()
    expect(a.trySend("y")).toBe(false)
    b.connect(a.lastEndpoint as string)
    await sending
    await b.send("z")
    expect([String((await b.receive())[0]), String((await receiving)[0])]).toEqual(["x", "z"])
  })
})
