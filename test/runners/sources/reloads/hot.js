// A program that its runtime loads again in the same process when the file changes.

import assert from "node:assert"

import { test } from "./adapter.js"
import { exchange, load } from "./load.js"

globalThis.rounds ??= []

await test("the program is loaded again", async () => {
  const zmq = load()
  const server = new zmq.Reply()
  await server.bind("tcp://127.0.0.1:*")
  const served = (async () => {
    for await (const [question] of server) await server.send(`${question}!`)
  })()
  globalThis.rounds.push({ zmq, server, served })
  // The servers of all rounds answer.
  for (const round of globalThis.rounds) {
    await exchange(round.zmq, zmq)
    const request = new zmq.Request()
    request.connect(round.server.lastEndpoint)
    await request.send("x")
    assert.equal(String(await request.receive()), "x!")
    request.close()
  }
})
