// A worker that processes tasks until its parent disconnects. Without a certificate, it generates its own key pair.

import { existsSync } from "node:fs"

import { Dealer } from "ohmq"
import { Certificate, generateKeyPair } from "ohmq/security"

const [name, endpoint, secretFile, serverFile] = process.argv.slice(2)

// The channel to the parent closes at the end, and also if the parent is killed.
process.on("disconnect", () => process.exit())

const own = existsSync(secretFile) ? await Certificate.load(secretFile) : generateKeyPair({ name })
const socket = new Dealer({
  security: { client: own, serverKey: await Certificate.load(serverFile) },
  linger: 0,
  heartbeatInterval: 5000,
})
// Reports that the server denied access.
socket.events.on("handshake:error:auth", ({ error }) =>
  console.log(`${name}: denied by the server (status ${error.status})`),
)
socket.connect(endpoint)

// Each message claims a sender. The server accepts it only if the key belongs to that sender.
await socket.send([name, ""])
for await (const [task] of socket) await socket.send([name, task])
