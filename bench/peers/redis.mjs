// Redis: publish and subscribe, or streams; `api` selects one.

import { Redis } from "ioredis"

import { byTopics, runBroker } from "../lib/broker.mjs"
import { arguments_ } from "../lib/child.mjs"
import { windowFor } from "../lib/window.mjs"

const { text, number } = arguments_

function open() {
  const client = new Redis(text("server"))
  client.on("error", (error) => {
    throw error
  })
  return client
}

function channels(id) {
  const client = open()
  const topic = (name) => (name === "" ? id : `${id}.${name}`)
  const own = {
    topic,
    async subscribe(names, onMessage) {
      client.on("messageBuffer", (_, message) => onMessage(message))
      await client.subscribe(...names.map(topic))
    },
    // Not awaited, because the window limits the publisher.
    publish(channel, body) {
      client.publish(channel, body)
    },
  }
  return {
    ...own,
    answer: () => byTopics.answer(own, channels(id)),
    asker: () => byTopics.asker(channels(id), own),
  }
}

function streams(id) {
  const client = open()
  const topic = (name) => `${id}-stream-${name}`
  // More than the window, so that no message is trimmed before it is read.
  const kept = 2 * windowFor(number("size", 10))

  async function read(key, onMessage) {
    let last = "0-0"
    for (;;) {
      const [[, entries]] = await client.xreadBuffer("COUNT", 500, "BLOCK", 0, "STREAMS", key, last)
      for (const [, [, body]] of entries) onMessage(body)
      last = entries.at(-1)[0]
    }
  }

  const own = {
    topic,
    // Reads from the start of the stream, which is new, so it misses no message.
    async subscribe([name], onMessage) {
      read(topic(name), onMessage)
    },
    publish(key, body) {
      client.xadd(key, "MAXLEN", "~", kept, "*", "body", body)
    },
  }
  return {
    ...own,
    answer: () => byTopics.answer(own, streams(id)),
    asker: () => byTopics.asker(streams(id), own),
  }
}

await runBroker(text("api") === "streams" ? streams : channels, { windowed: true })
