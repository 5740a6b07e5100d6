// Measures the main thread's time per message in nanoseconds. Sends some hundred messages, then receives them, over inproc, so that no I/O
// thread takes part. Run: node bench/main-thread.mjs [SIZE]

import { Pull, Push } from "ohmq"

const size = Number(process.argv[2] ?? 100)
const MESSAGES = 500
const ROUNDS = 600

const body = Buffer.alloc(size, "x")
const batch = (message) => Array(MESSAGES / 2).fill(message)

const pull = new Pull()
await pull.bind("inproc://main-thread")
const push = new Push()
push.connect("inproc://main-thread")

const sendEach = async (message) => {
  for (let sent = 0; sent < MESSAGES; sent += 1) await push.send(message)
}
const sendBatches = async (messages) => {
  for (let sent = 0; sent < MESSAGES; sent += messages.length) await push.sendMany(messages)
}
const trySend = () => {
  for (let sent = 0; sent < MESSAGES; sent += 1) push.trySend(body)
}
const tryReceive = () => {
  for (let received = 0; received < MESSAGES; received += 1) pull.tryReceive()
}
const receiveEach = async () => {
  let received = 0
  for await (const _ of pull) {
    received += 1
    if (received === MESSAGES) break
  }
}
const receiveBatches = async () => {
  let received = 0
  for await (const messages of pull.batches({ max: 256 })) {
    received += messages.length
    if (received === MESSAGES) break
  }
}

/** The lower quartile, because disturbances only make it slower. */
const typical = (times) => times.sort((one, other) => one - other)[times.length >> 2].toFixed(0)

async function measure(name, send, receive) {
  const times = { send: [], receive: [] }
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now()
    await send()
    const between = performance.now()
    await receive()
    times.send.push(((between - start) * 1e6) / MESSAGES)
    times.receive.push(((performance.now() - between) * 1e6) / MESSAGES)
  }
  console.log(`${name.padEnd(36)} ${typical(times.send)} ns, ${typical(times.receive)} ns`)
}

const parts = ["t1", body]
await measure("await send, for await", () => sendEach(body), receiveEach)
await measure("await send, for await, 2 parts", () => sendEach(parts), receiveEach)
await measure("sendMany, batches", () => sendBatches(batch(body)), receiveBatches)
await measure("sendMany, batches, 2 parts", () => sendBatches(batch(parts)), receiveBatches)
await measure("trySend, tryReceive", trySend, tryReceive)
