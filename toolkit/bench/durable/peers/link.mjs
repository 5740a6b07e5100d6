// The link: producers append to the store of their process, and the link brings the events to the store of the consumer's process.

import { Buffer } from "node:buffer"
import { join } from "node:path"
import { Authenticator, Certificate, generateKeyPair } from "ohmq/security"
import { startReceiver, startSender } from "ohmq-toolkit/link"
import { openStore } from "ohmq-toolkit/store"

import { consumer as reader } from "./store.mjs"

export async function consumer({ folder, curve }, took) {
  const server = generateKeyPair()
  const client = generateKeyPair()
  const authenticator = new Authenticator({
    curve: async ({ publicKey }) => publicKey === client.publicKey && { userId: "bench" },
  })
  const reading = await reader({ folder }, took)
  const receiver = await startReceiver(reading.store, {
    bind: "tcp://127.0.0.1:*",
    ...(curve ? { security: { server, authenticator } } : { insecure: true }),
  })
  return {
    values: {
      endpoint: receiver.endpoint,
      serverKey: server.publicKey,
      clientKey: Buffer.from(client.secretKey).toString("base64"),
    },
    async close() {
      await receiver.close()
      await reading.close()
      authenticator.close()
    },
  }
}

export async function producer({ folder, curve, endpoint, serverKey, clientKey }) {
  const store = await openStore(join(folder, "producer"))
  const client = () => Certificate.fromVault(async () => ({ secretKey: Buffer.from(clientKey, "base64") }))
  const sender = await startSender(store, {
    connect: endpoint,
    stream: "bench",
    ...(curve ? { security: { client: await client(), serverKey } } : { insecure: true }),
  })
  return {
    publish: (frames) => store.append([{ frames }]),
    async close() {
      await sender.close()
      await store.close()
    },
  }
}
