// What must hold before a socket connects, where the options of CURVE are set one by one.

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { open, thrown } from "../support/sockets.js"

const { publicKey, secretKey } = zmq.curveKeyPair()
const serverKey = zmq.curveKeyPair().publicKey
const remote = "tcp://192.0.2.1:5"

describe("a context that requires encryption", () => {
  const context = new zmq.Context()
  context.requireEncryption = true

  it.each([
    [
      "keys without a server key",
      { curvePublicKey: publicKey, curveSecretKey: secretKey },
      "CURVE needs curveServerKey",
    ],
    [
      "the public key in place of the secret one",
      { curveServerKey: serverKey, curvePublicKey: publicKey, curveSecretKey: publicKey },
      "curveSecretKey is the public key",
    ],
  ])("says what CURVE lacks: %s", (_, options, message) => {
    const socket = open(zmq.Dealer, { context, ...options })
    expect(thrown(() => socket.connect(remote))).toMatchObject({
      code: "EPERM",
      message: expect.stringContaining(message),
    })
  })

  it.each(["tcp://0.0.0.0:5", "tcp://[::]:5"])("allows a connect to %s, which reaches this machine", (address) => {
    open(zmq.Dealer, { context, ipv6: true, linger: 0 }).connect(address)
  })
})

describe("security", () => {
  it("is null until it is set, and then shows no secrets", () => {
    const socket = open(zmq.Dealer)
    expect(socket.security).toBeNull()
    socket.security = null
    socket.security = { client: { publicKey, secretKey }, serverKey }
    expect(socket.security).toMatchObject({ serverKey })
    expect(JSON.stringify(socket.security)).not.toContain(secretKey)
  })

  it("refuses a socket with another mechanism, and a PLAIN server that is none", () => {
    const socket = open(zmq.Dealer, { plainUsername: "me" })
    expect(() => {
      socket.security = { client: { publicKey, secretKey }, serverKey }
    }).toThrow("plain was already set up by other options")
    expect(() => new zmq.Reply({ security: { plainServer: false } as never })).toThrow("plainServer must be true")
  })
})
