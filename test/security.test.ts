import * as zmq from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"

import { eventually, failure, freeAddress, open, texts, thrown } from "./support/sockets.js"

const overWires = ["tcp", "ipc"] as const
const z85 = /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/

const server = zmq.curveKeyPair()
const client = zmq.curveKeyPair()

const asServer = { curveServer: true, curveSecretKey: server.secretKey }
const asClient = {
  curveServerKey: server.publicKey,
  curvePublicKey: client.publicKey,
  curveSecretKey: client.secretKey,
}

describe("curveKeyPair", () => {
  it("makes two keys of 40 characters of Z85", () => {
    const pair = zmq.curveKeyPair()
    expect(Object.keys(pair).sort()).toEqual(["publicKey", "secretKey"])
    expect(pair.publicKey).toMatch(z85)
    expect(pair.secretKey).toMatch(z85)
  })

  it("makes other ones each time", () => {
    const keys = Array.from({ length: 100 }, () => Object.values(zmq.curveKeyPair())).flat()
    expect(new Set(keys).size).toBe(200)
  })
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
    ["text of 39 characters", server.publicKey.slice(1)],
    ["text of 41 characters", `${server.publicKey}0`],
    ["31 bytes", Buffer.alloc(31)],
    ["33 bytes", Buffer.alloc(33)],
    ["text with a character that Z85 has not", `~${server.publicKey.slice(1)}`],
    ["text with a space", ` ${server.publicKey.slice(1)}`],
  ])("refuses %s with EINVAL", (_, key) => {
    const socket = open(zmq.Dealer)
    expect(thrown(() => Object.assign(socket, { [option]: key }))).toMatchObject({ code: "EINVAL" })
    expect(socket[option]).toBeNull()
  })

  it.each([1, true, {}, []])("refuses %j with a TypeError", (key) => {
    expect(thrown(() => Object.assign(open(zmq.Dealer), { [option]: key }))).toEqual(
      new TypeError("Option value must be a string or buffer"),
    )
  })
})

describe("securityMechanism", () => {
  it.each<[string | null, object]>([
    [null, {}],
    [null, { zapDomain: "x" }],
    ["plain", { plainServer: true }],
    ["plain", { plainUsername: "me" }],
    ["plain", { plainPassword: "secret" }],
    ["curve", { curveServer: true }],
    ["curve", asServer],
    ["curve", asClient],
  ])("is %j with %o", (mechanism, options) => {
    expect(open(zmq.Dealer, options).securityMechanism).toBe(mechanism)
  })

  it("follows the last choice, and goes back", () => {
    const socket = open(zmq.Dealer, { curveServer: true })
    socket.plainServer = true
    expect(socket.securityMechanism).toBe("plain")
    socket.plainServer = false
    expect(socket.securityMechanism).toBeNull()
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

/** Credentials as they were set: a key comes as its 32 bytes. */
const show = (credential: Buffer) =>
  credential.length === 32 ? open(zmq.Dealer, { curvePublicKey: credential }).curvePublicKey : String(credential)

/** What a ZAP handler is asked (RFC 27). */
interface Question {
  version: string
  domain: string
  address: string
  routingId: string
  mechanism: string
  credentials: Buffer[]
}

/** A context of its own, in which a ZAP handler answers with a status. */
async function authentication(status: (question: Question) => string) {
  const context = new zmq.Context()
  const handler = open(zmq.Reply, { context })
  const questions: Question[] = []
  await handler.bind("inproc://zeromq.zap.01")
  const serving = (async () => {
    for await (const [version, id, domain, address, routingId, mechanism, ...credentials] of handler) {
      const question = {
        version: String(version),
        domain: String(domain),
        address: String(address),
        routingId: String(routingId),
        mechanism: String(mechanism),
        credentials,
      }
      questions.push(question)
      await handler.send(["1.0", id as Buffer, status(question), "text", "user", ""])
    }
  })()
  onTestFinished(async () => {
    handler.close()
    await serving
  })
  return { context, questions }
}

describe.each(overWires)("authentication by a ZAP handler, over %s,", (transport) => {
  const mechanisms: [string, object, object, string[]][] = [
    ["NULL", {}, {}, []],
    ["PLAIN", { plainServer: true }, { plainUsername: "user", plainPassword: "pass" }, ["user", "pass"]],
    ["CURVE", asServer, asClient, [client.publicKey]],
  ]

  it.each(mechanisms)(
    "lets a peer in that it accepts: %s",
    async (mechanism, serverOptions, clientOptions, credentials) => {
      const { context, questions } = await authentication(() => "200")
      const guarded = open(zmq.Dealer, { ...serverOptions, context, zapDomain: "domain", routingId: "guard" })
      await guarded.bind(freeAddress(transport))
      const peer = open(zmq.Dealer, clientOptions)
      peer.connect(guarded.lastEndpoint as string)
      await peer.send("question")
      expect(texts(await guarded.receive())).toEqual(["question"])
      await guarded.send("answer")
      expect(texts(await peer.receive())).toEqual(["answer"])
      expect(questions).toHaveLength(1)
      expect(questions[0]).toMatchObject({ version: "1.0", domain: "domain", routingId: "guard", mechanism })
      if (transport === "tcp") expect(questions[0]?.address).toBe("127.0.0.1")
      expect(questions[0]?.credentials.map(show)).toEqual(credentials)
    },
  )

  describe.each(["400", "500", "300"])("with the answer %s", (status) => {
    it.each(mechanisms)("keeps a peer out: %s", async (_, serverOptions, clientOptions) => {
      const { context, questions } = await authentication(() => status)
      const guarded = open(zmq.Dealer, { ...serverOptions, context, zapDomain: "domain" })
      await guarded.bind(freeAddress(transport))
      const stranger = open(zmq.Dealer, { ...clientOptions, reconnectInterval: 5 })
      stranger.connect(guarded.lastEndpoint as string)
      await stranger.send("from a stranger")
      await eventually(() => expect(questions.length).toBeGreaterThanOrEqual(1))
      expect((await failure(() => guarded.receive({ timeout: 30 }))).code).toBe("EAGAIN")
      expect((await failure(() => guarded.send("to a stranger", { timeout: 0 }))).code).toBe("EAGAIN")
    })
  })

  it("tells users of PLAIN apart", async () => {
    const { context, questions } = await authentication(({ credentials }) =>
      credentials.map(String).join(":") === "admin:secret" ? "200" : "400",
    )
    const guarded = open(zmq.Pull, { plainServer: true, context, zapDomain: "domain" })
    await guarded.bind(freeAddress(transport))
    for (const [plainUsername, plainPassword] of [
      ["admin", "wrong"],
      ["nobody", "secret"],
      ["admin", "secret"],
    ] as const) {
      const asked = questions.length
      const push = open(zmq.Push, { plainUsername, plainPassword })
      push.connect(guarded.lastEndpoint as string)
      await push.send(`${plainUsername}:${plainPassword}`)
      await eventually(() => expect(questions.length).toBeGreaterThan(asked))
    }
    expect(texts(await guarded.receive())).toEqual(["admin:secret"])
    expect((await failure(() => guarded.receive({ timeout: 5 }))).code).toBe("EAGAIN")
  })

  it("is not asked about peers of NULL without a domain", async () => {
    const { context, questions } = await authentication(() => "400")
    const unguarded = open(zmq.Pull, { context })
    await unguarded.bind(freeAddress(transport))
    const push = open(zmq.Push)
    push.connect(unguarded.lastEndpoint as string)
    await push.send("x")
    expect(texts(await unguarded.receive())).toEqual(["x"])
    expect(questions).toEqual([])
  })

  it("lets nobody in by PLAIN where there is no handler", async () => {
    const guarded = open(zmq.Pull, { plainServer: true, context: new zmq.Context() })
    await guarded.bind(freeAddress(transport))
    const push = open(zmq.Push, { plainUsername: "user", plainPassword: "pass", immediate: true, reconnectInterval: 5 })
    push.connect(guarded.lastEndpoint as string)
    await push.send("x", { timeout: 50 }).catch(() => {})
    expect((await failure(() => guarded.receive({ timeout: 20 }))).code).toBe("EAGAIN")
  })
})
