// What belongs to one copy, given to another.

import assert from "node:assert"

import { test } from "./adapter.js"
import { load } from "./load.js"

const [first, second] = [load(), load()]

await test("instanceof knows sockets and contexts of the other copy", () => {
  const push = new first.Push()
  assert.ok(push instanceof first.Push && push instanceof first.Socket)
  assert.ok(push instanceof second.Push && push instanceof second.Socket)
  assert.ok(!(push instanceof second.Pull))
  assert.ok(first.context instanceof second.Context)
  assert.ok(push.events instanceof second.Observer)
  for (const other of [null, undefined, 1, {}, [], Object.create(null)]) assert.ok(!(other instanceof second.Socket))
  push.close()
})

await test("a socket is made on a context of the other copy", async () => {
  const context = new first.Context()
  const pull = new second.Pull({ context })
  const push = new first.Push({ context })
  pull.bindSync("inproc://x")
  push.connect("inproc://x")
  await push.send("x")
  assert.equal(String(await pull.receive()), "x")
  push.close()
  pull.close()
})

await test("a proxy takes sockets of two copies", async () => {
  const [front, back] = [new first.Pull(), new second.Push()]
  const proxy = new second.Proxy(front, back)
  await front.bind("tcp://127.0.0.1:*")
  await back.bind("tcp://127.0.0.1:*")
  const [push, pull] = [new first.Push(), new second.Pull()]
  push.connect(front.lastEndpoint)
  pull.connect(back.lastEndpoint)
  const ended = proxy.run()
  await push.send("through")
  assert.equal(String(await pull.receive()), "through")
  proxy.terminate()
  await ended
  push.close()
  pull.close()
})

await test("errors of both copies have the same code", async () => {
  for (const { Pull } of [first, second]) {
    const pull = new Pull({ receiveTimeout: 10 })
    await assert.rejects(pull.receive(), (error) => error instanceof Error && error.code === "EAGAIN")
    pull.close()
    assert.throws(
      () => pull.receive(),
      (error) => error instanceof Error && error.code === "EBADF",
    )
  }
})
