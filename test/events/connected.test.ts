import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { eventually, failure, freeAddress, join, open, texts } from "../support/sockets.js"

describe("connected", () => {
  it("resolves when so many peers are there", async () => {
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

  it("is the answer to the slow joiner", async () => {
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

  it("counts nobody of an endpoint that was given up", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    const endpoint = await connectedPair(pull, push)
    push.disconnect(endpoint)
    push.connect("tcp://127.0.0.1:9")
    expect(push.events.peers).toBe(0)
    expect(await failure(() => push.connected({ timeout: 50 }))).toMatchObject({ code: "EAGAIN" })
    // libzmq ends the connection of a socket on which something is called.
    await eventually(() => expect([typeof push.writable, pull.events.peers]).toEqual(["boolean", 0]))
    push.connect(endpoint)
    await pull.connected()
    await pull.unbind(endpoint)
    expect(pull.events.peers).toBe(0)
  })

  it("counts nobody whose handshake was told of after all was over, or under another name", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    await pull.bind(freeAddress("tcp"))
    const endpoint = (pull.lastEndpoint as string).replace("127.0.0.1", "localhost")
    let ended = 0
    push.events.watch((event) => {
      if (event.type === "close" && event.localAddress !== undefined) ended += 1
    })
    for (let round = 0; round < 10; round += 1) {
      const [accepted, ready] = [pull.events.waitFor("handshake"), push.connected()]
      // The one that the round does not wait for may still wait at the end of the test, which closes the sockets.
      for (const each of [accepted, ready]) each.catch(() => {})
      push.connect(endpoint)
      await (round % 2 ? accepted : ready)
      push.disconnect(endpoint)
    }
    // Where only the other side was through with its handshake, there may be no connection yet whose end is told of.
    await eventually(() => expect([push.writable, ended >= 5]).toEqual([false, true]))
    await eventually(() => expect([push.writable, push.events.peers, pull.events.peers]).toEqual([false, 0, 0]))
  })

  it("counts the one peer of a Pair, and none that it refuses", async () => {
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

  it("counts the connections of a Stream, which knows no handshake", async () => {
    const [server, client] = [open(zmq.Stream), open(zmq.Stream)]
    await connectedPair(server, client)
    expect([server.events.peers, client.events.peers]).toEqual([1, 1])
    const [routingId] = await server.receive()
    await server.send([routingId as Buffer, ""]) // which ends the connection
    await eventually(() => expect([server.readable, server.events.peers, client.events.peers]).toEqual([false, 0, 0]))
  })

  it("rejects on a socket that is closed, and counts nobody there", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    await connectedPair(pull, push)
    const ended = pull.events.waitFor("end")
    pull.close()
    expect(await failure(() => pull.connected())).toMatchObject({ code: "EBADF", message: "Socket is closed" })
    await ended
    expect(pull.events.peers).toBe(0)
  })

  it("rejects when the events are closed, and says so", async () => {
    const pull = open(zmq.Pull)
    const waiting = failure(() => pull.connected())
    pull.events.close()
    expect(await waiting).toMatchObject({ code: "EAGAIN", reason: "closed" })
    expect(await failure(() => pull.connected())).toMatchObject({
      code: "EBADF",
      message: "The socket's events are closed, so its peers are no longer counted",
    })
  })

  it("rejects when it comes too late to know who is there", async () => {
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

  it("rejects by a signal that was aborted before, though the peer is there", async () => {
    const [pull, push] = [open(zmq.Pull), open(zmq.Push)]
    await connectedPair(pull, push)
    expect(await failure(() => push.connected({ signal: AbortSignal.abort("no") }))).toBe("no")
  })

  it.each([[0], [1.5], ["2"]])("refuses a count of %o", async (count) => {
    const error = await failure(() => open(zmq.Pull).connected({ count: count as never }))
    expect(error.message).toMatch(/^Expected count to be a positive integer/)
  })
})
