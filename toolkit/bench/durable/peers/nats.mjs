// NATS JetStream: a stream in files, publishing with acknowledgements, and a durable pull consumer that acknowledges all up to a message.

import { Buffer } from "node:buffer"

import { client, gather } from "./clients.mjs"

const { connect } = client("@nats-io/transport-node")
const { AckPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } = client("@nats-io/jetstream")

const BATCH = 256

export async function consumer({ servers, replicas }, took) {
  const connection = await connect({ servers })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({
    name: "bench",
    subjects: ["bench"],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    num_replicas: replicas,
  })
  await manager.consumers.add("bench", {
    durable_name: "consumer",
    ack_policy: AckPolicy.All,
    max_ack_pending: 40_000,
  })
  const messages = await (await jetstream(connection).consumers.get("bench", "consumer")).consume({
    max_messages: 8 * BATCH,
  })
  const done = gather(BATCH, 10, (gathered) => {
    gathered.at(-1).ack()
    took(gathered.length)
  })
  const reading = (async () => {
    for await (const message of messages) done.add(message)
  })()
  return {
    async close() {
      await messages.close()
      await reading
      await connection.drain()
    },
  }
}

export async function producer({ servers }) {
  const connection = await connect({ servers })
  const stream = jetstream(connection)
  return {
    publish: (frames) => stream.publish("bench", Buffer.concat(frames), { timeout: 60_000 }),
    close: () => connection.drain(),
  }
}
