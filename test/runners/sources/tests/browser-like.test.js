// In an environment that has a browser's globals in place of Node's.

import assert from "node:assert"
import zmq from "ohmq"

import { test } from "./adapter.js"

test("the environment is like a browser", () => assert.ok(document.createElement("div")))

test("the environment's AbortSignal ends an operation", async () => {
  const pull = new zmq.Pull()
  const controller = new AbortController()
  const waits = pull.receive({ signal: controller.signal, timeout: 4000 })
  controller.abort()
  await assert.rejects(waits, { name: "AbortError" })
  await assert.rejects(pull.receive({ timeout: 20 }), { code: "EAGAIN" })
  pull.close()
})
