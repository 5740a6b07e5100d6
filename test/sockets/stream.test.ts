import { once } from "node:events"
import net from "node:net"
import { text } from "node:stream/consumers"

import * as zmq from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"

import { eventually, open, texts } from "../support/sockets.js"

/** A Stream that listens, and its port. */
async function listening(options: { notify?: boolean } = {}) {
  const stream = open(zmq.Stream, options)
  await stream.bind("tcp://127.0.0.1:*")
  return { stream, port: Number(/\d+$/.exec(stream.lastEndpoint as string)?.[0]) }
}

/** A connection of node:net to a port. */
async function dial(port: number) {
  const connection = net.connect(port, "127.0.0.1")
  onTestFinished(() => void connection.destroy())
  await once(connection, "connect")
  return connection
}

/** A server of node:net, its address, and its first connection. */
async function serve() {
  const server = net.createServer().listen(0, "127.0.0.1")
  onTestFinished(() => void server.close())
  await once(server, "listening")
  const connection = once(server, "connection").then(([socket]) => {
    onTestFinished(() => void (socket as net.Socket).destroy())
    return socket as net.Socket
  })
  return { address: `tcp://127.0.0.1:${(server.address() as net.AddressInfo).port}`, connection }
}

/** Receives whatever comes until the socket is closed: libzmq closes connections in the calls of their socket's owner. */
async function receiveOn(stream: zmq.Stream) {
  for await (const _ of stream);
}

/** What comes from a peer until there is `length` of it. */
async function bytes(stream: zmq.Stream, length: number) {
  const chunks: Buffer[] = []
  for (let got = 0; got < length; ) {
    const [, chunk] = await stream.receive()
    chunks.push(chunk)
    got += chunk.length
  }
  return Buffer.concat(chunks)
}

describe("Stream that is bound", () => {
  it("with notify: false, reports neither connect nor disconnect", async () => {
    const { stream, port } = await listening({ notify: false })
    expect(stream.notify).toBe(false)
    const first = await dial(port)
    first.end("first")
    expect(String((await stream.receive())[1])).toBe("first")
    await once(first, "close")
    const second = await dial(port)
    second.write("second")
    expect(String((await stream.receive())[1])).toBe("second")
  })

  it("closes the connection of a peer that is sent an empty part", async () => {
    const { stream, port } = await listening()
    const [first, second] = [await dial(port), await dial(port)]
    const peers = [(await stream.receive())[0], (await stream.receive())[0]]
    await stream.send([peers[0] as Buffer, null])
    await stream.send([peers[1] as Buffer, "still here"])
    receiveOn(stream)
    expect([String(await Promise.race([once(first, "data"), once(second, "data")]))]).toEqual(["still here"])
    const closed = await Promise.race([
      once(first.resume(), "close").then(() => first),
      once(second, "close").then(() => second),
    ])
    expect(closed.destroyed).toBe(true)
    const other = closed === first ? second : first
    expect(other.destroyed).toBe(false)
  })

  it("keeps its peers apart", async () => {
    const { stream, port } = await listening()
    const connections = [await dial(port), await dial(port), await dial(port)]
    const names = new Map<string, string>()
    for (const _ of connections) await stream.receive()
    for (const [index, connection] of connections.entries()) {
      connection.write(`from ${index}`)
      const [peer, data] = await stream.receive()
      names.set(String(data), peer.toString("hex"))
    }
    expect(new Set(names.values()).size).toBe(3)
    for (const [index, connection] of connections.entries()) {
      const peer = Buffer.from(names.get(`from ${index}`) as string, "hex")
      await stream.send([peer, `for ${index}`])
      expect(String(await once(connection, "data"))).toBe(`for ${index}`)
    }
  })

  it.each([1, 1024, 100_000, 5_000_000])("carries %i bytes both ways", async (size) => {
    const { stream, port } = await listening({ notify: false })
    const connection = await dial(port)
    const sent = Buffer.alloc(size, "0123456789abcdef")
    connection.write(sent)
    const [peer, first] = await stream.receive()
    const received = Buffer.concat([first, ...(size > first.length ? [await bytes(stream, size - first.length)] : [])])
    expect(received.equals(sent)).toBe(true)
    await stream.send([peer, sent])
    await stream.send([peer, null])
    receiveOn(stream)
    const chunks: Buffer[] = []
    for await (const chunk of connection) chunks.push(chunk)
    expect(Buffer.concat(chunks).equals(sent)).toBe(true)
  })

  it("refuses to send to a peer that is gone", async () => {
    const { stream, port } = await listening()
    const connection = await dial(port)
    const [peer] = await stream.receive()
    connection.destroy()
    await stream.receive()
    // libzmq may report the end a moment before it frees the connection.
    let error: zmq.ErrnoError | undefined
    while (error === undefined)
      error = await stream.send([peer, "x"]).then(
        () => undefined,
        (reason) => reason,
      )
    expect(error.code).toBe("EHOSTUNREACH")
  })

  it("is readable while there is something to receive, and always writable", async () => {
    const { stream, port } = await listening()
    expect([stream.readable, stream.writable]).toEqual([false, true])
    await dial(port)
    await eventually(() => expect(stream.readable).toBe(true))
    await stream.receive()
    expect(stream.readable).toBe(false)
  })

  it("serves in a loop", async () => {
    const { stream, port } = await listening({ notify: false })
    const serving = (async () => {
      for await (const [peer, data] of stream) {
        await stream.send([peer, `HTTP/1.0 200 OK\r\n\r\nyou sent ${data}`])
        await stream.send([peer, null])
      }
    })()
    for (let index = 0; index < 10; index += 1) {
      const connection = await dial(port)
      connection.write(`GET /${index}`)
      expect(await text(connection)).toBe(`HTTP/1.0 200 OK\r\n\r\nyou sent GET /${index}`)
    }
    stream.close()
    await serving
  })
})

describe("Stream that connects", () => {
  it("reports the connection, under a name of its own", async () => {
    const { address } = await serve()
    const stream = open(zmq.Stream)
    stream.connect(address)
    const [peer, nothing] = await stream.receive()
    expect([peer.length, peer[0], nothing.length]).toEqual([5, 0, 0])
  })

  it.each([
    ["bytes", Buffer.from([1, 0, 1])],
    ["255 bytes", Buffer.alloc(255, "x")],
  ])("knows the peer by the routingId, as %s, that it was given", async (_, routingId) => {
    const { address, connection } = await serve()
    const stream = open(zmq.Stream)
    stream.connect(address, { routingId })
    expect((await stream.receive())[0]).toEqual(Buffer.from(routingId))
    await stream.send([routingId, "hello"])
    const server = await connection
    expect(String(await once(server, "data"))).toBe("hello")
    server.write("hello back")
    expect(texts(await stream.receive())).toEqual([String(Buffer.from(routingId)), "hello back"])
  })

  it("keeps a routing id whatever becomes of other connections, and gives back that of a closed one", async () => {
    const [one, other] = [await serve(), await serve()]
    const stream = open(zmq.Stream)
    stream.connect(one.address, { routingId: "one" })
    stream.connect(other.address, { routingId: "other" })
    for (let peers = 0; peers < 2; peers += 1) await stream.receive()
    stream.disconnect(one.address)
    const again = (routingId: string) => () => stream.connect(other.address, { routingId })
    // libzmq closes the connection later.
    await eventually(again("one"))
    expect(again("other")).toThrow('Another peer already has the routing id "other"')
  })

  it("reports the end when the other side closes", async () => {
    const { address, connection } = await serve()
    const stream = open(zmq.Stream)
    stream.connect(address, { routingId: "server" })
    await stream.receive()
    const server = await connection
    server.end("goodbye")
    expect(texts(await stream.receive())).toEqual(["server", "goodbye"])
    expect(texts(await stream.receive())).toEqual(["server", ""])
  })

  it("closes the connection by sending an empty part", async () => {
    const { address, connection } = await serve()
    const stream = open(zmq.Stream)
    stream.connect(address, { routingId: "server" })
    await stream.receive()
    await stream.send(["server", "last words"])
    await stream.send(["server", ""])
    receiveOn(stream)
    expect(await text(await connection)).toBe("last words")
  })

  it("talks to another Stream", async () => {
    const { stream, port } = await listening({ notify: false })
    const other = open(zmq.Stream, { notify: false })
    other.connect(`tcp://127.0.0.1:${port}`, { routingId: "peer" })
    await other.send(["peer", "hello"])
    const [peer, data] = await stream.receive()
    expect(String(data)).toBe("hello")
    await stream.send([peer, "hello back"])
    expect(texts(await other.receive())).toEqual(["peer", "hello back"])
  })
})

describe("Router with raw", () => {
  it("speaks plain tcp, too", async () => {
    const router = open(zmq.Router, { raw: true })
    await router.bind("tcp://127.0.0.1:*")
    const connection = await dial(Number(/\d+$/.exec(router.lastEndpoint as string)?.[0]))
    connection.write("hello")
    const [peer, nothing] = await router.receive()
    expect(String(nothing)).toBe("")
    expect(await router.receive()).toEqual([peer, Buffer.from("hello")])
    await router.send([peer as Buffer, "hello back"])
    expect(String(await once(connection, "data"))).toBe("hello back")
  })
})
