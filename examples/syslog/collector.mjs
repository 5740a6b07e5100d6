// Receives records that rsyslog on other machines sends over CURVE, and prints each as a line of JSON. README.md has rsyslog's configuration.

import { parseArgs } from "node:util"

import { Pull } from "ohmq"
import { Authenticator, Certificate, verifiedSender } from "ohmq/security"

import { parseRecord } from "./record.mjs"

const help = `Prints the records that rsyslog sends. Usage:

  node examples/syslog/collector.mjs ENDPOINT SECRET CLIENTS

  ENDPOINT  where to listen, such as tcp://0.0.0.0:5140
  SECRET    the collector's certificate, such as collector.key_secret
  CLIENTS   the folder with the public certificates of the clients that may send, which is watched
`

const { positionals, values } = parseArgs({ allowPositionals: true, options: { help: { type: "boolean" } } })
const [endpoint, secret, clients] = positionals
if (values.help || clients === undefined) {
  console.log(help)
  process.exit(values.help ? 0 : 2)
}

const authenticator = new Authenticator({ curve: clients })
authenticator.on("denied", ({ address, publicKey, reason }) =>
  console.error(`denied ${address} ${publicKey}: ${reason}`),
)
authenticator.on("problem", (error) => console.error(error.message))

// Records are short, so a client that sends a larger message is disconnected. A client that sends faster than this prints must wait.
const pull = new Pull({
  security: { server: await Certificate.load(secret), authenticator },
  maxMessageSize: 64 << 10,
  receiveHighWaterMark: 10_000,
  heartbeatInterval: 5000,
})
await pull.bind(endpoint)
console.error(`listening on ${pull.lastEndpoint}`)

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => pull.close())

for await (const message of pull.withMetadata()) {
  // The name in the certificate, which the sender cannot choose, unlike the host in the record.
  const from = verifiedSender(message)
  const text = String(message.parts[0])
  console.log(JSON.stringify({ from, ...(parseRecord(text) ?? { unparsed: text }) }))
}
await authenticator.close()
