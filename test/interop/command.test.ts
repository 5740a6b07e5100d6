// The `ohmq` command with CZMQ, JeroMQ and rsyslog: a verb at one end, and nothing of ours at the other.

import { mkdirSync } from "node:fs"
import path from "node:path"

import { Certificate, z85Encode } from "ohmq/security"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"

import { ohmq, start } from "../cli/support.js"
import { sharedFolder, temporaryFolder } from "../support/folders.js"
import type { Peer } from "./peer.mjs"
import { peers, prepare } from "./peers.mjs"
import { startRsyslogd } from "./rsyslog/in-test.js"
import { linesOf, records, writeLines } from "./rsyslog/records.mjs"

const any = "@tcp://127.0.0.1:*"

/** A folder with certificates that the command has made. The server knows alice, and not mallory. */
async function certificates() {
  const folder = temporaryFolder()
  mkdirSync(path.join(folder, "clients"))
  const file = (name: string) => path.join(folder, name)
  for (const name of ["server.key", "clients/alice.key", "mallory.key"]) {
    expect((await ohmq(["keys", "certificate", file(name), `name=${path.parse(name).name}`])).status).toBe(0)
  }
  /** The words for a peer; see peer.mjs. */
  const words = async (name: string) => {
    const { publicKey, secretKey } = await Certificate.load(file(`${name}_secret`))
    return [publicKey, z85Encode(secretKey as Buffer)]
  }
  const client = (name: string) => ["--cert", file(`${name}_secret`), "--server-cert", file("server.key")]
  return {
    folder,
    file,
    /** Options of the command. */
    server: ["--server", "--cert", file("server.key_secret"), "--clients", file("clients")],
    alice: client("clients/alice.key"),
    mallory: client("mallory.key"),
    asServer: async () => ["curve-server", ...(await words("server.key"))],
    asClient: async (name: string) => [
      "curve-client",
      ...(await words(name)),
      (await words("server.key"))[0] as string,
    ],
  }
}

const texts = (parts: Buffer[] | undefined) => parts?.map(String)

const partsOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { parts: unknown[] }).parts)

const build = sharedFolder()

describe.each(peers.filter(({ name }) => ["CZMQ", "JeroMQ"].includes(name)))("with $name", (described) => {
  let begin: () => Promise<Peer>

  /** Processes without a socket: a JVM takes a second to start. */
  const idle: Peer[] = []

  beforeAll(async () => {
    begin = await prepare(described, build)
  }, 60_000)
  afterAll(async () => {
    for (const peer of idle) await peer.end()
  })

  async function open(type: string, setup = ["null"]): Promise<Peer> {
    const peer = idle.pop() ?? (await begin())
    onTestFinished(async () => {
      await peer.close()
      idle.push(peer)
    })
    await peer.open(type, setup, {})
    return peer
  }

  const bind = async (peer: Peer) => (await peer.bind("tcp://127.0.0.1:*")) as string

  it("push and pull exchange text, parts and bytes", async () => {
    const peer = await open("PULL")
    const input = '["one"]\n["a", "", {"base64": "AP8K"}]\n'
    expect(await ohmq(["push", await bind(peer), "-i", "json"], { input })).toMatchObject({ status: 0, stderr: "" })
    expect(texts(await peer.receive())).toEqual(["one"])
    expect(await peer.receive()).toEqual([Buffer.from("a"), Buffer.alloc(0), Buffer.from([0, 255, 10])])
    const sender = await open("PUSH")
    const pull = start(["pull", any, "--count", "2", "-o", "json"])
    await sender.connect(await pull.endpoint())
    for (const parts of [["é"], ["a", "", "x".repeat(1000)]]) await sender.send(parts)
    const { status, stdout } = await pull.ended
    expect([status, partsOf(stdout)]).toEqual([0, [["é"], ["a", "", "x".repeat(1000)]]])
  })

  it("req asks its REP, also through a proxy, and rep answers its REQ", async () => {
    const rep = await open("REP")
    const proxy = start(["proxy", "queue", any, any])
    const [, front = "", back = ""] = await proxy.until(/forwarding between \w+ @(\S+) and \w+ @([^\s,]+)/)
    await rep.connect(back)
    const asked = ohmq(["req", front, "hello", "--timeout", "10s"])
    expect(texts(await rep.receive())).toEqual(["hello"])
    await rep.send(["to you", "too"])
    expect(await asked).toMatchObject({ status: 0, stdout: "to you\ttoo\n" })
    const req = await open("REQ")
    await req.connect(front)
    await req.send(["ping"])
    expect(texts(await rep.receive())).toEqual(["ping"])
    await rep.send(["pong"])
    expect(texts(await req.receive())).toEqual(["pong"])
    proxy.child.kill("SIGTERM")
    expect(await proxy.ended).toMatchObject({ status: 143, stderr: expect.stringMatching(/2 messages.*2 messages/) })
    const running = start(["rep", any, "--exec", "rev", "--count", "1"])
    const other = await open("REQ")
    await other.connect(await running.endpoint())
    await other.send(["stressed"])
    expect(texts(await other.receive())).toEqual(["desserts"])
    expect((await running.ended).status).toBe(0)
  })

  it("pub reaches its SUB, and record keeps what its PUB sends", async () => {
    const pub = start(["pub", any, "--topic", "news", "--count", "1", "hello"])
    const sub = await open("SUB")
    await sub.subscribe("news")
    await sub.connect(await pub.endpoint())
    expect(texts(await sub.receive())).toEqual(["news", "hello"])
    expect((await pub.ended).status).toBe(0)
    const file = path.join(temporaryFolder(), "recording.ohmq")
    const xpub = await open("XPUB")
    const record = start(["record", file, await bind(xpub), "--topic", "n", "--count", "3"])
    expect(texts(await xpub.receive())).toEqual(["\u0001n"])
    for (const text of ["n1", "other", "n2", "n3"]) await xpub.send([text, "body"])
    expect((await record.ended).status).toBe(0)
    expect((await ohmq(["replay", file])).stdout).toBe("n1\tbody\nn2\tbody\nn3\tbody\n")
    const pull = await open("PULL")
    const replayed = ohmq(["replay", file, await bind(pull), "--type", "push", "--speed", "max"])
    for (const text of ["n1", "n2", "n3"]) expect(texts(await pull.receive())).toEqual([text, "body"])
    expect((await replayed).status).toBe(0)
  })

  it("doctor says what it is", async () => {
    const endpoint = await bind(await open("ROUTER"))
    const fits = await ohmq(["doctor", endpoint, "--type", "dealer", "--output", "json"])
    expect(JSON.parse(fits.stdout)).toMatchObject({ ok: true, facts: { mechanism: "NULL", socketTypes: ["ROUTER"] } })
    expect(fits.status).toBe(0)
    const unfit = await ohmq(["doctor", endpoint, "--type", "sub", "--output", "json"])
    expect([unfit.status, JSON.parse(unfit.stdout).cause]).toEqual([1, "unfit"])
  })

  it("is let in by a server of ours with CURVE, or refused", async () => {
    const { server, asClient } = await certificates()
    const rep = start(["rep", any, "--echo", "-o", "json", "--count", "1", ...server])
    const endpoint = await rep.endpoint()
    const mallory = await open("REQ", await asClient("mallory.key"))
    await mallory.connect(endpoint)
    await rep.until(/refused a client at 127\.0\.0\.1: unknown key/)
    const alice = await open("REQ", await asClient("clients/alice.key"))
    await alice.connect(endpoint)
    await alice.send(["secret"])
    expect(texts(await alice.receive())).toEqual(["secret"])
    const { status, stdout } = await rep.ended
    expect([status, partsOf(stdout)]).toEqual([0, [["secret"]]])
  })

  it("lets us in with CURVE, or refuses", async () => {
    const { folder, alice, mallory, asServer } = await certificates()
    const peer = await begin()
    onTestFinished(() => peer.end())
    await peer.ask("authenticate", folder)
    await peer.open("PULL", await asServer(), {})
    const endpoint = await bind(peer)
    expect(await ohmq(["push", endpoint, "yes", ...alice])).toMatchObject({ status: 0, stderr: "" })
    expect(texts(await peer.receive())).toEqual(["yes"])
    const refused = await ohmq(["push", endpoint, "no", ...mallory, "--linger", "5s"])
    expect(refused).toMatchObject({ status: 4, stderr: expect.stringContaining("refused") })
    const found = await ohmq(["doctor", endpoint, "--type", "push", "--output", "json", ...mallory])
    expect([found.status, JSON.parse(found.stdout).cause]).toEqual([4, "refused"])
    const well = await ohmq(["doctor", endpoint, "--type", "push", "--output", "json", ...alice])
    expect(JSON.parse(well.stdout)).toMatchObject({ ok: true, facts: { mechanism: "CURVE" } })
    const plain = await ohmq(["doctor", endpoint, "--type", "push", "--output", "json"])
    expect([plain.status, JSON.parse(plain.stdout).ok]).toEqual([4, false])
  })
})

describe("with rsyslog", () => {
  /** A daemon that takes messages and writes them to a file. */
  async function intake(folder: string, module = "") {
    const file = path.join(folder, "out.log")
    const daemon = await startRsyslogd(
      folder,
      `module(load="imczmq" ${module})
      template(name="raw" type="string" string="%rawmsg%\\n")
      ruleset(name="write" queue.type="direct") { action(type="omfile" file="${file}" template="raw") }
      input(type="imczmq" endpoints="@tcp://127.0.0.1:*" socktype="PULL" ruleset="write")
      `,
    )
    return { file, endpoint: await daemon.endpoint() }
  }

  /** A daemon that sends what is written to it. */
  async function outlet(folder: string, endpoint: string, module = "") {
    const socket = path.join(folder, "in.sock")
    await startRsyslogd(
      folder,
      `module(load="imptcp")
      module(load="omczmq" ${module})
      template(name="line" type="string" string="%rawmsg%")
      ruleset(name="send" queue.type="direct") {
        action(type="omczmq" socktype="PUSH" endpoints=">${endpoint}" template="line")
      }
      input(type="imptcp" path="${socket}" ruleset="send")
      `,
    )
    return (lines: string[]) => writeLines(socket, lines)
  }

  it("push writes lines to imczmq, and doctor says what that is", async () => {
    const { file, endpoint } = await intake(temporaryFolder())
    const lines = records(500)
    const input = `${lines.join("\n")}\n`
    expect(await ohmq(["push", endpoint], { input })).toMatchObject({ status: 0, stderr: "" })
    expect(await linesOf(file, lines.length)).toEqual(lines)
    const found = await ohmq(["doctor", endpoint, "--type", "push", "--output", "json"])
    expect(JSON.parse(found.stdout)).toMatchObject({ ok: true, facts: { socketTypes: ["PULL"] } })
  })

  it("push to imczmq with CURVE is let in, or refused", async () => {
    const { folder, file: at, alice, mallory } = await certificates()
    const { file, endpoint } = await intake(
      folder,
      `authenticator="on" authtype="CURVESERVER" servercertpath="${at("server.key")}" clientcertpath="${at("clients")}"`,
    )
    const refused = await ohmq(["push", endpoint, "no", ...mallory, "--linger", "5s"])
    expect(refused).toMatchObject({ status: 4, stderr: expect.stringContaining("refused") })
    const [line = ""] = records(1)
    expect(await ohmq(["push", endpoint, line, ...alice])).toMatchObject({ status: 0, stderr: "" })
    expect(await linesOf(file, 1)).toEqual([line])
  })

  it("pull prints what omczmq sends, also with CURVE and through a proxy", async () => {
    const lines = records(300)
    const { folder, file, server } = await certificates()
    const pull = start(["pull", any, ...server, "--count", "300", "--format", "%u %s\n"])
    const client = `authtype="CURVECLIENT" clientcertpath="${file("clients/alice.key_secret")}" servercertpath="${file("server.key")}"`
    await (await outlet(folder, await pull.endpoint(), client))(lines)
    const expected = lines.map((line) => `alice ${line}\n`).join("")
    expect(await pull.ended).toMatchObject({ status: 0, stdout: expected })
    const proxy = start(["proxy", "streamer", any, any])
    const [, front = "", back = ""] = await proxy.until(/forwarding between \w+ @(\S+) and \w+ @([^\s,]+)/)
    const record = path.join(folder, "recording.ohmq")
    const recording = start(["record", record, back, "--type", "pull", "--count", "300"])
    await (await outlet(temporaryFolder(), front))(lines)
    expect((await recording.ended).status).toBe(0)
    expect((await ohmq(["replay", record])).stdout).toBe(`${lines.join("\n")}\n`)
  })
})
