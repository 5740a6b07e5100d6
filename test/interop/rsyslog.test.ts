// rsyslog, which speaks ZeroMQ through CZMQ: imczmq takes messages, omczmq sends them. Certificates are made by ohmq.

import { existsSync, mkdirSync } from "node:fs"
import path from "node:path"

import * as zmq from "ohmq"
import { type AuditEvent, Authenticator, Certificate, generateKeyPair, verifiedSender } from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"

import { folder } from "../security/support.js"
import { eventually, freeAddress, open, texts } from "../support/sockets.js"
import { startRsyslogd } from "./rsyslog/in-test.js"
import { linesOf, records, writeLines } from "./rsyslog/records.mjs"

/** A folder with the certificates of a server and of a client, whom the server knows. */
async function certificates() {
  const here = folder()
  mkdirSync(path.join(here, "clients"), 0o755)
  const server = generateKeyPair({ name: "server" })
  const client = generateKeyPair({ name: "client-1" })
  await server.save(path.join(here, "server.key"))
  await client.save(path.join(here, "client.key"))
  await client.savePublic(path.join(here, "clients/client.key"))
  return { here, server, client }
}

/** Starts a daemon that takes messages and writes them to a file. */
async function intake(here: string, { module = "", input }: { module?: string; input: string }) {
  const file = path.join(here, "out.log")
  const daemon = await startRsyslogd(
    here,
    `module(load="imczmq" ${module})
    template(name="raw" type="string" string="%rawmsg%\\n")
    ruleset(name="write" queue.type="direct") {
      # Each frame comes as a message of its own, routing ids and topics, too.
      if $rawmsg startswith "<" then action(type="omfile" file="${file}" template="raw")
    }
    input(type="imczmq" endpoints="@tcp://127.0.0.1:*" ${input} ruleset="write")
    `,
  )
  return { file, daemon, endpoint: await daemon.endpoint() }
}

const curveServer = (here: string) =>
  `authenticator="on" authtype="CURVESERVER" servercertpath="${here}/server.key" clientcertpath="${here}/clients"`

describe("from ohmq to rsyslog (imczmq)", () => {
  const mechanisms = ["CURVE", "NULL"] as const

  async function link(mechanism: (typeof mechanisms)[number], input: string) {
    const { here, server, client } = await certificates()
    const module = mechanism === "CURVE" ? curveServer(here) : ""
    const { file, daemon, endpoint } = await intake(here, { module, input })
    const security = mechanism === "CURVE" ? { client, serverKey: server.publicKey } : undefined
    return { file, daemon, endpoint, options: { ...(security && { security }), linger: 2000 } }
  }

  it.each(mechanisms)("gets each line of a Push, in order: %s", async (mechanism) => {
    const { file, daemon, endpoint, options } = await link(mechanism, 'socktype="PULL"')
    const push = open(zmq.Push, options)
    push.connect(endpoint)
    const lines = records(2000)
    for (const line of lines) await push.send(line)
    expect(await linesOf(file, lines.length)).toEqual(lines)
    expect(daemon.complaints()).toBe("")
  })

  it.each(mechanisms)("gets each line of a Dealer, in order: %s", async (mechanism) => {
    const { file, endpoint, options } = await link(mechanism, 'socktype="ROUTER"')
    const dealer = open(zmq.Dealer, { ...options, routingId: "scanner-1" })
    dealer.connect(endpoint)
    const lines = records(500)
    for (const line of lines) await dealer.send(line)
    expect(await linesOf(file, lines.length)).toEqual(lines)
  })

  it.each(mechanisms)("gets the lines of the topics it subscribed to of a Publisher: %s", async (mechanism) => {
    const { file, endpoint, options } = await link(mechanism, 'socktype="SUB" topics="audit,alert"')
    const publisher = open(zmq.XPublisher, options)
    publisher.connect(endpoint)
    // They say when messages will get through.
    const subscribed = [await publisher.receive(), await publisher.receive()].flat().map(String)
    expect(subscribed.sort()).toEqual(["\x01alert", "\x01audit"])
    const lines = records(300)
    for (const [index, line] of lines.entries()) {
      await publisher.send([index % 2 === 0 ? "audit" : "alert", line])
      await publisher.send(["debug", line])
    }
    expect(await linesOf(file, lines.length)).toEqual(lines)
  })

  it("refuses a key that it does not know, and serves on", async () => {
    const { here, server, client } = await certificates()
    const { file, endpoint } = await intake(here, { module: curveServer(here), input: 'socktype="PULL"' })
    const stranger = open(zmq.Push, {
      security: { client: generateKeyPair({ name: "client-1" }), serverKey: server.publicKey },
    })
    const refused = stranger.events.waitFor("handshake:error:auth", { timeout: 10_000 })
    stranger.connect(endpoint)
    const sent = stranger.send(records(1, "stranger")[0] as string)
    sent.catch(() => {})
    await refused
    const push = open(zmq.Push, { security: { client, serverKey: server.publicKey }, linger: 2000 })
    push.connect(endpoint)
    await push.send(records(1)[0] as string)
    expect(await linesOf(file, 1)).toEqual(records(1))
  })

  it("gets nothing from a client that takes another server's key for its own", async () => {
    const { here, client } = await certificates()
    const { file, endpoint } = await intake(here, { module: curveServer(here), input: 'socktype="PULL"' })
    const push = open(zmq.Push, { security: { client, serverKey: generateKeyPair().publicKey } })
    const failed = push.events.waitFor("disconnect", { timeout: 10_000 })
    push.connect(endpoint)
    const sent = push.send(records(1)[0] as string)
    sent.catch(() => {})
    await failed
    expect(existsSync(file)).toBe(false)
  })
})

describe("from rsyslog (omczmq) to ohmq", () => {
  /** Starts a daemon that sends what is written to a socket. */
  async function outlet(here: string, { module = "", action }: { module?: string; action: string }) {
    const socket = path.join(here, "in.sock")
    const daemon = await startRsyslogd(
      here,
      `module(load="imptcp")
      module(load="omczmq" ${module})
      template(name="line" type="string" string="%rawmsg%")
      ruleset(name="send" queue.type="direct") {
        action(type="omczmq" ${action} template="line")
      }
      input(type="imptcp" path="${socket}" ruleset="send")
      `,
    )
    return { daemon, write: (lines: string[]) => writeLines(socket, lines) }
  }

  const curveClient = (here: string, own = "client.key_secret") =>
    `authtype="CURVECLIENT" clientcertpath="${here}/${own}" servercertpath="${here}/server.key"`

  /** A socket's options, on a context that an authenticator guards. */
  async function guarded(here: string) {
    const context = new zmq.Context()
    const authenticator = new Authenticator({ context, curve: path.join(here, "clients") })
    onTestFinished(() => authenticator.close())
    const told: AuditEvent[] = []
    authenticator.on("allowed", (event) => told.push(event)).on("denied", (event) => told.push(event))
    const server = await Certificate.load(path.join(here, "server.key_secret"))
    return { told, options: { context, security: { server, authenticator } } }
  }

  it("sends each line to a Pull, in order, under the daemon's name", async () => {
    const { here } = await certificates()
    const { options, told } = await guarded(here)
    const pull = open(zmq.Pull, options)
    await pull.bind(freeAddress("tcp"))
    const { write, daemon } = await outlet(here, {
      module: curveClient(here),
      action: `socktype="PUSH" endpoints=">${pull.lastEndpoint}"`,
    })
    const lines = records(2000)
    await write(lines)
    for (const line of lines) {
      const message = await pull.receiveWithMetadata({ timeout: 5000 })
      expect([texts(message.parts), verifiedSender(message)]).toEqual([[line], "client-1"])
    }
    expect(told.every(({ outcome, userId }) => outcome === "allowed" && userId === "client-1")).toBe(true)
    expect(daemon.complaints()).toBe("")
  })

  it("publishes to a Subscriber, with a frame for the topic", async () => {
    const { here } = await certificates()
    const { options, told } = await guarded(here)
    const subscriber = open(zmq.Subscriber, options)
    subscriber.subscribe("audit")
    await subscriber.bind(freeAddress("tcp"))
    const { write } = await outlet(here, {
      module: curveClient(here),
      action: `socktype="PUB" endpoints=">${subscriber.lastEndpoint}" topics="audit" topicframe="on"`,
    })
    // It connects at its first line. What a Publisher sends before the subscription came is lost.
    const [hello, ...lines] = records(101)
    let received: zmq.MessageWithMetadata | undefined
    while (received === undefined) {
      await write([hello as string])
      received = await subscriber.receiveWithMetadata({ timeout: 50 }).catch(() => undefined)
    }
    await write(lines)
    const got: string[] = []
    while (got.length < lines.length) {
      const { parts, userId } = await subscriber.receiveWithMetadata({ timeout: 5000 })
      expect([parts[0]?.toString(), parts.length, userId]).toEqual(["audit", 2, "client-1"])
      const line = String(parts[1])
      if (line !== hello) got.push(line)
    }
    expect(got).toEqual(lines)
    expect(told.map(({ outcome }) => outcome)).not.toContain("denied")
  })

  it("is refused with a key that the authenticator does not know", async () => {
    const { here } = await certificates()
    await generateKeyPair({ name: "client-1" }).save(path.join(here, "stranger.key"))
    const { options, told } = await guarded(here)
    const pull = open(zmq.Pull, options)
    await pull.bind(freeAddress("tcp"))
    const { write } = await outlet(here, {
      module: curveClient(here, "stranger.key_secret"),
      action: `socktype="PUSH" endpoints=">${pull.lastEndpoint}" sendtimeout="500"`,
    })
    await write(records(3))
    const stranger = await Certificate.load(path.join(here, "stranger.key"))
    await eventually(() =>
      expect(told).toContainEqual(
        expect.objectContaining({ outcome: "denied", reason: "unknown key", publicKey: stranger.publicKey }),
      ),
    )
    expect(told.map(({ outcome }) => outcome)).not.toContain("allowed")
    expect(pull.tryReceive()).toBeUndefined()
  })

  it("sends without encryption, too", async () => {
    const here = folder()
    const pull = open(zmq.Pull)
    await pull.bind(freeAddress("tcp"))
    const { write } = await outlet(here, { action: `socktype="PUSH" endpoints=">${pull.lastEndpoint}"` })
    const lines = records(500)
    await write(lines)
    for (const line of lines) expect(texts(await pull.receive({ timeout: 5000 }))).toEqual([line])
  })
})
