// A thread of threads.js.

import { parentPort, workerData } from "node:worker_threads"

import { exchange, load } from "./load.js"

const [first, second] = [load(), load()]
await exchange(first, second)
const pull = new first.Pull()
pull.connect(workerData.address)
const received = pull.receive()
const third = load()
await exchange(third, first)
parentPort.postMessage("waits")
if (!workerData.stays) {
  const message = String(await received)
  pull.close()
  if (message !== "go on") throw new Error(message)
}
