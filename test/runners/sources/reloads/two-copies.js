// Two dependencies of a program, each with a copy of the package of its own, of different versions.

import assert from "node:assert"
import { createRequire } from "node:module"

import { test } from "./adapter.js"
import { exchange } from "./load.js"

const copyOf = (name) => createRequire(new URL(`./${name}/index.js`, import.meta.url))
const [one, other] = [copyOf("one"), copyOf("other")]

await test("two versions of the package work side by side", async () => {
  const first = one("ohmq")
  const waiting = new first.Pull()
  const received = waiting.receive()
  const second = other("ohmq")
  assert.notEqual(first, second)
  assert.notEqual(one("ohmq/package.json").version, other("ohmq/package.json").version)
  await Promise.all([
    exchange(first, first),
    exchange(second, second),
    exchange(first, second),
    exchange(second, first),
  ])
  await waiting.bind("tcp://127.0.0.1:*")
  const push = new second.Push()
  push.connect(waiting.lastEndpoint)
  await push.send("late")
  assert.equal(String(await received), "late")
  push.close()
  waiting.close()
})
