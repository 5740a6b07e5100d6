// Security analytics: receives events by a durable link, counts findings by rule and severity, merges reports, and answers questions.
// What it knows is in memory, and made again from its store if it is killed: nothing counts twice, and nothing is missing.

import path from "node:path"

import { Authenticator, Certificate } from "ohmq/security"
import { decode } from "ohmq-toolkit/events"
import { startReceiver } from "ohmq-toolkit/link"
import { Server } from "ohmq-toolkit/services"
import { openStore } from "ohmq-toolkit/store"

import { mergeLogs } from "./sarif.mjs"

const [data, linkAddress, serviceAddress] = process.argv.slice(2)
const keys = path.join(data, "keys")

/** What is known of each scan. */
const scans = new Map()

function scanOf(id) {
  if (!scans.has(id)) scans.set(id, { findings: 0, counts: {}, logs: [], files: 0, finished: 0, failures: [] })
  return scans.get(id)
}

const on = {
  "finding.reported": ({ rule, level, sarif }) => {
    const scan = scanOf(sarif.run.automationDetails?.id.slice(0, -1))
    scan.counts[rule.id] ??= { error: 0, warning: 0, note: 0 }
    scan.counts[rule.id][level] += 1
    scan.findings += 1
  },
  "task.finished": ({ batch, result }) => {
    const scan = scanOf(batch)
    scan.logs.push(result.sarif)
    scan.files += result.sarif.runs[0].artifacts.length
    scan.finished += 1
  },
  "task.failed": ({ batch, reason, input }) => scanOf(batch).failures.push({ reason, files: input.files }),
}

const store = await openStore(path.join(data, "analytics"))
await store.addCursor("analytics")
let position = 0

async function count() {
  for await (const entries of store.read("analytics")) {
    for (const entry of entries) {
      position = entry.position
      if (entry.gap) continue
      const { type, data } = decode(entry.frames, { bytes: 64 << 20 })
      on[type]?.(data)
    }
  }
}

const security = {
  server: await Certificate.load(path.join(keys, "analytics.key_secret")),
  authenticator: new Authenticator({ curve: path.join(keys, "analytics-clients") }),
}
const receiver = await startReceiver(store, { bind: linkAddress, security, maxEventBytes: 64 << 20 })

// A report can have many findings.
const server = new Server({ security, maxBodyBytes: 256 << 20 })
server.handle("state", (id) => {
  const { files, findings, finished, failures } = scanOf(id)
  return { files, findings, finished, failures }
})
let reported = 0
server.handle("report", async (id) => {
  const { counts, logs } = scanOf(id)
  // What was reported before need not be known any more. This report can be asked for again, also by the next process like this one.
  for (const other of scans.keys()) if (other !== id) scans.delete(other)
  if (reported > 0) await store.commit("analytics", reported)
  reported = position
  return { counts, sarif: mergeLogs(logs, id) }
})
const service = await server.bind(serviceAddress)

console.error(JSON.stringify({ msg: "Analytics takes events", address: receiver.endpoint, service }))
await count()
