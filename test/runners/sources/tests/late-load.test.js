// The package is loaded when the timers are fake already, as where a test's setup makes them so before it loads the program.

import assert from "node:assert"

import { test, useFakeTimers, useRealTimers } from "./adapter.js"

test("what is loaded under fake timers works", async () => {
  useFakeTimers()
  const { default: zmq } = await import("ohmq")
  const [push, pull] = [new zmq.Push({ linger: 0 }), new zmq.Pull({ receiveTimeout: 30 })]
  try {
    await assert.rejects(pull.receive(), { code: "EAGAIN" })
    const bound = new Promise((resolve) => pull.events.on("bind", resolve))
    await pull.bind("tcp://127.0.0.1:*")
    await bound
    push.connect(pull.lastEndpoint)
    for (let index = 0; index < 3000; index += 1) {
      await push.send(String(index))
      pull.receiveTimeout = -1
      assert.equal(String(await pull.receive()), String(index))
    }
  } finally {
    useRealTimers()
    push.close()
    pull.close()
  }
})
