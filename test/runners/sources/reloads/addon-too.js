import assert from "node:assert"

import { test } from "./adapter.js"
import { exchange, inproc, load } from "./load.js"

const all = /[\\/]node_modules[\\/](ohmq|zeromq)[\\/]|\.node$/
const first = load("ohmq", all)
const waiting = new first.Pull()
const received = waiting.receive()

await test("the addon's file is loaded again too", async () => {
  const copies = [first, load("ohmq", all), load("ohmq", all)]
  await Promise.all(copies.map((copy, index) => exchange(copy, copies[(index + 1) % 3])))
  await Promise.all(copies.map((copy, index) => exchange(copy, copies[(index + 1) % 3], inproc())))
  await waiting.bind("tcp://127.0.0.1:*")
  const push = new copies[2].Push()
  push.connect(waiting.lastEndpoint)
  await push.send("late")
  assert.equal(String(await received), "late")
  push.close()
  waiting.close()
})
