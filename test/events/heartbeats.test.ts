// Heartbeats notice a peer that has gone silent without closing its connection, as one that lost its power or its network.

import { once } from "node:events"
import { type AddressInfo, type Socket as Connection, connect, createServer } from "node:net"

import { Pull, Push } from "ohmq"
import { expect, it, onTestFinished } from "vitest"

import { freeAddress, open } from "../support/sockets.js"

/** A TCP forwarder to an endpoint that can become silent: its connections stay, and nothing passes any more. */
async function openForwarder(endpoint: string) {
  const connections: Connection[] = []
  const server = createServer((near) => {
    const far = connect(Number(endpoint.split(":").pop()), "127.0.0.1")
    for (const connection of [near, far]) connection.on("error", () => {})
    connections.push(near, far)
    near.pipe(far)
    far.pipe(near)
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.close()
    for (const connection of connections) connection.destroy()
  })
  return {
    endpoint: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    silence() {
      for (const connection of connections) connection.unpipe().pause()
    },
  }
}

it("a peer that has gone silent is lost after heartbeatTimeout, and not without heartbeats", async () => {
  const pull = open(Pull)
  await pull.bind(freeAddress("tcp"))
  const forwarder = await openForwarder(pull.lastEndpoint as string)

  const careful = open(Push, { heartbeatInterval: 100, heartbeatTimeout: 2000 })
  const careless = open(Push, { linger: 0 })
  let isLost = false
  careless.events.on("disconnect", () => {
    isLost = true
  })
  const ready = [careful.connected(), careless.connected()]
  for (const push of [careful, careless]) push.connect(forwarder.endpoint)
  await Promise.all(ready)
  await careful.send("hello")
  expect(String(await pull.receive())).toBe("hello")

  const lost = careful.events.waitFor("disconnect")
  forwarder.silence()
  expect(await lost).toMatchObject({ remoteAddress: forwarder.endpoint })
  expect(isLost).toBe(false)
})
