// Sockets while the test's timers are fake, and nobody moves them on.

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

test("many messages arrive under fake timers", () =>
  faking(async (open) => {
    const [push, pull] = [open(zmq.Push, { linger: 0 }), open(zmq.Pull)]
    await pull.bind("tcp://127.0.0.1:*")
    push.connect(pull.lastEndpoint)
    const count = 20_000
    const sent = (async () => {
      for (let index = 0; index < count; index += 1) await push.send(String(index))
    })()
    let received = 0
    for await (const [part] of pull) {
      assert.equal(String(part), String(received))
      received += 1
      if (received === count) break
    }
    await sent
  }))

test("listeners hear events under fake timers", () =>
  faking(async (open) => {
    const [push, pull] = [open(zmq.Push, { linger: 0 }), open(zmq.Pull)]
    const heard = []
    const accepted = new Promise((resolve) => pull.events.on("accept", resolve))
    for (const type of ["bind", "accept"]) pull.events.on(type, () => heard.push(type))
    await pull.bind("tcp://127.0.0.1:*")
    push.connect(pull.lastEndpoint)
    await accepted
    assert.deepEqual(heard, ["bind", "accept"])
  }))

test("listeners that come late hear the first events under fake timers", () =>
  faking(async (open) => {
    const [push, pull] = [open(zmq.Push, { linger: 0 }), open(zmq.Pull)]
    const { events } = pull
    await pull.bind("tcp://127.0.0.1:*")
    push.connect(pull.lastEndpoint)
    await push.send("x")
    await pull.receive()
    await new Promise((resolve) => events.on("bind", resolve))
  }))
