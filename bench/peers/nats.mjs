// NATS: core publish and subscribe, request and reply.

import { connect } from "@nats-io/transport-node"
import { runBroker } from "../lib/broker.mjs"
import { arguments_ } from "../lib/child.mjs"

const servers = arguments_.text("server")

async function connection(id) {
  const nats = await connect({ servers })
  const topic = (name) => (name === "" ? id : `${id}.${name}`)
  return {
    topic,

    async subscribe(names, onMessage) {
      for (const name of names) {
        nats.subscribe(topic(name), {
          callback(error, message) {
            if (error) throw error
            onMessage(Buffer.from(message.data.buffer, message.data.byteOffset, message.data.length))
          },
        })
      }
      await nats.flush()
    },

    publish(subject, body) {
      nats.publish(subject, body)
    },

    async answer() {
      nats.subscribe(id, { callback: (_, message) => message.respond(message.data) })
      await nats.flush()
    },

    async asker() {
      return async (body) => (await nats.request(id, body, { timeout: 10_000 })).data
    },
  }
}

await runBroker(connection, { windowed: true })
