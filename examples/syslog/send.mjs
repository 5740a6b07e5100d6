// Sends each line of standard input to rsyslog over CURVE, as a record. README.md has rsyslog's configuration.

import { hostname } from "node:os"
import { createInterface } from "node:readline"

import { Push } from "ohmq"
import { Certificate } from "ohmq/security"

import { formatRecord } from "./record.mjs"

const [endpoint, secret, server] = process.argv.slice(2)
if (server === undefined) {
  console.log("Usage: node examples/syslog/send.mjs ENDPOINT SECRET SERVER, for example")
  console.log("  node examples/syslog/send.mjs tcp://logs.example.com:5141 program.key_secret rsyslog.key <FILE")
  process.exit(2)
}

const push = new Push({
  security: { client: await Certificate.load(secret), serverKey: await Certificate.load(server) },
  linger: 5000,
  heartbeatInterval: 5000,
})
push.events.on("handshake:error:auth", () => console.error("denied: rsyslog does not know this certificate"))
push.connect(endpoint)

const own = { host: hostname(), app: "send.mjs", process: process.pid }
for await (const message of createInterface({ input: process.stdin })) {
  await push.send(formatRecord({ ...own, message }))
}
push.close()
