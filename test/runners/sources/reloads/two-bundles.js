// Two bundles of two modules, beside one folder of addons, in one program.

import assert from "node:assert"
import { createRequire } from "node:module"

import { test } from "./adapter.js"
import { exchange, inproc } from "./load.js"

const require = createRequire(import.meta.url)

await test("two bundles work side by side", async () => {
  const { zmq: first } = require("./out/one.cjs")
  const waiting = new first.Pull()
  const received = waiting.receive()
  const { zmq: second } = require("./out/two.cjs")
  assert.notEqual(first, second)
  await Promise.all([exchange(first, second), exchange(second, first, inproc())])
  await waiting.bind("tcp://127.0.0.1:*")
  const push = new second.Push()
  push.connect(waiting.lastEndpoint)
  await push.send("late")
  assert.equal(String(await received), "late")
  push.close()
  waiting.close()
})
