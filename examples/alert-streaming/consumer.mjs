// A durable consumer: the link brings alerts to a store of its own, and it works on them at its own pace. It goes on where it was, whatever is
// killed. Usage: consumer.mjs NAME [--delay MILLISECONDS] [--serve]

import { randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"

import { Authenticator, Certificate } from "ohmq/security"
import { decode } from "ohmq-toolkit/events"
import { startReceiver } from "ohmq-toolkit/link"
import { Server } from "ohmq-toolkit/services"
import { openStore } from "ohmq-toolkit/store"

import { Status } from "./status.mjs"

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { delay: { type: "string", default: "0" }, serve: { type: "boolean", default: false } },
})
const [name] = positionals
const delay = Number(values.delay)
const stopping = new AbortController()
process.once("SIGTERM", () => stopping.abort())

// What it has done is kept for a day: for whoever wants to have it again.
const store = await openStore(`${name}-store`, { retention: 24 * 3600_000 })
await store.addCursor("work")
const server = await Certificate.load(`${name}.key_secret`)
const authenticator = new Authenticator({ curve: "clients/consumers" })
const security = { server, authenticator }
const receiver = await startReceiver(store, { bind: `ipc://${name}.ipc`, security })
const replays = values.serve ? await serveReplays() : undefined

const status = new Status(() => ({ received: store.stats().last, waiting: store.stats().cursors.work.waiting }))
try {
  for await (const entries of store.read("work", { signal: stopping.signal, max: 50 })) {
    for (const entry of entries) await work(entry)
    // Killed before this, it gets them again.
    await store.commit("work", entries.at(-1).position)
  }
} catch (error) {
  if (!stopping.signal.aborted) throw error
}
status.close()
await replays?.close()
await receiver.close()
await authenticator.close()
await store.close()

/** Here it would page somebody, or fill a database. */
async function work() {
  if (delay > 0) await sleep(delay)
}

/** Answers who has missed alerts: sends those from a sequence to another one again. */
async function serveReplays() {
  const replays = new Server({ security })
  replays.handle("replay", async function* ({ from, to }, { signal }) {
    const cursor = `replay-${randomUUID()}`
    await store.addCursor(cursor)
    try {
      for await (const entries of store.read(cursor, { follow: false, signal }))
        for (const { frames } of entries) {
          const event = decode(frames)
          if (Number(event.sequence) >= from && Number(event.sequence) <= to) yield event
        }
    } finally {
      await store.removeCursor(cursor)
    }
  })
  await replays.bind(`ipc://${name}-replay.ipc`)
  return replays
}
