// doctor in front of ZeroMQ sockets.

import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import path from "node:path"

import * as zmq from "ohmq"
import { Authenticator, generateKeyPair, hashPassword, z85Encode } from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"

import { temporaryFolder } from "../../support/folders.js"
import { freePort } from "../../support/free-ports.js"
import { open } from "../../support/sockets.js"
import { command, frame, greeting, properties } from "../../support/zmtp.mjs"
import { ohmq } from "../support.js"
import { examine, pyzmq, reportOf, serve } from "./peers.js"

/** Binds a socket to a free port. */
async function bound<S extends zmq.Socket>(socket: S, endpoint = "tcp://127.0.0.1:*"): Promise<string> {
  await socket.bind(endpoint)
  return socket.lastEndpoint as string
}

describe("doctor, without encryption", () => {
  it("says what the peer is, and what fits", async () => {
    expect(await examine(await bound(open(zmq.Router)))).toMatchObject({
      status: 0,
      ok: true,
      cause: "well",
      sentence: "A ROUTER answers, without encryption (ZMTP 3.1).",
      facts: { mechanism: "NULL", version: "3.1", socketTypes: ["ROUTER"], fitting: ["REQ", "DEALER", "ROUTER"] },
      steps: [{ name: "connection" }, { name: "greeting" }, { name: "handshake" }],
    })
  })

  it("says whether our type fits a socket of pyzmq", async () => {
    const endpoint = await pyzmq(
      "s = context.socket(zmq.PUB); s.bind('tcp://127.0.0.1:*'); print(s.last_endpoint.decode())",
    )
    expect(await examine(endpoint, "--type", "sub")).toMatchObject({ status: 0, cause: "well" })
    expect(await examine(endpoint, "--type", "pull")).toMatchObject({
      status: 1,
      cause: "unfit",
      sentence: "The socket types do not fit: the peer is a PUB, to which a PULL cannot connect.",
      advice: "Use SUB or XSUB on this side, or change the peer.",
    })
  })

  it("gets no message of the peer, even with a type that would", async () => {
    const push = open(zmq.Push)
    const endpoint = await bound(push)
    expect(await examine(endpoint, "--type", "pull")).toMatchObject({ status: 0, cause: "well" })
    const pull = open(zmq.Pull)
    pull.connect(endpoint)
    await push.send("kept")
    expect(String(await pull.receive({ timeout: 5000 }))).toBe("kept")
  })

  it("examines sockets of ipc, in the file system and abstract", async () => {
    const file = `ipc://${path.join(temporaryFolder(), "s")}`
    await bound(open(zmq.Reply), file)
    expect(await examine(file, "--type", "req")).toMatchObject({ status: 0, facts: { socketTypes: ["REP"] } })
    const name = `ipc://@ohmq-doctor-${process.pid}`
    await bound(open(zmq.Reply), name)
    const { status, facts } = await examine(name)
    // Where Node.js cannot connect to abstract sockets, REP or ROUTER.
    expect([status, facts.socketTypes]).toEqual([0, expect.arrayContaining(["REP"])])
    expect(await examine(`${name}-2`)).toMatchObject({ status: 1, cause: "ipc-missing" })
  })

  it("examines sockets inside WebSocket", async () => {
    const endpoint = await bound(open(zmq.Publisher), "ws://127.0.0.1:*/quotes")
    expect(await examine(endpoint, "--type", "sub")).toMatchObject({
      status: 0,
      cause: "well",
      facts: { isWebSocket: true, socketTypes: ["PUB"] },
    })
    const plain = endpoint.replace(/^ws/, "tcp").replace("/quotes", "")
    expect(await examine(plain)).toMatchObject({ status: 1, cause: "websocket" })
  })

  it("says that a socket is not inside WebSocket", async () => {
    const endpoint = await bound(open(zmq.Publisher))
    expect(await examine(endpoint.replace("tcp:", "ws:"))).toMatchObject({
      status: 1,
      cause: "zmtp-without-websocket",
      advice: `Write tcp instead of ws: ${endpoint}.`,
    })
  })

  it("finds a peer that refuses our address", async () => {
    const context = new zmq.Context()
    const authenticator = new Authenticator({ context, null: () => false })
    onTestFinished(() => authenticator.close())
    const endpoint = await bound(open(zmq.Reply, { context, zapDomain: "global" }))
    expect(await examine(endpoint)).toMatchObject({
      status: 4,
      cause: "refused",
      facts: { status: "400" },
      sentence: "The server's ZAP handler refuses our address: status 400 (authentication failure).",
    })
  })

  it("recognises a peer of ZMTP 2, with its type", async () => {
    const signature = greeting("NULL").subarray(0, 10)
    const port = await serve((socket) => {
      socket.write(signature)
      socket.once("data", () => socket.write(Buffer.concat([Buffer.of(1, 8), frame("")])))
    })
    const endpoint = `tcp://127.0.0.1:${port}`
    expect(await examine(endpoint, "--type", "pull")).toMatchObject({
      status: 0,
      cause: "old",
      facts: { version: "2.0", socketTypes: ["PUSH"] },
    })
    expect(await examine(endpoint, "--type", "sub")).toMatchObject({ status: 1, cause: "unfit" })
    const key = generateKeyPair().publicKey
    expect(await examine(endpoint, "--server-cert", key)).toMatchObject({ status: 4, cause: "old-without-encryption" })
  })

  it.each([
    ["an anonymous peer", Buffer.of(1, 0)],
    ["one with an identity", Buffer.from("\x06\0alice")],
    [
      "one with a long identity frame",
      Buffer.concat([Buffer.of(0xff, 0, 0, 0, 0, 0, 0, 0, 6, 0), Buffer.from("alice")]),
    ],
  ])("recognises ZMTP 1: %s", async (_, bytes) => {
    const port = await serve((socket) => socket.write(bytes))
    expect(await examine(`tcp://127.0.0.1:${port}`)).toMatchObject({
      status: 0,
      cause: "old",
      facts: { version: "1.0" },
    })
  })

  it("gives a server of ZMTP 3.0 that waits for us what it waits for", async () => {
    const port = await serve((socket) => {
      let got = 0
      socket.on("data", (chunk) => {
        const before = got
        got += chunk.length
        if (before < 64 && got >= 64) socket.write(greeting("NULL", { minor: 0 }))
        if (got > 64) socket.write(command("READY", properties({ "Socket-Type": "PULL" })))
      })
    })
    expect(await examine(`tcp://127.0.0.1:${port}`, "--type", "push")).toMatchObject({
      status: 0,
      cause: "well",
      facts: { version: "3.0", socketTypes: ["PULL"] },
    })
  })

  it("waits for a slow peer", async () => {
    const port = await serve((socket) => {
      setTimeout(
        () => socket.write(Buffer.concat([greeting("NULL"), command("READY", properties({ "Socket-Type": "PUB" }))])),
        1500,
      )
    })
    expect(await examine(`tcp://127.0.0.1:${port}`, "--type", "sub")).toMatchObject({ status: 0, cause: "well" })
  })

  it("says that a peer greets and does not go on", async () => {
    const silent = await serve((socket) => socket.write(greeting("NULL")))
    expect(await examine(`tcp://127.0.0.1:${silent}`, "--timeout", "600ms")).toMatchObject({
      status: 3,
      cause: "silent-in-handshake",
    })
    const closing = await serve((socket) => {
      socket.write(greeting("NULL"))
      setTimeout(() => socket.end(), 100)
    })
    expect(await examine(`tcp://127.0.0.1:${closing}`)).toMatchObject({ status: 1, cause: "closes-in-handshake" })
  })

  it.each([
    ["a message instead of READY", frame("hello")],
    ["reserved flags", Buffer.from("GET / HTTP/1.1\r\n")],
    ["a frame without end", Buffer.concat([Buffer.of(6), Buffer.alloc(8, 0xff)])],
    ["metadata that ends too early", command("READY", Buffer.from("\x0bSocket-Type\0\0\xff\xffPULL", "latin1"))],
  ])("survives a peer that breaks the rules: %s", async (_, bytes) => {
    const port = await serve((socket) => socket.write(Buffer.concat([greeting("NULL"), bytes])))
    const { status, cause, facts } = await examine(`tcp://127.0.0.1:${port}`, "--timeout", "1s")
    expect([status, cause]).toEqual(_.startsWith("metadata") ? [0, "well"] : [1, "breaks-the-rules"])
    expect(facts.socketTypes).toBeUndefined()
  })
})

describe("doctor, about who binds", () => {
  it("says that both sides connect", async () => {
    const endpoint = `tcp://127.0.0.1:${await freePort()}`
    open(zmq.Push).connect(endpoint)
    expect(await examine(endpoint, "--type", "pull")).toMatchObject({
      status: 1,
      cause: "both-connect",
      sentence: "Nobody is bound there, but a PUSH connects to it, too: both sides connect.",
    })
  })

  it("waits at an address for a peer", async () => {
    const port = await freePort()
    open(zmq.Subscriber).connect(`tcp://127.0.0.1:${port}`)
    expect(await examine(`@tcp://127.0.0.1:${port}`, "--type", "pub")).toMatchObject({
      status: 0,
      cause: "connects",
      facts: { socketTypes: ["SUB"] },
    })
    expect(await examine(`@tcp://127.0.0.1:${port}`, "--type", "pull")).toMatchObject({ status: 1, cause: "unfit" })
  })

  it("says that nobody connects to a free address", async () => {
    const endpoint = `@tcp://*:${await freePort()}`
    expect(await examine(endpoint, "--timeout", "300ms")).toMatchObject({
      status: 3,
      cause: "nobody-connects",
      endpoint,
    })
  })

  it("says who has an address", async () => {
    const endpoint = await bound(open(zmq.Router))
    expect(await examine(`@${endpoint}`)).toMatchObject({
      status: 1,
      cause: "port-in-use",
      facts: { process: expect.stringContaining(`(${process.pid})`), socketTypes: ["ROUTER"] },
    })
  })

  it("says that an address cannot be bound", async () => {
    expect(await examine("@tcp://192.0.2.1:5555")).toMatchObject({ status: 1, cause: "cannot-bind" })
  })
})

/** A folder with the keys of a server and of two clients, of which the server lets in alice. */
async function keys() {
  const folder = temporaryFolder()
  const clients = path.join(folder, "clients")
  mkdirSync(clients, { mode: 0o755 })
  const [server, alice, bob] = [generateKeyPair(), generateKeyPair({ name: "alice" }), generateKeyPair()]
  const file = (name: string) => path.join(folder, name)
  await server.save(file("server.key"))
  await alice.save(file("alice.key"))
  await bob.save(file("bob.key"))
  await alice.save(path.join(clients, "alice.key"))
  rmSync(path.join(clients, "alice.key_secret"))
  const context = new zmq.Context()
  const authenticator = new Authenticator({ context, curve: clients })
  onTestFinished(() => authenticator.close())
  return {
    options: { context, security: { server, authenticator } },
    as: (name: string, ofServer = "server") => [
      "--cert",
      file(`${name}.key_secret`),
      "--server-cert",
      file(`${ofServer}.key`),
    ],
    server,
    serverFile: file("server.key"),
  }
}

describe("doctor, with CURVE", () => {
  it("says that our key is let in, and which types are possible", async () => {
    const { options, as } = await keys()
    const endpoint = await bound(open(zmq.Router, options))
    expect(await examine(endpoint, ...as("alice"))).toMatchObject({
      status: 0,
      cause: "well",
      facts: { mechanism: "CURVE", socketTypes: ["REP", "ROUTER"] },
    })
    expect(await examine(endpoint, "--type", "dealer", ...as("alice"))).toMatchObject({ status: 0, cause: "well" })
  })

  it("says that the peer encrypts and we do not", async () => {
    const { options } = await keys()
    expect(await examine(await bound(open(zmq.Pull, options)))).toMatchObject({
      status: 4,
      cause: "needs-security",
      sentence: "The peer encrypts with CURVE, and you speak plain text.",
    })
  })

  it("says that we encrypt and the peer does not", async () => {
    const { as } = await keys()
    const endpoint = await pyzmq(
      "s = context.socket(zmq.PULL); s.bind('tcp://127.0.0.1:*'); print(s.last_endpoint.decode())",
    )
    expect(await examine(endpoint, ...as("alice"))).toMatchObject({ status: 4, cause: "not-encrypted" })
  })

  it("says that the server's key is another", async () => {
    const { options, as } = await keys()
    const endpoint = await bound(open(zmq.Pull, options))
    expect(await examine(endpoint, ...as("alice", "bob"))).toMatchObject({ status: 4, cause: "wrong-server-key" })
  })

  it("says that our key is refused", async () => {
    const { options, as } = await keys()
    const endpoint = await bound(open(zmq.Pull, options))
    expect(await examine(endpoint, "--type", "push", ...as("bob"))).toMatchObject({
      status: 4,
      cause: "refused",
      facts: { status: "400" },
    })
    expect(await examine(endpoint, ...as("bob"))).toMatchObject({ status: 4, cause: "refused" })
  })

  it("says that the types do not fit, though our key is let in", async () => {
    const { options, as } = await keys()
    const endpoint = await bound(open(zmq.Publisher, options))
    expect(await examine(endpoint, "--type", "push", ...as("alice"))).toMatchObject({
      status: 1,
      cause: "unfit",
      facts: { socketTypes: ["PUB", "XPUB"], fitting: ["SUB", "XSUB"] },
    })
  })

  it("does not connect as a type that gets messages unless it is told to", async () => {
    const { options, as } = await keys()
    const push = open(zmq.Push, options)
    const endpoint = await bound(push)
    expect(await examine(endpoint, ...as("alice"))).toMatchObject({
      status: 1,
      cause: "unfit-or-refused",
      facts: { socketTypes: ["PUSH", "DEALER", "PAIR"] },
    })
    const told = await ohmq(["doctor", endpoint, "--type", "pull", ...as("alice")])
    expect(told).toMatchObject({ status: 0, stderr: expect.stringContaining("warning: messages") })
  })

  it("examines a CURVE server of pyzmq, also over ipc", async () => {
    const { as, server } = await keys()
    const file = path.join(temporaryFolder(), "s")
    const set = `s = context.socket(zmq.REP); s.curve_server = True; s.curve_secretkey = b'${z85Encode(server.secretKey as Buffer)}'`
    const endpoint = await pyzmq(
      `${set}\ns.bind('tcp://127.0.0.1:*'); s.bind('ipc://${file}'); print('tcp://127.0.0.1:' + s.get(zmq.LAST_ENDPOINT).decode())`,
    )
    expect(endpoint).toContain(file)
    expect(await examine(`ipc://${file}`, "--type", "req", ...as("alice"))).toMatchObject({ status: 0, cause: "well" })
    expect(await examine(`ipc://${file}`, "--type", "req", ...as("alice", "bob"))).toMatchObject({
      cause: "wrong-server-key",
    })
  })

  it("says that both sides are clients", async () => {
    const { as, server } = await keys()
    const client = generateKeyPair()
    const socket = open(zmq.Pull, { security: { client, serverKey: server } })
    const endpoint = await bound(socket)
    expect(await examine(endpoint, "--type", "push", ...as("alice"))).toMatchObject({
      status: 4,
      cause: "not-a-server",
    })
  })

  it("examines an encrypted socket inside WebSocket", async () => {
    const { options, as } = await keys()
    const endpoint = await bound(open(zmq.Pull, options), "ws://127.0.0.1:*/")
    expect(await examine(endpoint, "--type", "push", ...as("alice"))).toMatchObject({ status: 0, cause: "well" })
    expect(await examine(endpoint, "--type", "push", ...as("bob"))).toMatchObject({ status: 4, cause: "refused" })
  })
})

describe("doctor, with PLAIN", () => {
  async function server() {
    const folder = temporaryFolder()
    const file = path.join(folder, "passwords")
    writeFileSync(file, `alice:${await hashPassword("secret")}\n`, { mode: 0o600 })
    const context = new zmq.Context()
    const authenticator = new Authenticator({ context, plain: file })
    onTestFinished(() => authenticator.close())
    return bound(open(zmq.Pull, { context, security: { plainServer: true, authenticator } }), `ipc://${folder}/s`)
  }
  const withPassword = async (endpoint: string, password: string, ...options: string[]) => {
    const args = ["doctor", endpoint, "--output", "json", "--plain", "alice:env:PASSWORD", ...options]
    return reportOf(await ohmq(args, { env: { PASSWORD: password } }))
  }

  it("asks for a password, and says whether it is let in and the type fits", async () => {
    const endpoint = await server()
    expect(await examine(endpoint)).toMatchObject({ status: 4, cause: "needs-security", facts: { mechanism: "PLAIN" } })
    expect(await withPassword(endpoint, "secret")).toMatchObject({ status: 0, facts: { socketTypes: ["PULL"] } })
    expect(await withPassword(endpoint, "wrong")).toMatchObject({ status: 4, cause: "refused" })
    expect(await withPassword(endpoint, "secret", "--type", "push")).toMatchObject({ status: 0, cause: "well" })
    expect(await withPassword(endpoint, "secret", "--type", "sub")).toMatchObject({ status: 1, cause: "unfit" })
    expect(await ohmq(["doctor", "tcp://127.0.0.1:1", "--plain", "alice:env:HOME"])).toMatchObject({ status: 2 })
  })
})
