// Worker threads that load the package more than once, beside a main thread that does so too.

import assert from "node:assert"
import { once } from "node:events"
import { Worker } from "node:worker_threads"

import { test } from "./adapter.js"
import { load } from "./load.js"

const [first, second] = [load(), load()]

/** Starts a thread that waits for a message of a socket. */
async function start(push, stays) {
  const address = `inproc://${Math.random()}`
  await push.bind(address)
  const worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: { address, stays } })
  const exited = once(worker, "exit")
  await once(worker, "message")
  return { worker, exited }
}

await test("threads load copies of their own", async () => {
  const pushes = [first, second, first, second].map(({ Push }) => new Push())
  const threads = await Promise.all(pushes.map((push) => start(push, false)))
  for (const push of pushes) await push.send("go on")
  for (const { exited } of threads) assert.deepEqual(await exited, [0])
  for (const push of pushes) push.close()
})

await test("threads with copies are terminated", async () => {
  const pushes = [first, second].map(({ Push }) => new Push())
  const threads = await Promise.all(pushes.map((push) => start(push, true)))
  for (const { worker } of threads) await worker.terminate()
  for (const push of pushes) push.close()
})
