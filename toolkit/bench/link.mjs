// Measures the link: `node toolkit/bench/link.mjs [--seconds 5] [--rounds 3] [--size 1024] [--insecure] [--folder PATH] [--memory]`.
//
// Producers append to a store (durable), a link brings the events to the store of another process (durable), which acknowledges. Two
// figures: live, while producers append; and a backlog that is sent at once. The rate is that of events that are stored at the receiver.

import { fork } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    size: { type: "string", default: "1024" },
    producers: { type: "string", default: "256" },
    backlog: { type: "string", default: "200000" },
    insecure: { type: "boolean", default: false },
    folder: { type: "string", default: tmpdir() },
    receiver: { type: "string" },
    keys: { type: "string" },
  },
})
const seconds = Number(values.seconds)
const { Authenticator, Certificate, generateKeyPair } = await import("ohmq/security")
const { createEvent, encode } = await import("../dist/events/index.js")
const { startReceiver, startSender } = await import("../dist/link/index.js")
const { openStore } = await import("../dist/store/index.js")

const rate = (value) => `${Math.round(value).toLocaleString("en")}/s`
const cpu = (since) => {
  const { user, system } = process.cpuUsage(since)
  return Math.round((user + system) / 1000)
}

/** The other end, in a process of its own. */
async function receiver(folder, keys) {
  const { secretKey, client } = JSON.parse(keys)
  const security =
    keys === "{}"
      ? undefined
      : {
          server: await Certificate.fromVault(async () => ({ secretKey: Buffer.from(secretKey, "base64") })),
          authenticator: new Authenticator({
            curve: async ({ publicKey }) => publicKey === client && { userId: "bench" },
          }),
        }
  const store = await openStore(folder)
  const link = await startReceiver(store, {
    bind: "tcp://127.0.0.1:*",
    ...(security ? { security } : { insecure: true }),
  })
  process.send(link.endpoint)
  const since = process.cpuUsage()
  process.on("message", async () => {
    const { stored } = link.stats()
    await link.close()
    await store.close()
    process.send({ stored, cpu: cpu(since), rss: Math.round(process.memoryUsage.rss() / 1e6) })
    process.disconnect()
  })
}

async function round(folder, kind) {
  const server = generateKeyPair()
  const client = generateKeyPair()
  const keys = values.insecure
    ? {}
    : { secretKey: Buffer.from(server.secretKey).toString("base64"), client: client.publicKey }
  const child = fork(fileURLToPath(import.meta.url), ["--receiver", join(folder, "b"), "--keys", JSON.stringify(keys)])
  const endpoint = await new Promise((resolve) => child.once("message", resolve))
  const store = await openStore(join(folder, "a"))
  await store.addCursor("link s")
  const frames = encode(createEvent({ id: "1", source: "/bench", type: "log.recorded", data: "" }))
  const padding = "x".repeat(Math.max(Number(values.size) - frames[0].length - frames[1].length, 0))
  const event = (id) => ({
    frames: encode(createEvent({ id: String(id), source: "/bench", type: "log.recorded", data: padding })),
  })
  if (kind === "backlog") {
    for (let i = 0; i < Number(values.backlog); i += 1000)
      await store.append(Array.from({ length: 1000 }, (_, j) => event(i + j)))
  }
  const sinceCpu = process.cpuUsage()
  const since = performance.now()
  const sender = await startSender(store, {
    connect: endpoint,
    stream: "s",
    ...(values.insecure ? { insecure: true } : { security: { client, serverKey: server.publicKey } }),
  })
  let count = Number(values.backlog)
  if (kind === "live") {
    count = 0
    const end = since + seconds * 1000
    const produce = async () => {
      while (performance.now() < end) {
        // The producers wait for the link, as a source with backpressure does: otherwise only the store is measured.
        while (sender.stats().lag > 20_000) await new Promise((resolve) => setTimeout(resolve, 5))
        await store.append([event(count++)])
      }
    }
    await Promise.all(Array.from({ length: Number(values.producers) }, produce))
  }
  await sender.drained()
  const elapsed = (performance.now() - since) / 1000
  const used = cpu(sinceCpu)
  await sender.close()
  await store.close()
  const result = new Promise((resolve) => child.once("message", resolve))
  child.send("end")
  const other = await result
  await new Promise((resolve) => child.once("exit", resolve))
  if (other.stored !== count) throw new Error(`${other.stored} events were stored instead of ${count}`)
  console.log(
    `${kind.padEnd(8)} ${rate(count / elapsed).padStart(12)}   ${count.toLocaleString("en")} events in ${elapsed.toFixed(1)} s; ` +
      `CPU: sender ${used} ms, receiver ${other.cpu} ms; RSS ${Math.round(process.memoryUsage.rss() / 1e6)} and ${other.rss} MB`,
  )
}

if (values.receiver) await receiver(values.receiver, values.keys)
else {
  console.log(`${values.size} B events, ${values.insecure ? "plain" : "CURVE"}, durable at both ends`)
  for (let i = 0; i < Number(values.rounds); i++) {
    for (const kind of ["live", "backlog"]) {
      const folder = mkdtempSync(join(values.folder, "ohmq-link-bench-"))
      try {
        await round(folder, kind)
      } finally {
        rmSync(folder, { recursive: true })
      }
    }
  }
}
