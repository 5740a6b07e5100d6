// A relay: signed webhooks in, a PUSH socket out. Producers wait for 202, which means that the event is on disk.

import { createHmac } from "node:crypto"
import { Pull } from "ohmq"
import { Pool } from "undici"

export async function consumer({ outPort }, took) {
  const socket = new Pull()
  await socket.bind(`tcp://127.0.0.1:${outPort}`)
  const reading = (async () => {
    for await (const messages of socket.batches()) took(messages.length)
  })()
  return {
    async close() {
      socket.close()
      await reading
    },
  }
}

export async function producer({ url, secret, producers }) {
  const pool = new Pool(url, { connections: producers, pipelining: 1 })
  async function publish([, body]) {
    const signature = createHmac("sha256", secret).update(body).digest("hex")
    const { statusCode, body: answer } = await pool.request({
      method: "POST",
      path: "/hook",
      headers: { "content-type": "application/json", "x-signature-256": `sha256=${signature}` },
      body,
    })
    const text = await answer.text()
    if (statusCode !== 202) throw new Error(`The relay answered ${statusCode}: ${text}`)
  }
  return { publish, close: () => pool.close() }
}
