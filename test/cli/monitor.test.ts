import path from "node:path"

import * as zmq from "ohmq"
import { Authenticator, generateKeyPair } from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { freePort } from "../support/free-ports.js"
import { eventually, open } from "../support/sockets.js"
import { pyzmq } from "./doctor/peers.js"
import { ohmq, shell, start, startInTerminal } from "./support.js"

interface Line {
  event: string
  time: string
  address?: string
  localAddress?: string
  remoteAddress?: string
  interval?: number
  code?: string
  meaning: string
  advice?: string
}

/** The events as JSON, and the exit code. */
async function events(args: readonly string[]): Promise<{ status: number | string; lines: Line[] }> {
  const { status, stdout, stderr } = await ohmq(["monitor", ...args, "--output", "json"])
  if (stdout === "" && status !== 3) throw new Error(stderr)
  const lines = stdout === "" ? [] : stdout.trimEnd().split("\n")
  return { status, lines: lines.map((line) => JSON.parse(line)) }
}

async function bound(socket: zmq.Socket): Promise<string> {
  await socket.bind("tcp://127.0.0.1:*")
  return socket.lastEndpoint as string
}

describe("ohmq monitor", () => {
  it("shows a connection to pyzmq, with both endpoints and times", async () => {
    const endpoint = await pyzmq(
      "s = context.socket(zmq.PUB); s.bind('tcp://127.0.0.1:*'); print(s.last_endpoint.decode())",
    )
    const { status, lines } = await events([endpoint, "--type", "sub", "--count", "3"])
    expect(status).toBe(0)
    expect(lines).toMatchObject([
      { event: "connect:delay", address: endpoint },
      { event: "connect", remoteAddress: endpoint, localAddress: expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/) },
      { event: "handshake", meaning: "messages can flow" },
    ])
    expect(Math.abs(Date.parse(lines[0]?.time as string) - Date.now())).toBeLessThan(60_000)
  })

  it("shows events as they happen, in text", async () => {
    const running = start(["monitor", "@tcp://127.0.0.1:*", "--type", "pull"])
    const endpoint = await running.endpoint()
    await running.until(/^\d\d:\d\d:\d\d\.\d{3} {2}bind .*bound: peers can connect\n/, "stdout")
    expect(running.stderr).toContain("what peers send to this pull is lost")
    const push = open(zmq.Push)
    push.connect(endpoint)
    await running.until(/ handshake .*messages can flow\n/, "stdout")
    push.close()
    await running.until(/ disconnect .*the connection is lost\n/, "stdout")
    running.child.kill("SIGINT")
    expect(await running.ended).toMatchObject({ status: 130 })
  })

  it("says in words why a handshake failed, and what to do", async () => {
    const endpoint = await bound(open(zmq.Publisher))
    const { publicKey } = generateKeyPair()
    // The peer sees the mismatch, too. If it is so fast that the connection is closed here first, libzmq reports only that.
    await eventually(async () => {
      const { lines } = await events([endpoint, "--type", "sub", "--server-cert", publicKey, "--count", "3"])
      expect(lines[2]).toMatchObject({
        event: "handshake:error:protocol",
        code: "ERR_ZMTP_MECHANISM_MISMATCH",
        meaning: expect.stringContaining("One side encrypts and the other does not"),
        advice: expect.stringContaining(`ohmq doctor ${endpoint}`),
      })
    })
  })

  it("says that the server refuses the key", async () => {
    const context = new zmq.Context()
    const authenticator = new Authenticator({ context, curve: () => false })
    onTestFinished(() => authenticator.close())
    const [server, client] = [generateKeyPair(), generateKeyPair()]
    const endpoint = await bound(open(zmq.Publisher, { context, security: { server, authenticator } }))
    const file = path.join(temporaryFolder(), "client.key")
    await client.save(file)
    const keys = ["--cert", `${file}_secret`, "--server-cert", server.publicKey]
    const { lines } = await events([endpoint, "--type", "sub", ...keys, "--count", "3"])
    expect(lines[2]).toMatchObject({
      event: "handshake:error:auth",
      code: "400",
      meaning: "status 400: The server does not accept this key, user or address",
      advice: expect.stringContaining("Add this side's public key"),
    })
  })

  it("explains a loss for which libzmq has no reason: types that do not fit", async () => {
    const endpoint = await bound(open(zmq.Publisher))
    // If the peer closes the connection before the handshake here is over, that is what libzmq reports.
    await eventually(async () => {
      const { lines } = await events([endpoint, "--type", "push", "--count", "3"])
      expect(lines[2]).toMatchObject({
        event: "disconnect",
        meaning: expect.stringContaining("the socket types do not fit"),
        advice: `See what the peer is: ohmq doctor ${endpoint}.`,
      })
    })
  })

  it("shows attempts to reach a peer that is not there", async () => {
    const { lines } = await events([`tcp://127.0.0.1:${await freePort()}`, "--type", "req", "--count", "3"])
    expect(lines.map(({ event }) => event)).toEqual(["connect:delay", "close", "connect:retry"])
    expect(lines[2]?.interval).toBeGreaterThan(0)
  })

  it("ends with code 3 if no event comes in time, and with 0 after --duration", async () => {
    const { status, lines } = await events(["@tcp://127.0.0.1:*", "--type", "pub", "--timeout", "300ms"])
    expect([status, lines.map(({ event }) => event)]).toEqual([3, ["bind"]])
    expect(await events(["@tcp://127.0.0.1:*", "--type", "pub", "--duration", "300ms"])).toMatchObject({ status: 0 })
  })

  it("ends when nobody reads it any more", async () => {
    const { status, stdout } = await shell("ohmq monitor @tcp://127.0.0.1:* --type pub | head -1")
    expect([status, stdout.trimEnd().split("\n").length]).toEqual([0, 1])
  })

  it("has colours on a terminal, and none with NO_COLOR or in a pipe", async () => {
    const args = ["monitor", "@tcp://127.0.0.1:*", "--type", "pub", "--count", "1"]
    expect((await startInTerminal(args).ended).stdout).toContain("\u001b[36mbind")
    expect((await startInTerminal(args, { env: { NO_COLOR: "1" } }).ended).stdout).not.toContain("\u001b[")
    expect((await ohmq(args)).stdout).not.toContain("\u001b[")
  })

  it.each([
    [["tcp://127.0.0.1:1"], "--type"],
    [["tcp://127.0.0.1:1", "--type", "sup"], "Did you mean"],
    [["--type", "sub"], "Expected an endpoint"],
    [["tcp://127.0.0.1:1", "--type", "pub", "--topic", "a"], "--topic is for"],
    [["tcp://127.0.0.1:1", "--type", "pub", "hello"], "Expected endpoints"],
  ])("%j is wrong usage", async (args, text) => {
    expect(await ohmq(["monitor", ...args])).toMatchObject({ status: 2, stderr: expect.stringContaining(text) })
  })
})
