// A worker: asks for tasks until it is told to stop. One whose certificate is not there makes a key pair of its own.

import { existsSync } from "node:fs"

import { Dealer } from "ohmq"
import { Certificate, generateKeyPair } from "ohmq/security"

const [name, endpoint, secretFile, serverFile] = process.argv.slice(2)

// The channel to the parent closes when all is done, and also if the parent is killed.
process.on("disconnect", () => process.exit())

const own = existsSync(secretFile) ? await Certificate.load(secretFile) : generateKeyPair({ name })
const socket = new Dealer({ security: { client: own, serverKey: await Certificate.load(serverFile) }, linger: 0 })
// A worker that is refused hears of it here.
socket.events.on("handshake:error:auth", ({ error }) => console.log(`${name}: refused by the server (${error.status})`))
socket.connect(endpoint)

// Each message says who it is from, which the server believes only because the key says the same.
await socket.send([name, ""])
for await (const [task] of socket) await socket.send([name, task])
