// Timeouts of operations are real time, though the test's timers are fake.

import assert from "node:assert"
import zmq from "ohmq"

import { test, useFakeTimers, useRealTimers } from "./adapter.js"

/** Runs a test whose timers are fake. Its sockets are closed at the end. */
async function faking(body) {
  const sockets = []
  const open = (socketClass, options) => {
    sockets.push(new socketClass(options))
    return sockets.at(-1)
  }
  useFakeTimers()
  try {
    await body(open)
  } finally {
    useRealTimers()
    for (const socket of sockets) socket.close()
  }
}

test("operations time out in real time under fake timers", () =>
  faking(async (open) => {
    const [push, pull] = [open(zmq.Push, { sendTimeout: 30 }), open(zmq.Pull, { receiveTimeout: 30 })]
    await assert.rejects(pull.receive(), { code: "EAGAIN" })
    await assert.rejects(push.send("x"), { code: "EAGAIN" })
  }))
