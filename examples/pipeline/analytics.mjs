// Security analytics: receives the results of all workers, counts findings by rule and severity, and merges the reports.

import * as zmq from "ohmq"

import { ask, register } from "./child.mjs"
import { bind, connect } from "./links.mjs"
import { mergeLogs } from "./sarif.mjs"

// The workers come and go, so the subscriber binds and the publishers connect.
const [results, link] = await bind(zmq.Subscriber)
results.subscribe("sarif")

const links = await register({ links: { findings: link } })
const taskQueue = connect(zmq.Push, links.notices)
const { files } = await ask("state")

/** The log of each task. */
const logs = new Map()
/** How many findings of each level there are, by rule. */
const counts = {}
let findings = 0

for await (const [, id, body] of results) {
  const task = id.toString()
  // A task that was handed out twice may have two results.
  if (logs.has(task)) continue
  const log = JSON.parse(body.toString())
  logs.set(task, log)
  for (const { ruleId, level } of log.runs[0].results) {
    counts[ruleId] ??= { error: 0, warning: 0, note: 0 }
    counts[ruleId][level] += 1
    findings += 1
  }
  await taskQueue.send(["counted", "analytics", id])
  await ask("state", { counted: logs.size, findings })
  if (logs.size === files) await ask("state", { report: { counts, sarif: mergeLogs([...logs.values()]) } })
}
