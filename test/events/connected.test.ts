import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { eventually, failure, freeAddress, join, open, texts } from "../support/sockets.js"

describe("connected", () => {
  it("resolves when that many peers are connected", async () => {
    const publisher = open(zmq.Publisher)
    const ready = publisher.connected({ count: 3 })
    await publisher.bind(freeAddress("tcp"))
    const peers = [open(zmq.Subscriber), open(zmq.Subscriber), open(zmq.Subscriber)]
    for (const peer of peers.slice(0, 2)) peer.connect(publisher.lastEndpoint as string)
    expect(await failure(() => publisher.connected({ count: 3, timeout: 50 }))).toMatchObject({
      code: "EAGAIN",
      reason: "timeout",
    })
    peers[2]?.connect(publisher.lastEndpoint as string)
    await ready
    expect(publisher.events.peers).toBe(3)
    const lost = publisher.events.waitFor("disconnect")
    peers[0]?.close()
    await lost
    expect(publisher.events.peers).toBe(2)
  })

  it("solves the slow joiner problem", async () => {
    const subscriber = open(zmq.XSubscriber)
    const publisher = open(zmq.XPublisher)
    const ready = Promise.all([publisher.connected(), subscriber.connected()])
    await join(publisher, subscriber)
    await ready
    await subscriber.send(Buffer.from([1]))
    await publisher.receive()
    await publisher.send("first")
    expect(texts(await subscriber.receive())).toEqual(["first"])
  })

  /** Both are connected when it resolves. */
  async function connectedPair<A extends zmq.Socket, B extends zmq.Socket>(bound: A, connecting: B) {
    const ready = Promise.all([bound.connected(), connecting.connected()])
    const endpoint = await join(bound, connecting)
    await ready
    return endpoint
  }

  it("still counts the peers of other endpoints when one is given up", async () => {
    const push = open(zmq.Push)
    const ready = push.connected({ count: 2 })
    const pulls = [open(zmq.Pull), open(zmq.Pull)]
    for (const pull of pulls) {
      await pull.bind(freeAddress("tcp"))
      push.connect(pull.lastEndpoint as string)
    }
    await ready
    push.disconnect(pulls[1]?.lastEndpoint as string)
    expect(push.events.peers).toBe(1)
  })

  it("does not count peers of an endpoint after unbind or disconnect", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    const endpoint = await connectedPair(pull, push)
    push.disconnect(endpoint)
    push.connect("tcp://127.0.0.1:9")
    expect(push.events.peers).toBe(0)
    expect(await failure(() => push.connected({ timeout: 50 }))).toMatchObject({ code: "EAGAIN" })
    // libzmq ends the connection when the socket is used.
    await eventually(() => expect([typeof push.writable, pull.events.peers]).toEqual(["boolean", 0]))
    push.connect(endpoint)
    await pull.connected()
    await pull.unbind(endpoint)
    expect(pull.events.peers).toBe(0)
  })

  it("does not count a peer whose handshake is reported after the disconnect, or under another name", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    await pull.bind(freeAddress("tcp"))
    const endpoint = (pull.lastEndpoint as string).replace("127.0.0.1", "localhost")
    let ended = 0
    push.events.watch((event) => {
      if (event.type === "close" && event.localAddress !== undefined) ended += 1
    })
    for (let round = 0; round < 10; round += 1) {
      const [accepted, ready] = [pull.events.waitFor("handshake"), push.connected()]
      // The promise that this round does not await may still be pending when the test closes the sockets.
      for (const each of [accepted, ready]) each.catch(() => {})
      push.connect(endpoint)
      await (round % 2 ? accepted : ready)
      push.disconnect(endpoint)
    }
    // If only the other side had completed its handshake, there may be no connection yet whose end libzmq would report.
    await eventually(() => expect([push.writable, ended >= 5]).toEqual([false, true]))
    await eventually(() => expect([push.writable, push.events.peers, pull.events.peers]).toEqual([false, 0, 0]))
  })

  it("counts the one peer of a Pair, but not those that it refuses", async () => {
    const [pair, peer, refused] = [open(zmq.Pair), open(zmq.Pair), open(zmq.Pair)]
    const endpoint = await connectedPair(pair, peer)
    const handshake = pair.events.waitFor("handshake")
    refused.connect(endpoint)
    await handshake
    expect(pair.events.peers).toBe(1)
    const lost = pair.events.waitFor("disconnect")
    refused.close()
    await lost
    expect(pair.events.peers).toBe(1)
    peer.close()
    await eventually(() => expect(pair.events.peers).toBe(0))
  })

  it("counts the connections of a Stream, which has no handshake", async () => {
    const [server, client] = [open(zmq.Stream), open(zmq.Stream)]
    await connectedPair(server, client)
    expect([server.events.peers, client.events.peers]).toEqual([1, 1])
    const [routingId] = await server.receive()
    await server.send([routingId as Buffer, ""]) // which ends the connection
    await eventually(() => expect([server.readable, server.events.peers, client.events.peers]).toEqual([false, 0, 0]))
  })

  it("rejects on a closed socket, which has no peers", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    await connectedPair(pull, push)
    const ended = pull.events.waitFor("end")
    pull.close()
    expect(await failure(() => pull.connected())).toMatchObject({ code: "EBADF", message: "Socket is closed" })
    await ended
    expect(pull.events.peers).toBe(0)
  })

  it("rejects when the events are closed, and says why", async () => {
    const pull = open(zmq.Pull)
    const waiting = failure(() => pull.connected())
    pull.events.close()
    expect(await waiting).toMatchObject({ code: "EAGAIN", reason: "closed" })
    expect(await failure(() => pull.connected())).toMatchObject({
      code: "EBADF",
      message: "The socket's events are closed, so its peers are no longer counted",
    })
  })

  it("rejects when it is called too late to count all peers", async () => {
    const late = { code: "EINVAL", message: expect.stringContaining("before the socket binds or connects") }
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    await join(pull, push)
    expect(await failure(() => pull.connected())).toMatchObject(late)
    expect(await failure(() => push.connected())).toMatchObject(late)
    push.disconnect(pull.lastEndpoint as string)
    const ready = push.connected()
    push.connect(pull.lastEndpoint as string)
    await ready
  })

  it("rejects if its signal was aborted before, even if the peer is connected", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    await connectedPair(pull, push)
    expect(await failure(() => push.connected({ signal: AbortSignal.abort("no") }))).toBe("no")
  })

  it.each([[0], [1.5], ["2"]])("refuses a count of %o", async (count) => {
    const error = await failure(() => open(zmq.Pull).connected({ count: count as never }))
    expect(error.message).toMatch(/^Expected count to be a positive integer/)
  })
})
