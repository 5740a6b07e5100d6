// Redis streams: XADD, and a consumer group that reads and acknowledges in batches.

import { Buffer } from "node:buffer"

import { client } from "./clients.mjs"

const { Redis } = client("ioredis")

function open(url, options) {
  const redis = new Redis(url, options)
  redis.on("error", (error) => {
    throw error
  })
  return redis
}

export async function consumer({ url }, took) {
  const redis = open(url)
  await redis.xgroup("CREATE", "bench", "group", "0", "MKSTREAM")
  let closed = false
  const reading = (async () => {
    while (!closed) {
      const found = await redis.xreadgroupBuffer(
        ...["GROUP", "group", "consumer", "COUNT", 1024, "BLOCK", 100, "STREAMS", "bench", ">"],
      )
      if (found === null) continue
      const [[, entries]] = found
      await redis.xack("bench", "group", ...entries.map(([id]) => id))
      took(entries.length)
    }
  })()
  return {
    async close() {
      closed = true
      await reading
      redis.disconnect()
    },
  }
}

export async function producer({ url }) {
  // Commands of one turn of the event loop go out in one write, and come back in one.
  const redis = open(url, { enableAutoPipelining: true })
  return {
    publish: (frames) => redis.xadd("bench", "*", "event", Buffer.concat(frames)),
    close: async () => redis.disconnect(),
  }
}
