// One of hundreds: see how much the process has, after it.

import assert from "node:assert"
import zmq from "ohmq"

import { record, test } from "./adapter.js"
import { held } from "./held.js"

test("sockets are used", async () => {
  const [push, pull] = [new zmq.Push({ linger: 0 }), new zmq.Pull()]
  const leave = process.env.OHMQ_LEAVE !== undefined
  // Listeners keep their socket.
  const bound = leave || new Promise((resolve) => pull.events.on("bind", resolve))
  await pull.bind("tcp://127.0.0.1:*")
  push.connect(pull.lastEndpoint)
  for (let index = 0; index < 100; index += 1) {
    await push.send(Buffer.alloc(200, "x"))
    assert.equal((await pull.receive())[0].length, 200)
  }
  await bound
  if (!leave) {
    push.close()
    pull.close()
  }
  record(held())
})
