// The task queue, whose findings go over a link to a relay: queue.mjs STORE BIND RELAY CERT SERVER_CERT

import process from "node:process"
import { Certificate } from "ohmq/security"
import { startSender } from "ohmq-toolkit/link"
import { openStore } from "ohmq-toolkit/store"
import { serveTasks } from "ohmq-toolkit/tasks"

const [folder, bind, relay, cert, serverCert] = process.argv.slice(2)
const say = (text) => process.stderr.write(`${new Date().toISOString()} ${text}\n`)

const client = await Certificate.load(cert)
const { publicKey: serverKey } = await Certificate.load(serverCert)
const store = await openStore(folder, { segmentBytes: 4 << 20 })
// The cursor of the sender is there before the first finding is.
const sender = await startSender(store, {
  connect: relay,
  cursor: "findings",
  security: { client, serverKey },
  select: ({ frames }) => (String(frames[0]) === "finding.reported" ? frames : undefined),
  maxBackoff: 1000,
  heartbeat: 1000,
})
sender.on("stopped", (error) => say(`The link has stopped: ${error.message}`))
sender.on("lost", (count) => say(`The link has lost ${count} findings`))
const server = await serveTasks(store, { bind, lease: 5000, heartbeat: 1000, maxBackoff: 1000 })
server.on("recovered", ({ message }) => say(`The store failed, and was opened again: ${message}`))
server.on("failed", (error) => {
  say(`The queue has ended: ${error.message}`)
  process.exit(1)
})
say(`The queue takes tasks: ${server.endpoint}`)

process.once("SIGTERM", async () => {
  await server.close()
  await sender.drained({ signal: AbortSignal.timeout(10_000) }).catch(({ message }) => say(message))
  await sender.close()
  await store.close()
  say("The queue has stopped")
})
