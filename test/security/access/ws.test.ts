// ZWS 2.0 (RFC 45) allows a connection without a security mechanism.

import { once } from "node:events"
import { connect } from "node:net"

import * as zmq from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"

import { eventually, open, texts } from "../../support/sockets.js"
import { authenticate } from "../support.js"

/** Opens a WebSocket with a protocol, sends "hello" masked with zeros, and returns the first line of the answer. */
async function ask(pull: zmq.Pull, protocol: string): Promise<string> {
  const peer = connect(Number(/:(\d+)/.exec(pull.lastEndpoint as string)?.[1]), "127.0.0.1")
  onTestFinished(() => void peer.destroy())
  const head = ["GET / HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
  const key = `Sec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}`
  peer.write([...head, key, `Sec-WebSocket-Protocol: ${protocol}`, "", ""].join("\r\n"))
  const [answer] = await Promise.race([once(peer, "data"), once(peer, "close")])
  const frame = (body: string) =>
    Buffer.concat([Buffer.of(0x82, 0x80 | body.length), Buffer.alloc(4), Buffer.from(body)])
  // An empty routing id and a message, each after a byte of flags.
  if (!peer.destroyed) peer.write(Buffer.concat([frame("\0"), frame("\0hello")]))
  return Buffer.isBuffer(answer) ? String(answer).split("\r\n", 1).join() : "closed"
}

describe("a peer over ws without a mechanism", () => {
  it("is allowed by a server without an authenticator", async () => {
    const pull = open(zmq.Pull)
    await pull.bind("ws://127.0.0.1:*")
    const handshake = pull.events.waitFor("handshake", { timeout: 5000 })
    expect(await ask(pull, "ZWS2.0")).toContain("101")
    await handshake
    expect(texts(await pull.receive({ timeout: 5000 }))).toEqual(["hello"])
    expect(pull.events.peers).toBe(1)
  })

  it("is not let in past an authenticator", async () => {
    const { context, told } = authenticate({ null: () => false })
    const pull = open(zmq.Pull, { context, zapDomain: "global", zapEnforceDomain: true })
    const push = open(zmq.Push, { linger: 0, reconnectInterval: 5 })
    await pull.bind("ws://127.0.0.1:*")
    expect(await ask(pull, "ZWS2.0")).not.toContain("101")
    push.connect(pull.lastEndpoint as string)
    await eventually(() => expect(told).toMatchObject([{ outcome: "denied", mechanism: "NULL" }]))
    expect(pull.tryReceive()).toBeUndefined()
    expect(pull.events.peers).toBe(0)
  })
})
