// A live consumer: a SUB socket, without a store. What is published while it is not there, or is too slow, does not reach it; but the numbers of the
// alerts tell, so it reports each gap. With --replay it asks the archive for what it has missed. Usage: live.mjs NAME [--replay ENDPOINT]

import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"

import { Subscriber } from "ohmq"
import { Certificate } from "ohmq/security"
import { decode } from "ohmq-toolkit/events"
import { Client } from "ohmq-toolkit/services"

import { Status } from "./status.mjs"

const { values, positionals } = parseArgs({ allowPositionals: true, options: { replay: { type: "string" } } })
const [name] = positionals
const stopping = new AbortController()
process.once("SIGTERM", () => stopping.abort())

const client = await Certificate.load(`${name}.key_secret`)
const socket = new Subscriber({
  security: { client, serverKey: await Certificate.load("hub.key") },
  subscribe: ["alert.fired", "scan.progress", "hub.alive"],
})
socket.connect("ipc://live.ipc")
const archive =
  values.replay === undefined
    ? undefined
    : new Client({
        connect: values.replay,
        security: { client, serverKey: await Certificate.load("archive.key") },
      })

/** What it has seen: every number up to `last` was received, or is in a gap. */
const seen = { received: 0, twice: 0, replayed: 0, last: 0, gaps: [] }
const status = new Status(() => seen)

function take(event) {
  const sequence = Number(event.sequence)
  if (sequence <= seen.last) {
    seen.twice++
    return
  }
  seen.received++
  seen.last = sequence
}

/** What comes before a number and was not received is missing. */
async function missing(next) {
  const { signal } = stopping
  while (archive !== undefined && seen.last + 1 < next) {
    const range = { from: seen.last + 1, to: next - 1 }
    for await (const event of archive.stream("replay", range, { signal })) {
      take(event)
      seen.replayed++
    }
    // The archive may not have the newest ones yet.
    if (seen.last + 1 < next) await sleep(200, undefined, { signal })
  }
  if (seen.last + 1 < next) seen.gaps.push({ from: seen.last + 1, to: next - 1 })
  seen.last = Math.max(seen.last, next - 1)
}

let isLive = false
try {
  for (;;) {
    const event = decode(await socket.receive({ signal: stopping.signal }))
    if (!isLive) console.log(`${name} is live`)
    isLive = true
    if (event.type === "alert.fired") {
      await missing(Number(event.sequence))
      take(event)
    } else if (event.type === "scan.progress") await missing(event.data.last + 1)
  }
} catch (error) {
  if (!stopping.signal.aborted) throw error
}
status.close()
archive?.close()
socket.close()
