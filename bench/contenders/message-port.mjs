// Two threads and a MessagePort, which copies messages as structured clones.

import { MessageChannel, parentPort, Worker, workerData } from "node:worker_threads"

import { arguments_, counter, measureLoop, result, roundTrips } from "../lib/child.mjs"
import { reporter, Window } from "../lib/window.mjs"

const { role, number } = arguments_

const size = number("size", 10)
const warmup = number("warmup", 1000)
const count = number("count", 100_000)
// Not from a pool: a clone of a pooled array would copy the whole pool.
const body = new Uint8Array(size).fill(120)

function startThread(name) {
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(new URL(import.meta.url), {
    argv: [name, ...process.argv.slice(3)],
    workerData: port2,
    transferList: [port2],
  })
  return { port: port1, worker }
}

const roles = {
  async threads() {
    const { take, seconds } = counter({ size, warmup, count })
    const used = measureLoop()
    const { port, worker } = startThread("thread")
    // A port queues without limit, so the threads use a window to bound its memory.
    const report = reporter(size, (received) => port.postMessage(received))
    port.on("message", (message) => {
      take(message)
      report()
    })
    result({ seconds: await seconds, messages: count, ...used() })
    await worker.terminate()
  },

  async thread() {
    const window = new Window(1, size)
    workerData.on("message", (received) => window.heard(0, received))
    for (let sent = 0; sent < warmup + count; sent += 1) {
      workerData.postMessage(body)
      const room = window.sent()
      if (room !== undefined) await room
    }
  },

  async echo() {
    const { port, worker } = startThread("echoThread")
    let resolveAnswer
    port.on("message", (message) => resolveAnswer(message))
    const ask = () =>
      new Promise((resolve) => {
        resolveAnswer = resolve
        port.postMessage(body)
      })
    result(await roundTrips({ warmup, count }, ask))
    await worker.terminate()
  },

  async echoThread() {
    workerData.on("message", (message) => workerData.postMessage(message))
    await new Promise((resolve) => parentPort.once("close", resolve))
  },
}

await roles[role]()
