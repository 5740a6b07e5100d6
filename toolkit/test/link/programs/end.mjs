// One end of a link: `end.mjs receiver FOLDER ADDRESS`, which says how much it has stored when it is asked, or `end.mjs sender FOLDER ENDPOINT`, which appends events until it is told to drain.

import process from "node:process"
import { createInterface } from "node:readline"
import { Authenticator, Certificate } from "ohmq/security"
import { createEvent, encode } from "ohmq-toolkit/events"
import { startReceiver, startSender } from "ohmq-toolkit/link"
import { openStore } from "ohmq-toolkit/store"

const [role, folder, endpoint] = process.argv.slice(2)
// Keys for tests: anybody may know them. Those of ZeroMQ's own documentation.
const server = await Certificate.fromVault(async () => ({
  secretKey: "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6",
  metadata: { name: "hub" },
}))
const client = await Certificate.fromVault(async () => ({
  secretKey: "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
  metadata: { name: "alice" },
}))

const store = await openStore(folder, { segmentBytes: 1 << 17 })
// Keeps everything, for the comparison.
await store.addCursor("test")

if (role === "receiver") {
  const authenticator = new Authenticator({ curve: [client] })
  const receiver = await startReceiver(store, {
    bind: endpoint,
    security: { server, authenticator },
    window: 1 << 16,
    heartbeat: 500,
  })
  receiver.on("gap", (gap) => console.log("gap", JSON.stringify(gap)))
  createInterface({ input: process.stdin }).on("line", (line) => console.log(line, receiver.stats().stored))
  console.log("port", receiver.endpoint.slice(receiver.endpoint.lastIndexOf(":") + 1))
} else {
  const sender = await startSender(store, {
    connect: endpoint,
    stream: "s",
    security: { client, serverKey: server.publicKey },
    minBackoff: 5,
    maxBackoff: 100,
    heartbeat: 500,
    helloTimeout: 1000,
  })
  sender.on("stopped", (error) => console.log("stopped", error.message))
  sender.on("behind", (report) => console.log("behind", JSON.stringify(report)))
  let isDraining = false
  createInterface({ input: process.stdin }).on("line", () => {
    isDraining = true
  })
  console.log("ready")
  let number = 0
  while (!isDraining) {
    const events = Array.from({ length: 1 + (number % 40) }, () => {
      const id = `${process.pid}-${++number}`
      if (number % 37 === 0) return { frames: [Buffer.from("x"), Buffer.from(JSON.stringify({ id }))] }
      return {
        frames: encode(createEvent({ id, source: "/test", type: "log.recorded", data: "x".repeat(number % 700) })),
      }
    })
    await store.append(events)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await sender.drained()
  console.log("drained")
}
