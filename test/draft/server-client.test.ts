import * as zmq from "ohmq"
import { Client, Peer, Server } from "ohmq/draft"
import { describe, expect, it } from "vitest"

import { eventually, failure, freeAddress, join, open, thrown, transports } from "../support/sockets.js"

describe.each(transports)("Server and Client over %s", (transport) => {
  it("answer each client by its number", async () => {
    const server = open(Server)
    const clients = [open(Client), open(Client), open(Client)]
    await server.bind(freeAddress(transport))
    for (const [index, client] of clients.entries()) {
      client.connect(server.lastEndpoint as string)
      await client.send(`question ${index}`)
    }
    const numbers = new Set<number>()
    for (const _ of clients) {
      const [question, options] = await server.receive()
      numbers.add(options.routingId)
      await server.send(String(question).replace("question", "answer"), options)
    }
    expect(numbers.size).toBe(3)
    for (const [index, client] of clients.entries()) {
      const answer = await client.receive()
      expect(answer.map(String)).toEqual([`answer ${index}`])
    }
  })

  it("tell of a client that is lost, by disconnectMessage, and then of its being unreachable", async () => {
    const server = open(Server, { disconnectMessage: Buffer.from("gone") })
    const client = open(Client)
    await join(server, client, transport)
    await client.send("hello")
    const [, options] = await server.receive()
    const lost = server.receive()
    client.close({ linger: 0 })
    const [message, of] = await lost
    expect([String(message), of]).toEqual(["gone", options])
    // libzmq forgets the peer a little later.
    await eventually(async () => {
      expect(await failure(() => server.send("x", { ...options, timeout: 1000 }))).toMatchObject({
        code: "EHOSTUNREACH",
      })
    })
  })

  it("greet each peer by helloMessage", async () => {
    const [server, client] = [
      open(Server, { helloMessage: Buffer.from("server") }),
      open(Client, { helloMessage: Buffer.from("client") }),
    ]
    await join(server, client, transport)
    expect(String((await client.receive())[0])).toBe("server")
    expect(String((await server.receive())[0])).toBe("client")
  })
})

describe.each([
  ["Server", Server, Client],
  ["Peer", Peer, Peer],
] as const)("%s.peerEvents", (_name, Bound, Connecting) => {
  type Answering = Server | Peer

  /** What a socket tells and receives, in order, with numbers for routing ids, in the order of their coming. */
  async function recordInto(seen: string[], socket: Answering) {
    const ids: number[] = []
    const name = (id: number) => (ids.includes(id) ? ids.indexOf(id) : ids.push(id) - 1)
    socket.peerEvents.on("connect", (id) => seen.push(`+${name(id)}`))
    socket.peerEvents.on("disconnect", (id) => seen.push(`-${name(id)}`))
    for await (const [part, { routingId }] of socket) seen.push(`${name(routingId)} ${part}`)
  }

  it("reports peers that connect, with their first message, and disconnect", async () => {
    const seen: string[] = []
    const server = open<Answering, object>(Bound)
    const receiving = recordInto(seen, server)
    await server.bind(freeAddress("tcp"))
    const send = async (peer: zmq.Socket, text: string) => {
      if (peer instanceof Peer) await peer.send(text, { routingId: peer.connectPeer(server.lastEndpoint as string) })
      else {
        peer.connect(server.lastEndpoint as string)
        await (peer as Client).send(text)
      }
    }
    const [first, silent, second] = [0, 1, 2].map(() => open<zmq.Socket, object>(Connecting)) as [
      zmq.Socket,
      zmq.Socket,
      zmq.Socket,
    ]
    await send(first, "")
    await eventually(() => expect(seen).toEqual(["+0", "0 "]))
    const connected = silent.connected()
    silent.connect(server.lastEndpoint as string)
    await connected
    silent.close()
    first.close()
    await eventually(() => expect(seen.slice(2)).toEqual(["-0"]))
    await send(second, "two")
    await eventually(() => expect(seen.slice(3)).toEqual(["+1", "1 two"]))
    expect(server.peerEvents.connected).toEqual([expect.any(Number)])
    await server.unbind(server.lastEndpoint as string)
    await eventually(() => expect(seen.slice(5)).toEqual(["-1"]))
    expect(server.peerEvents.connected).toEqual([])
    server.close()
    await receiving
  })

  it("excludes what cannot be told apart from it", async () => {
    const refused = { code: "EINVAL", message: "A socket cannot have both peerEvents and the option disconnectMessage" }
    expect(thrown(() => open<Answering, object>(Bound, { disconnectMessage: "bye" }).peerEvents)).toMatchObject(refused)
    const server = open<Answering, object>(Bound)
    expect(server.peerEvents).toBe(server.peerEvents)
    expect(thrown(() => Object.assign(server, { disconnectMessage: "bye" }))).toMatchObject(refused)
    expect(server.disconnectMessage).toBeNull()
    expect(await failure(() => server.bind("inproc://x"))).toMatchObject({ code: "EINVAL" })
    expect(thrown(() => server.connect("tcp://127.0.0.1:9"))).toMatchObject({ code: "EINVAL" })
    if (server instanceof Peer) {
      expect(thrown(() => server.connectPeer("tcp://127.0.0.1:9"))).toMatchObject({ code: "EINVAL" })
    }
    const late = open<Answering, object>(Bound)
    await late.bind(freeAddress("tcp"))
    expect(thrown(() => late.peerEvents)).toMatchObject({ code: "EINVAL", message: expect.stringContaining("before") })
  })
})

describe("Server.send", () => {
  async function connected() {
    const [server, client] = [open(Server), open(Client)]
    await join(server, client)
    await client.send("hello")
    const [, options] = await server.receive()
    return { server, client, options }
  }

  it.each([undefined, null, "5", 0, -1, 1.5, 2 ** 32, Number.NaN, 5n, {}])(
    "refuses a routingId of %s",
    async (routingId) => {
      const { server, client, options } = await connected()
      const wrong = { routingId } as unknown as typeof options
      const error = expect.objectContaining({
        name: "TypeError",
        message: expect.stringMatching(/^Expected routingId to be an integer from 1 to 4294967295, but received /),
      })
      expect(thrown(() => server.send("x", wrong))).toEqual(error)
      expect(thrown(() => server.trySend("x", wrong))).toEqual(error)
      expect(
        thrown(() =>
          server.sendMany([
            ["lost?", options],
            ["x", wrong],
          ]),
        ),
      ).toEqual(error)
      await server.send("next", options)
      expect(String((await client.receive())[0])).toBe("next")
    },
  )

  it.each([undefined, null, 5])("refuses options of %s", async (options) => {
    const { server } = await connected()
    const error = new TypeError("Options must be an object")
    expect(thrown(() => server.send("x", options as never))).toEqual(error)
    expect(thrown(() => server.trySend("x", options as never))).toEqual(error)
  })

  it("refuses misspelt options, missing messages and chunks that are not pairs", async () => {
    const { server, options } = await connected()
    expect(thrown(() => server.send("x", { ...options, routingID: 1 } as never)).message).toMatch(
      /^Unknown option "routingID"/,
    )
    expect(thrown(() => server.send(undefined as never, options))).toEqual(new TypeError("Message must be present"))
    expect(thrown(() => server.sendMany(["x" as never])).message).toMatch(
      /^Expected message to be an array of a message and its options/,
    )
  })

  it("rejects with EHOSTUNREACH for a peer that is not there, and continues", async () => {
    const { server, client, options } = await connected()
    const unknown = { routingId: (options.routingId % 4294967295) + 1 }
    const error = expect.objectContaining({ code: "EHOSTUNREACH", message: "Host unreachable" })
    expect(await failure(() => server.send("x", unknown))).toEqual(error)
    expect(await failure(() => server.send(Buffer.alloc(5000), unknown))).toEqual(error)
    expect(thrown(() => server.trySend("x", unknown))).toEqual(error)
    const batch = server.sendMany([
      ["one", options],
      ["x", unknown],
      ["two", options],
    ])
    expect(await failure(() => batch)).toMatchObject({ code: "EHOSTUNREACH", sent: 1 })
    await server.send("three", options)
    expect([String((await client.receive())[0]), String((await client.receive())[0])]).toEqual(["one", "three"])
  })

  it("takes routing ids up to the largest", async () => {
    const { server } = await connected()
    expect(await failure(() => server.send("x", { routingId: 2 ** 32 - 1 }))).toMatchObject({ code: "EHOSTUNREACH" })
  })

  it("gives back what a Server receives, many at a time", async () => {
    const { server, client, options } = await connected()
    await client.sendMany(["a", "b", "c"])
    const came = []
    while (came.length < 3) came.push(...(await server.receiveMany()))
    expect(came.map(([part, beside]) => [String(part), beside])).toEqual([
      ["a", options],
      ["b", options],
      ["c", options],
    ])
    await server.sendMany(came)
    for (const text of ["a", "b", "c"]) expect(String((await client.receive())[0])).toBe(text)
  })
})

describe("Server and Client with CURVE", () => {
  it("speak encrypted", async () => {
    const { publicKey, secretKey } = zmq.curveKeyPair()
    const own = zmq.curveKeyPair()
    const server = open(Server, { curveServer: true, curveSecretKey: secretKey })
    const client = open(Client, {
      curveServerKey: publicKey,
      curvePublicKey: own.publicKey,
      curveSecretKey: own.secretKey,
    })
    await join(server, client)
    await client.send("secret")
    const [question, options] = await server.receive()
    await server.send("answer", options)
    expect([String(question), String((await client.receive())[0]), server.securityMechanism]).toEqual([
      "secret",
      "answer",
      "curve",
    ])
  })

  it("do not, without the key", async () => {
    const { publicKey, secretKey } = zmq.curveKeyPair()
    const server = open(Server, { curveServer: true, curveSecretKey: secretKey })
    const client = open(Client)
    const failed = server.events.waitFor("handshake:error:protocol")
    await join(server, client)
    await failed
    expect(publicKey).toHaveLength(40)
    expect(server.tryReceive()).toBeUndefined()
  })
})

describe("a pending send of a Server whose client is slow", () => {
  it("waits, by itself, while a receive is served, and rejects by timeout", async () => {
    const server = open(Server, { sendHighWaterMark: 1 })
    const client = open(Client, { receiveHighWaterMark: 1 })
    await join(server, client, "inproc")
    await client.send("hello")
    const [, options] = await server.receive()
    let sent = 0
    while (server.trySend(`${sent}`, options)) sent += 1
    const waiting = server.send("last", options)
    const timedOut = await failure(() => open(Server).send("x", { routingId: 1, timeout: 5 }))
    expect(timedOut).toMatchObject({ code: "EHOSTUNREACH" })
    const receiving = server.receive()
    await client.send("both")
    expect(String((await receiving)[0])).toBe("both")
    for (let index = 0; index < sent; index += 1) expect(String((await client.receive())[0])).toBe(`${index}`)
    await waiting
    expect(String((await client.receive())[0])).toBe("last")
  })
})
