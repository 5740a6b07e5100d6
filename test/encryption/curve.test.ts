// CURVE by the options of zeromq, where conformance does not ask; it has PLAIN and ZAP too. `ohmq/security`, and the option
// `security`, are tested in security/.

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { failure, freeAddress, open, texts, thrown } from "../support/sockets.js"

const overWires = ["tcp", "ipc"] as const

const server = zmq.curveKeyPair()
const client = zmq.curveKeyPair()

const asServer = { curveServer: true, curveSecretKey: server.secretKey }
const asClient = {
  curveServerKey: server.publicKey,
  curvePublicKey: client.publicKey,
  curveSecretKey: client.secretKey,
}

it("curveKeyPair makes other keys each time", () => {
  const keys = Array.from({ length: 100 }, () => Object.values(zmq.curveKeyPair())).flat()
  expect(new Set(keys).size).toBe(200)
})

describe.each(["curveSecretKey", "curvePublicKey", "curveServerKey"] as const)("%s", (option) => {
  it("is null at first, and reads as it was set", () => {
    const socket = open(zmq.Dealer)
    expect(socket[option]).toBeNull()
    socket[option] = server.publicKey
    expect(socket[option]).toBe(server.publicKey)
    expect(socket.securityMechanism).toBe("curve")
  })

  it("takes 32 bytes, and reads as Z85", () => {
    const socket = open(zmq.Dealer)
    const bytes = Buffer.from("8E0BDD697628B91D8F245587EE95C5B04D48963F79259877B49CD9063AEAD3B7", "hex")
    Object.assign(socket, { [option]: bytes })
    expect(socket[option]).toBe("JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6")
    Object.assign(open(zmq.Dealer), { [option]: new Uint8Array(bytes) })
  })

  it.each<[string, unknown]>([
    ["text of 41 characters", `${server.publicKey}0`],
    ["text with a character that Z85 has not", `~${server.publicKey.slice(1)}`],
    ["text with a space", ` ${server.publicKey.slice(1)}`],
  ])("refuses %s with EINVAL", (_, key) => {
    const socket = open(zmq.Dealer)
    expect(thrown(() => Object.assign(socket, { [option]: key }))).toMatchObject({ code: "EINVAL" })
    expect(socket[option]).toBeNull()
  })
})

describe.each(overWires)("CURVE over %s", (transport) => {
  type Both = zmq.Socket & zmq.Writable & zmq.Readable

  it.each<[string, (options: object) => Both, (options: object) => Both]>([
    ["Pair and Pair", (options) => open(zmq.Pair, options), (options) => open(zmq.Pair, options)],
    ["Dealer and Dealer", (options) => open(zmq.Dealer, options), (options) => open(zmq.Dealer, options)],
    ["Reply and Request", (options) => open(zmq.Reply, options), (options) => open(zmq.Request, options)],
  ])("lets messages through both ways between %s", async (_, bound, connected) => {
    const a = bound(asServer)
    const b = connected(asClient)
    await a.bind(freeAddress(transport))
    b.connect(a.lastEndpoint as string)
    await b.send(["question", Buffer.alloc(100_000, "x")])
    expect(texts(await a.receive())).toEqual(["question", "x".repeat(100_000)])
    await a.send("answer")
    expect(texts(await b.receive())).toEqual(["answer"])
  })

  it("works whichever side binds", async () => {
    const push = open(zmq.Push, asServer)
    const pull = open(zmq.Pull, asClient)
    await pull.bind(freeAddress(transport))
    push.connect(pull.lastEndpoint as string)
    await push.send("x")
    expect(texts(await pull.receive())).toEqual(["x"])
  })

  it("works for subscriptions", async () => {
    const publisher = open(zmq.XPublisher, asServer)
    const subscriber = open(zmq.Subscriber, asClient)
    await publisher.bind(freeAddress(transport))
    subscriber.connect(publisher.lastEndpoint as string)
    subscriber.subscribe("a")
    expect(texts(await publisher.receive())).toEqual(["\x01a"])
    await publisher.send(["a", "secret"])
    expect(texts(await subscriber.receive())).toEqual(["a", "secret"])
  })

  it("works with keys as bytes", async () => {
    // The key pair of the example in the man page zmq_curve(7).
    const publicKey = Buffer.from("BB88471D65E2659B30C55A5321CEBB5AAB2B70A398645C26DCA2B2FCB43FC518", "hex")
    const secretKey = Buffer.from("7BB864B489AFA3671FBE69101F94B38972F24816DFB01B51656B3FEC8DFD0888", "hex")
    const pull = open(zmq.Pull, { curveServer: true, curveSecretKey: secretKey })
    const push = open(zmq.Push, { ...asClient, curveServerKey: publicKey })
    await pull.bind(freeAddress(transport))
    push.connect(pull.lastEndpoint as string)
    await push.send("x")
    expect(texts(await pull.receive())).toEqual(["x"])
  })

  it.each<[string, object]>([
    ["the wrong key of the server", { ...asClient, curveServerKey: zmq.curveKeyPair().publicKey }],
    ["a public key that is not of its secret key", { ...asClient, curvePublicKey: zmq.curveKeyPair().publicKey }],
    ["no security", {}],
    ["PLAIN", { plainUsername: "me", plainPassword: "secret" }],
    ["the role of a server, too", asServer],
  ])("lets nothing through from a peer with %s", async (_, options) => {
    const pull = open(zmq.Pull, asServer)
    await pull.bind(freeAddress(transport))
    const stranger = open(zmq.Push, { ...options, reconnectInterval: 5 })
    stranger.connect(pull.lastEndpoint as string)
    await stranger.send("from a stranger")
    // Each of these has as much to do as the stranger, and began later.
    for (let round = 0; round < 3; round += 1) {
      const friend = open(zmq.Push, asClient)
      friend.connect(pull.lastEndpoint as string)
      await friend.send("from a friend")
      expect(texts(await pull.receive())).toEqual(["from a friend"])
    }
    expect((await failure(() => pull.receive({ timeout: 20 }))).code).toBe("EAGAIN")
  })

  it("gives nothing to a peer with the wrong key", async () => {
    const push = open(zmq.Push, asServer)
    await push.bind(freeAddress(transport))
    const stranger = open(zmq.Pull, { ...asClient, curveServerKey: zmq.curveKeyPair().publicKey, reconnectInterval: 5 })
    stranger.connect(push.lastEndpoint as string)
    expect((await failure(() => push.send("x", { timeout: 20 }))).code).toBe("EAGAIN")
    const friend = open(zmq.Pull, asClient)
    friend.connect(push.lastEndpoint as string)
    for (let index = 0; index < 10; index += 1) {
      await push.send(index)
      expect(texts(await friend.receive())).toEqual([String(index)])
    }
    expect(stranger.readable).toBe(false)
  })
})
