// Copies that are dropped, with sockets that nothing waits on: what they held must be given back.

import assert from "node:assert"

import { test } from "./adapter.js"
import { held } from "./held.js"
import { load } from "./load.js"

async function useAndDrop() {
  const { Push, Pull, Context } = load()
  const context = new Context()
  const [push, pull] = [new Push({ context, linger: 0 }), new Pull()]
  await pull.bind("tcp://127.0.0.1:*")
  push.connect(pull.lastEndpoint)
  await push.send("a message")
  await pull.receive()
}

async function settle() {
  for (let round = 0; round < 5; round += 1) {
    held()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

await test("two hundred copies are dropped, and what they held is freed", async () => {
  let before
  // One of them holds five descriptors and two threads, and 0.3 MiB or more.
  for (let index = 0; index < 200; index += 1) {
    await useAndDrop()
    if (index % 10 === 9) await settle()
    if (index === 99) before = held()
  }
  const after = held()
  const growth = `${JSON.stringify(before)} after 100, ${JSON.stringify(after)} after 200`
  assert.ok(after.descriptors - before.descriptors < 100, growth)
  assert.ok(after.threads - before.threads < 20, growth)
  assert.ok(after.memory - before.memory < 20, growth)
})
