// RabbitMQ: a durable queue of either type, persistent messages with publisher confirms, and a consumer that acknowledges in batches.

import { Buffer } from "node:buffer"

import { client, gather } from "./clients.mjs"

const { connect } = client("amqplib")

const BATCH = 256

export async function consumer({ url, type }, took) {
  const connection = await connect(url, { noDelay: true })
  const channel = await connection.createChannel()
  await channel.assertQueue("bench", { durable: true, arguments: { "x-queue-type": type } })
  await channel.prefetch(8 * BATCH)
  const done = gather(BATCH, 10, (gathered) => {
    channel.ack(gathered.at(-1), true)
    took(gathered.length)
  })
  await channel.consume("bench", done.add)
  return {
    async close() {
      await channel.close()
      await connection.close()
    },
  }
}

export async function producer({ url }) {
  const connection = await connect(url, { noDelay: true })
  const channel = await connection.createConfirmChannel()
  const publish = (frames) =>
    new Promise((resolve, reject) => {
      channel.sendToQueue("bench", Buffer.concat(frames), { persistent: true }, (error) =>
        error ? reject(error) : resolve(),
      )
    })
  return {
    publish,
    async close() {
      await channel.close()
      await connection.close()
    },
  }
}
