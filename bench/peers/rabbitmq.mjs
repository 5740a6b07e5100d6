// RabbitMQ: a transient queue without acknowledgements, a fanout or a direct exchange, and direct reply-to.

import { once } from "node:events"
import { connect } from "amqplib"

import { runBroker } from "../lib/broker.mjs"
import { arguments_ } from "../lib/child.mjs"

const { role, text } = arguments_

const REPLY = "amq.rabbitmq.reply-to"
const noAck = { noAck: true }
const queued = ["sink", "source"].includes(role)
const kind = text("topics") === "" ? "fanout" : "direct"

async function connection(id) {
  const channel = await (await connect(text("server"), { noDelay: true })).createChannel()

  return {
    topic: (key) => (queued ? { exchange: "", key: id } : { exchange: id, key }),

    async subscribe(names, onMessage) {
      const deliver = ({ content }) => onMessage(content)
      if (queued) {
        await channel.assertQueue(id, { durable: false, autoDelete: true })
        await channel.consume(id, deliver, noAck)
        return
      }
      await channel.assertExchange(id, kind, { durable: false, autoDelete: true })
      const { queue } = await channel.assertQueue("", { exclusive: true })
      await Promise.all(names.map((name) => channel.bindQueue(queue, id, name)))
      await channel.consume(queue, deliver, noAck)
    },

    // The server slows down a publisher that is too fast.
    publish: ({ exchange, key }, body) => (channel.publish(exchange, key, body) ? undefined : once(channel, "drain")),

    async answer() {
      await channel.assertQueue(id, { durable: false, autoDelete: true })
      const reply = ({ content, properties }) => channel.sendToQueue(properties.replyTo, content)
      await channel.consume(id, reply, noAck)
    },

    async asker() {
      let resolveAnswer
      await channel.consume(REPLY, ({ content }) => resolveAnswer(content), noAck)
      return (body) =>
        new Promise((resolve) => {
          resolveAnswer = resolve
          channel.sendToQueue(id, body, { replyTo: REPLY })
        })
    },
  }
}

await runBroker(connection, { windowed: false })
