// The AbortSignal of a browser-like environment: jsdom's.

import assert from "node:assert"
import { JSDOM } from "jsdom"
import zmq from "ohmq"

import { test } from "./adapter.js"

test("jsdom's AbortSignal ends an operation", async () => {
  const { AbortController } = new JSDOM().window
  assert.notEqual(AbortController, globalThis.AbortController)
  const pull = new zmq.Pull()
  const controller = new AbortController()
  const waits = pull.receive({ signal: controller.signal })
  controller.abort()
  await assert.rejects(waits, (error) => error === controller.signal.reason && error.name === "AbortError")
  await assert.rejects(pull.receive({ signal: controller.signal }), { name: "AbortError" })
  pull.close()
})
