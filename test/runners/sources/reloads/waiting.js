import assert from "node:assert"

import { test } from "./adapter.js"
import { exchange, load } from "./load.js"

const first = load()
const pull = new first.Pull()
const push = new first.Push({ linger: 0 })
const reply = new first.Reply()
const received = pull.receive()
const sent = push.send("sent by the first")
const heard = new Promise((resolve) => reply.events.on("accept", resolve))
const served = (async () => {
  for await (const [question] of reply) await reply.send(`${question}!`)
})()
const second = load()

await test("what the second copy has works at once", () => exchange(second, second))

await test("what waited on sockets of the first goes on", async () => {
  await pull.bind("tcp://127.0.0.1:*")
  await reply.bind("tcp://127.0.0.1:*")
  const ours = new second.Push()
  ours.connect(pull.lastEndpoint)
  await ours.send("to the first")
  assert.equal(String(await received), "to the first")
  const theirs = new second.Pull()
  await theirs.bind("tcp://127.0.0.1:*")
  push.connect(theirs.lastEndpoint)
  await sent
  assert.equal(String(await theirs.receive()), "sent by the first")
  const request = new second.Request()
  request.connect(reply.lastEndpoint)
  await heard
  for (let index = 0; index < 3; index += 1) {
    load()
    await request.send(String(index))
    assert.equal(String(await request.receive()), `${index}!`)
  }
  for (const socket of [ours, theirs, request, pull, push, reply]) socket.close()
  await served
})
