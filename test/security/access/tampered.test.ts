// A message that was changed in transit: CURVE rejects it.

import * as zmq from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"

import { Relay } from "../../support/relay.mjs"
import { open, texts } from "../../support/sockets.js"
import { alice, server } from "../support.js"

describe("a connection with a tampered message", () => {
  it.each([
    ["ends while the socket is monitored", true],
    ["ends without a monitor", false],
  ])("%s", async (_, monitored) => {
    const pull = open(zmq.Pull, { security: { server, clients: "any" } })
    const failed = monitored ? pull.events.waitFor("handshake:error:protocol") : undefined
    await pull.bind("tcp://127.0.0.1:*")
    let alters = false
    const relay = await Relay.open(pull.lastEndpoint as string, ({ bytes }: { bytes: Buffer }, way: string) => {
      if (alters && way === "toServer") bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
      return bytes
    })
    onTestFinished(() => relay.close())
    const push = open(zmq.Push, { security: { client: alice, serverKey: server.publicKey }, reconnectInterval: -1 })
    push.connect(relay.endpoint)
    await push.send("good")
    expect(texts(await pull.receive())).toEqual(["good"])
    alters = true
    await push.send("tampered")
    await relay.connections[0]?.closed
    await failed
    expect(pull.tryReceive()).toBeUndefined()
  })
})
