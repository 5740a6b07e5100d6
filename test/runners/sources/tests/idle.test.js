// A test that leaves its sockets open: nothing waits on them.

import assert from "node:assert"
import zmq from "ohmq"

import { test } from "./adapter.js"

test("sockets are left open", async () => {
  const [push, pull] = [new zmq.Push({ linger: 0 }), new zmq.Pull()]
  await pull.bind("tcp://127.0.0.1:*")
  push.connect(pull.lastEndpoint)
  await push.send("a message")
  assert.equal(String(await pull.receive()), "a message")
})
