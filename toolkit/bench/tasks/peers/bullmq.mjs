// BullMQ, on Redis.

import { client } from "../../durable/peers/clients.mjs"

const { Queue, Worker } = client("bullmq")

export async function submitter({ port }) {
  const queue = new Queue("bench", { connection: { host: "127.0.0.1", port } })
  await queue.waitUntilReady()
  return (inputs) => queue.addBulk(inputs.map((data) => ({ name: "task", data })))
}

export async function worker({ port }, concurrency, handler) {
  const worker = new Worker("bench", async ({ data }) => handler(data), {
    connection: { host: "127.0.0.1", port },
    concurrency,
  })
  await worker.waitUntilReady()
}
