import { inspect } from "node:util"

import type { SocketSecurity } from "ohmq"
import * as zmq from "ohmq"
import { Authenticator, generateKeyPair } from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"
import { alice, authenticate, bob, server } from "../security/support.js"
import { runProgram } from "../support/process.js"
import { failure, freeAddress, open, texts, thrown } from "../support/sockets.js"

const pair = zmq.curveKeyPair()

describe("security", () => {
  it("sets up CURVE on both sides, in a line each", async () => {
    const { context, authenticator } = authenticate({ curve: [alice] })
    const reply = open(zmq.Reply, { context, security: { server, authenticator } })
    await reply.bind(freeAddress("tcp"))
    const request = open(zmq.Request, { security: { client: alice, serverKey: server } })
    expect([reply.securityMechanism, request.securityMechanism]).toEqual(["curve", "curve"])
    request.connect(reply.lastEndpoint as string)
    await request.send("question")
    expect(texts(await reply.receive())).toEqual(["question"])
    await reply.send("answer")
    expect(texts(await request.receive())).toEqual(["answer"])
  })

  it("takes key pairs of curveKeyPair(), and any client where that is said", async () => {
    const pull = open(zmq.Pull, { context: new zmq.Context(), security: { server: pair, clients: "any" } })
    await pull.bind(freeAddress("tcp"))
    const push = open(zmq.Push, { security: { client: zmq.curveKeyPair(), serverKey: pair.publicKey } })
    push.connect(pull.lastEndpoint as string)
    await push.send("x")
    expect(texts(await pull.receive())).toEqual(["x"])
  })

  it.runIf(zmq.capability.draft)("takes any client also beside an authenticator, which is not asked", async () => {
    const { context, told } = authenticate({ curve: [alice.public] })
    const pull = open(zmq.Pull, { context, security: { server, clients: "any" } })
    await pull.bind(freeAddress("tcp"))
    const push = open(zmq.Push, { security: { client: zmq.curveKeyPair(), serverKey: server } })
    push.connect(pull.lastEndpoint as string)
    await push.send("x")
    const { parts, userId } = await pull.receiveWithMetadata({ timeout: 5000 })
    expect([texts(parts), userId, told]).toEqual([["x"], null, []])
  })

  it("lets nobody in when there is no handler for its domain", async () => {
    const pull = open(zmq.Pull, { context: new zmq.Context(), security: { server, domain: "elsewhere" } })
    await pull.bind(freeAddress("tcp"))
    const gone = pull.events.waitFor("handshake:error:other", { timeout: 5000 })
    const push = open(zmq.Push, { security: { client: alice, serverKey: server } })
    push.connect(pull.lastEndpoint as string)
    await push.send("x")
    await gone
    expect(pull.events.peers).toBe(0)
    expect(pull.tryReceive()).toBeUndefined()
  })

  const refusals: [string, unknown, string][] = [
    ["a server's keys alone", { server }, "lets anyone in"],
    ["a server key without a client key", { serverKey: server.publicKey }, "also needs client"],
    ["a client key without a server key", { client: alice }, "also needs serverKey"],
    ["a public certificate in place of the secret one", { server: server.public, clients: "any" }, "no secret key"],
    [
      "a public key in place of the secret one",
      { client: { ...pair, secretKey: pair.publicKey }, serverKey: server },
      "is the public key",
    ],
    [
      "swapped keys",
      { client: { publicKey: pair.secretKey, secretKey: pair.publicKey }, serverKey: server },
      "swapped",
    ],
    ["its own public key as the server's", { client: alice, serverKey: alice.publicKey }, "own public key"],
    ["its own secret key as the server's", { client: alice, serverKey: alice.secretKey }, "secret key"],
    ["a key that is too short", { client: alice, serverKey: "short" }, "serverKey must be a key"],
    ["a key that is not Z85", { client: alice, serverKey: "~".repeat(40) }, "Z85"],
    ["an empty domain", { server, domain: "" }, "domain must be a non-empty string"],
    ["both any client and a domain", { server, domain: "x", clients: "any" }, "cannot be combined"],
    ["any clients, misspelt", { server, clients: "all" }, `must be "any"`],
    ["what is no authenticator", { server, authenticator: {} }, "Authenticator from ohmq/security"],
    ["a name that there is not", { server, domian: "x" }, 'Unknown option "domian". Did you mean "domain"?'],
    ["no user name", { username: "", password: "x" }, "username"],
    ["no password", { username: "x" }, "password"],
    ["text", "curve", "must be {"],
    ["nothing in it", {}, "also needs client"],
    ["text in place of a pair", { client: "key", serverKey: server }, "client must be a certificate or a key pair"],
    ["a pair that is not Z85", { client: { ...pair, secretKey: "~".repeat(40) }, serverKey: server }, "invalid Z85"],
  ]

  it.each(refusals)("refuses %s, and says what to do", (_, security, message) => {
    const error = thrown(() => new zmq.Dealer({ security: security as SocketSecurity }))
    expect(error.message).toContain(message)
    for (const secret of [pair.secretKey, alice.secretKey?.toString("hex"), server.secretKey?.toString("hex")])
      expect(`${error.message}${error.stack}`).not.toContain(secret)
  })

  it.each(["tcp://127.0.0.1:*", "ws://127.0.0.1:*", "tcp://10.1.2.3:5"])("refuses PLAIN over %s", async (address) => {
    const { context, authenticator } = authenticate({ plain: () => true })
    const reply = open(zmq.Reply, { context, security: { plainServer: true, authenticator } })
    const request = open(zmq.Request, { security: { username: "me", password: "secret" } })
    const plain = { code: "EINVAL", message: expect.stringContaining("CURVE"), address }
    expect(await failure(() => reply.bind(address))).toMatchObject(plain)
    expect(thrown(() => request.connect(address))).toMatchObject(plain)
  })

  it("sets up PLAIN over ipc", async () => {
    const { context, authenticator } = authenticate({
      plain: ({ username, password }) => username === "me" && password === "secret",
    })
    const pull = open(zmq.Pull, { context, security: { plainServer: true, authenticator } })
    await pull.bind(freeAddress("ipc"))
    const push = open(zmq.Push, { security: { username: "me", password: "secret" } })
    push.connect(pull.lastEndpoint as string)
    await push.send("x")
    expect((await pull.receiveWithMetadata()).userId).toBe("me")
  })

  it("is refused when other options have undone it", async () => {
    for (const change of [
      { curveServer: false },
      { plainServer: true },
      { zapDomain: "other" },
      { zapEnforceDomain: false },
    ]) {
      const { context, authenticator } = authenticate({ curve: "any" })
      const reply = open(zmq.Reply, { context, security: { server, authenticator } })
      Object.assign(reply, change)
      expect(await failure(() => reply.bind(freeAddress("tcp")))).toMatchObject({ code: "EINVAL" })
      expect(reply.lastEndpoint).toBeNull()
    }
  })

  it("comes too late on a socket that is bound, and is not for Stream", async () => {
    const pull = open(zmq.Pull)
    await pull.bind(freeAddress("tcp"))
    expect(thrown(() => Object.assign(pull, { security: { server, clients: "any" } }))).toMatchObject({
      code: "EINVAL",
    })
    expect(pull.securityMechanism).toBeNull()
    const stream = thrown(() => new zmq.Stream({ security: { server, clients: "any" } }))
    expect(stream.message).toContain("cannot encrypt")
  })

  it("must be of the authenticator's context", () => {
    const { authenticator } = authenticate({ curve: "any" })
    expect(thrown(() => new zmq.Reply({ security: { server, authenticator } })).message).toContain("different contexts")
  })
})

describe("requireEncryption", () => {
  it.each([
    "tcp://*:*",
    "tcp://0.0.0.0:*",
    "tcp://[::]:*",
    "tcp://192.0.2.1:5555",
    "tcp://[2001:db8::1]:5555",
    "tcp://localhost.example.com:5555",
    "tcp://name.localhost:5555",
    "tcp://constructor:5555",
    "tcp://127.0.0.1.example.com:5555",
    "tcp://127.1:5555",
    "ws://*:*",
    "ws://192.0.2.1:80/127.0.0.1:1",
    "udp://192.0.2.1:5",
    "pgm://eth0;239.192.1.1:5555",
  ])("forbids plain text at %s", async (address) => {
    const context = new zmq.Context({ requireEncryption: true } as never)
    const forbidden = { code: "EPERM", address, message: expect.stringContaining("security option") }
    const socket = open(zmq.Dealer, { context, ipv6: true })
    expect(await failure(() => socket.bind(address))).toMatchObject(forbidden)
    expect(thrown(() => socket.bindSync(address))).toMatchObject(forbidden)
    if (!/\*:|0\.0\.0\.0|\[::\]/.test(address)) expect(thrown(() => socket.connect(address))).toMatchObject(forbidden)
    const plain = open(zmq.Dealer, { context, plainServer: true, zapDomain: "x", ipv6: true })
    expect(await failure(() => plain.bind(address))).toMatchObject(forbidden)
  })

  it.each([
    "tcp://127.0.0.1:*",
    "tcp://127.8.9.10:*",
    "tcp://[::1]:*",
    "tcp://localhost:*",
    "tcp://lo:*",
    "inproc://encryption-a",
  ])("allows it at %s", async (address) => {
    const context = new zmq.Context()
    context.requireEncryption = true
    const socket = open(zmq.Dealer, { context, ipv6: address.includes("[") })
    await socket.bind(address)
  })

  it("allows CURVE anywhere, if it is complete", async () => {
    const context = new zmq.Context()
    context.requireEncryption = true
    const whole = open(zmq.Dealer, { context, security: { server, clients: "any" } })
    await whole.bind("tcp://*:*")
    const half = open(zmq.Dealer, { context, curveServerKey: pair.publicKey })
    expect(thrown(() => half.connect("tcp://192.0.2.1:5"))).toMatchObject({
      code: "EPERM",
      message: expect.stringContaining("this side's own key pair"),
    })
    const keyless = open(zmq.Dealer, { context, curveServer: true })
    expect(await failure(() => keyless.bind("tcp://127.0.0.1:*"))).toMatchObject({ code: "EPERM" })
  })

  it("looks at where a descriptor listens that is to be used", async () => {
    // In a process of its own, since libzmq closes the descriptor that it is given.
    const { stdout, status } = await runProgram(`
      import { once } from "node:events"
      import { createServer } from "node:net"
      zmq.context.requireEncryption = true
      for (const host of ["0.0.0.0", "127.0.0.1"]) {
        const listener = createServer().listen(0, host)
        await once(listener, "listening")
        // One that is bound takes the descriptor, so that nothing else may.
        for (const address of host === "0.0.0.0" ? ["ipc:///tmp/ohmq-unused", "tcp://127.0.0.1:*"] : ["tcp://127.0.0.1:*"]) {
          const pull = new zmq.Pull({ useFileDescriptor: listener._handle.fd })
          console.log(host, await pull.bind(address).then(() => "bound", (error) => error.code))
        }
      }
      process.exit()`)
    expect({ stdout, status }).toEqual({ stdout: "0.0.0.0 EPERM\n0.0.0.0 EPERM\n127.0.0.1 bound\n", status: 0 })
  })

  it("forbids it also by a draft socket, zeromq 5 and options by number, and with a NUL", async () => {
    const context = new zmq.Context()
    context.requireEncryption = true
    const forbidden = { code: "EPERM" }
    const { Peer } = await import("ohmq/draft")
    expect(thrown(() => open(Peer, { context }).connectPeer("tcp://192.0.2.1:5"))).toMatchObject(forbidden)
    const router = open(zmq.Router, { context, security: { server, clients: "any" } })
    const byNumber = router as unknown as { setInt32Option(id: number, value: number): void }
    const ZMQ_ROUTER_RAW = 41
    byNumber.setInt32Option(ZMQ_ROUTER_RAW, 1)
    expect(await failure(() => router.bind("tcp://*:*"))).toMatchObject(forbidden)
    expect(thrown(() => router.connect("tcp://192.0.2.1:5", { routingId: "x" }))).toMatchObject(forbidden)
    const pull = open(zmq.Pull, { context })
    expect(await failure(() => pull.bind("tcp://0.0.0.0:*\0;127.0.0.1:1"))).toMatchObject({ code: "EINVAL" })
    expect(pull.lastEndpoint).toBeNull()

    const { socket: make } = await import("ohmq/v5-compat")
    const old = make("push")
    zmq.context.requireEncryption = true
    try {
      expect(thrown(() => old.connect("tcp://192.0.2.1:5"))).toMatchObject(forbidden)
      expect(thrown(() => old.bindSync("tcp://*:*"))).toMatchObject(forbidden)
      const bound = new Promise((resolve) => void old.bind("tcp://*:*", resolve))
      expect(await bound).toMatchObject(forbidden)
    } finally {
      zmq.context.requireEncryption = false
      old.close()
    }
  })

  it("cannot be undone while the bind runs", async () => {
    const context = new zmq.Context()
    context.requireEncryption = true
    const pull = open(zmq.Pull, { context, security: { server, clients: "any" } })
    const binding = pull.bind("tcp://*:*")
    for (const change of [{ curveServer: false }, { curveSecretKey: null }, { plainServer: true }])
      expect(thrown(() => Object.assign(pull, change))).toMatchObject({ code: "EBUSY" })
    await binding
    expect(pull.securityMechanism).toBe("curve")
  })

  it("forbids a Stream even with keys, and loopback through a proxy elsewhere", async () => {
    const context = new zmq.Context()
    context.requireEncryption = true
    const stream = open(zmq.Stream, { context, curveServer: true, curveSecretKey: pair.secretKey })
    expect(await failure(() => stream.bind("tcp://*:*"))).toMatchObject({ code: "EPERM" })
    const proxied = open(zmq.Dealer, { context, socksProxy: "192.0.2.1:1080" })
    expect(thrown(() => proxied.connect("tcp://127.0.0.1:5"))).toMatchObject({ code: "EPERM" })
  })

  it("takes true and false only", () => {
    expect(thrown(() => new zmq.Context({ requireEncryption: 1 } as never)).name).toBe("TypeError")
  })

  it("is inherited by worker threads from the default context", async () => {
    const { stdout } = await runProgram(`
      zmq.context.requireEncryption = true
      new threads.Worker(\`
        const { Pull } = require("node:module").createRequire(process.cwd() + "/x.js")("ohmq")
        try { new Pull().bindSync("tcp://*:*") } catch (error) { console.log(error.code) }\`, { eval: true, execArgv: [] })`)
    expect(stdout).toBe("EPERM\n")
  })
})

describe("a warning for plain text", () => {
  const warnings = (program: string) =>
    runProgram(`
      process.on("warning", ({ code, message }) => console.log(code, message.split(" ")[0]))
      const sockets = []
      const bind = (address, options) => { const s = new zmq.Pull(options); sockets.push(s); s.bindSync(address); return s }
      ${program}
      await sleep(10)
      sockets.forEach((socket) => socket.close())`)

  it("comes once in a process", async () => {
    const { stdout, status } = await warnings(
      `bind("tcp://*:*"); bind("tcp://0.0.0.0:*"); new zmq.Push({linger: 0}).connect("tcp://192.0.2.1:9")`,
    )
    expect({ stdout, status }).toEqual({ stdout: "OHMQ_PLAINTEXT tcp://*:*\n", status: 0 })
  })

  it("comes for connecting, too", async () => {
    const { stdout } = await warnings(
      `const p = new zmq.Push({ linger: 0 }); sockets.push(p); p.connect("tcp://192.0.2.1:9")`,
    )
    expect(stdout).toBe("OHMQ_PLAINTEXT tcp://192.0.2.1:9\n")
  })

  const messages = async (program: string) => {
    const { stdout } = await runProgram(`
      process.on("warning", ({ message }) => console.log(message))
      ${program}
      await sleep(10)
      socket.close()`)
    return stdout
  }

  it("names the SOCKS proxy through which loopback is another machine's, and does not advise loopback alone", async () => {
    const told = await messages(`
      const socket = new zmq.Push({ linger: 0, socksProxy: "192.0.2.1:1080" })
      socket.connect("tcp://127.0.0.1:9")`)
    expect(told).toContain("tcp://127.0.0.1:9 is reached through the SOCKS proxy 192.0.2.1:1080 in plain text")
    expect(told).toContain("(CURVE; see docs/security.md), or remove socksProxy and use loopback or ipc.")
  })

  it("names where a descriptor listens", async () => {
    const told = await messages(`
      import { createServer } from "node:net"
      import { once } from "node:events"
      const server = createServer().listen(0, "0.0.0.0")
      await once(server, "listening")
      const socket = new zmq.Pull({ useFileDescriptor: server._handle.fd })
      console.log(server.address().port)
      socket.bindSync("tcp://127.0.0.1:*")
      await sleep(10)
      process.exit()`)
    const [port, warning] = told.split("\n")
    expect(warning).toContain(
      `tcp://127.0.0.1:* is reached at 0.0.0.0:${port}, where useFileDescriptor listens, in plain text`,
    )
    expect(warning).toContain("or set useFileDescriptor to a descriptor that listens on loopback.")
  })

  it("does not come for ipc and inproc of a socket with a SOCKS proxy, which is asked for tcp alone", async () => {
    const { stdout, stderr } = await warnings(`
      const socksProxy = "192.0.2.1:1080"
      const pull = bind("ipc://@ohmq-proxied-" + process.pid)
      for (const address of [pull.lastEndpoint, "inproc://proxied", "ws://127.0.0.1:9"]) {
        const push = new zmq.Push({ linger: 0, socksProxy })
        sockets.push(push)
        push.connect(address)
      }`)
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "" })
  })

  it("does not come for loopback, inproc, ipc and CURVE", async () => {
    const { stdout, stderr } = await warnings(`
      const a = bind("tcp://127.0.0.1:*"); bind("tcp://[::1]:*", { ipv6: true }); bind("tcp://lo:*")
      bind("inproc://x"); bind("ipc://@ohmq-warning-" + process.pid)
      const { publicKey, secretKey } = zmq.curveKeyPair()
      bind("tcp://*:*", { curveServer: true, curveSecretKey: secretKey })
      const p = new zmq.Push(); sockets.push(p); p.connect(a.lastEndpoint)
      a.unbindSync(a.lastEndpoint)`)
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "" })
  })

  it("comes for CURVE that is not complete", async () => {
    const { stdout } = await warnings(`bind("tcp://127.0.0.1:*", { curveServer: true }).close()`)
    expect(stdout).toBe("OHMQ_CURVE_INCOMPLETE curveServer\n")
  })
})

it("a PLAIN server that enforces a domain it has not is refused, where libzmq would abort", async () => {
  const pull = open(zmq.Pull, { plainServer: true, zapEnforceDomain: true })
  expect(await failure(() => pull.bind(freeAddress("tcp")))).toMatchObject({ code: "EINVAL" })
})

it("secrets are shown in no inspection of a socket", () => {
  const socket = open(zmq.Dealer, { plainPassword: "open sesame", curveSecretKey: pair.secretKey })
  for (const options of [{}, { getters: true }, { showHidden: true, getters: true, depth: 9 }]) {
    for (const value of [socket, { socket }]) {
      const text = inspect(value, options)
      expect(text).toContain("Dealer {")
      for (const secret of ["open sesame", pair.secretKey]) expect(text).not.toContain(secret)
    }
  }
})

it("an authenticator is not left behind by one that fails to start", async () => {
  const context = new zmq.Context()
  expect(thrown(() => new Authenticator({ context, curve: "/nowhere/at/all" })).code).toBe("ENOENT")
  expect(thrown(() => new Authenticator({ context, plain: 5 } as never)).name).toBe("TypeError")
  const authenticator = new Authenticator({ context, curve: [generateKeyPair(), bob] })
  onTestFinished(() => authenticator.close())
  expect(thrown(() => new Authenticator({ context })).message).toContain("already")
})
