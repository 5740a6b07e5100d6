// What tests of programs that use sockets do.

import assert from "node:assert"
import zmq from "ohmq"

import { test } from "./adapter.js"

test("a request is answered", async () => {
  const [reply, request] = [new zmq.Reply(), new zmq.Request()]
  await reply.bind("tcp://127.0.0.1:*")
  request.connect(reply.lastEndpoint)
  const served = (async () => {
    for await (const [question] of reply) await reply.send(`${question}!`)
  })()
  for (let index = 0; index < 100; index += 1) {
    await request.send(String(index))
    assert.equal(String(await request.receive()), `${index}!`)
  }
  request.close()
  reply.close()
  await served
})

test("messages pass over inproc, and are Buffers", async () => {
  const [push, pull] = [new zmq.Push(), new zmq.Pull()]
  const address = `inproc://${Math.random()}`
  await pull.bind(address)
  push.connect(address)
  const sent = Buffer.alloc(5000, "x")
  await push.send(["topic", sent])
  const message = await pull.receive()
  assert.ok(Buffer.isBuffer(message[0]) && message[0] instanceof Buffer)
  assert.deepStrictEqual(message[1], sent)
  push.close()
  pull.close()
})

test("events are heard, the first and the last", async () => {
  const [push, pull] = [new zmq.Push({ linger: 0 }), new zmq.Pull()]
  const heard = []
  const ended = new Promise((resolve) => pull.events.on("end", resolve))
  const accepted = new Promise((resolve) => pull.events.on("accept", resolve))
  for (const type of ["bind", "accept", "end"]) pull.events.on(type, () => heard.push(type))
  await pull.bind("tcp://127.0.0.1:*")
  push.connect(pull.lastEndpoint)
  await accepted
  push.close()
  pull.close()
  await ended
  assert.deepEqual(heard, ["bind", "accept", "end"])
})

test("operations fail with errors that have a code", async () => {
  const pull = new zmq.Pull({ receiveTimeout: 20 })
  await assert.rejects(pull.receive(), { code: "EAGAIN" })
  await assert.rejects(pull.bind("tcp://127.0.0.1:none"), (error) => error.code === "EINVAL")
  const waiting = new zmq.Pull()
  const rejected = assert.rejects(waiting.receive(), { code: "EAGAIN" })
  waiting.close()
  await rejected
  pull.close()
  assert.throws(() => pull.receive(), { code: "EBADF" })
})
