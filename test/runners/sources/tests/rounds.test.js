// The package is evaluated again in each round, and servers of all rounds keep working.

import assert from "node:assert"
import zmq from "ohmq"

import { test } from "./adapter.js"

globalThis.rounds ??= []

test("servers of all rounds answer", async () => {
  const isKnown = globalThis.rounds.some((round) => round.zmq.Socket === zmq.Socket && round.zmq.Push === zmq.Push)
  assert.ok(!isKnown, "The package was not evaluated again")
  const server = new zmq.Reply()
  await server.bind("tcp://127.0.0.1:*")
  const serve = async () => {
    for await (const [question] of server) await server.send(`${question}!`)
  }
  globalThis.rounds.push({ zmq, server, served: serve() })
  for (const round of globalThis.rounds) {
    const request = new zmq.Request()
    request.connect(round.server.lastEndpoint)
    await request.send("x")
    assert.equal(String(await request.receive()), "x!")
    request.close()
  }
})
