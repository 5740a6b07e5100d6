// What ohmq has beyond zeromq, while the test's timers are fake, and nobody moves them on.

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

test("receive takes a timeout under fake timers", () =>
  faking(async (open) => {
    const pull = open(zmq.Pull)
    await assert.rejects(pull.receive({ timeout: 30 }), { code: "EAGAIN" })
    await assert.rejects(pull.receiveMany({ timeout: 30 }), { code: "EAGAIN" })
    const controller = new AbortController()
    const waits = pull.receive({ signal: controller.signal, timeout: 4000 })
    controller.abort()
    await assert.rejects(waits, { name: "AbortError" })
  }))

test("what waits for peers and events times out under fake timers", () =>
  faking(async (open) => {
    const pull = open(zmq.Pull)
    await assert.rejects(pull.connected({ timeout: 30 }), { code: "EAGAIN" })
    await assert.rejects(pull.events.waitFor("accept", { timeout: 30 }), { code: "EAGAIN" })
  }))

test("peerEvents are heard under fake timers", () =>
  faking(async (open) => {
    const [router, dealer] = [open(zmq.Router), open(zmq.Dealer, { routingId: "me", linger: 0 })]
    const { peerEvents } = router
    const come = new Promise((resolve) => peerEvents.on("connect", resolve))
    await router.bind("tcp://127.0.0.1:*")
    dealer.connect(router.lastEndpoint)
    await dealer.send("hello")
    await router.receive()
    assert.equal(String(await come), "me")
  }))

test("close and terminate wait for their linger under fake timers", () =>
  faking(async (open) => {
    const push = open(zmq.Push)
    push.connect("tcp://127.0.0.1:9")
    await push.send("never sent")
    await push.close({ linger: 30 })
  }))

test("batches go on under fake timers", () =>
  faking(async (open) => {
    const [push, pull] = [open(zmq.Push), open(zmq.Pull)]
    await pull.bind("tcp://127.0.0.1:*")
    push.connect(pull.lastEndpoint)
    let count = 0
    await push.sendMany(["1", "2", "3", "4"])
    for await (const messages of pull.batches({ max: 2 })) {
      count += messages.length
      if (count === 4) break
    }
  }))
