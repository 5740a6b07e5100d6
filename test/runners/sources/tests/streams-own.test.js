// Streams over sockets, while the test's timers are fake, and nobody moves them on.

import assert from "node:assert"
import zmq from "ohmq"

import { test, useFakeTimers, useRealTimers } from "./adapter.js"

/** Runs a test whose timers are fake, with the sockets of a context that is terminated under them. */
async function faking(body) {
  const context = new zmq.Context()
  useFakeTimers()
  try {
    await body((socketClass, options) => new socketClass({ ...options, context }))
    await context.terminate({ linger: 0 })
  } finally {
    useRealTimers()
  }
}

test("Node's streams over sockets go on under fake timers", () =>
  faking(async (open) => {
    const [push, pull] = [open(zmq.Push), open(zmq.Pull)]
    await pull.bind("tcp://127.0.0.1:*")
    push.connect(pull.lastEndpoint)
    push.toWritable().write("x")
    for await (const [part] of pull.toReadable()) {
      assert.equal(String(part), "x")
      break
    }
  }))
