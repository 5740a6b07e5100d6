// A worker takes tasks from the queue, scans the files, and publishes the findings.

import * as zmq from "ohmq"

import { ask, register, settings } from "./child.mjs"
import { bind, connect } from "./links.mjs"
import { scan, scanner, version } from "./scanner.mjs"

const { name, root } = settings
const links = await register({ scanner, version, scanned: 0, busy: 0 })

// Messages published before the first subscription arrives are lost. An XPublisher receives subscriptions, so it can wait
// for the one of analytics. With `noDrop`, it waits for a slow subscriber instead of dropping messages.
const findings = connect(zmq.XPublisher, links.findings, { noDrop: true })
await findings.receive()

// It can publish now, so it tells the queue where to push tasks.
const [tasks, link] = await bind(zmq.Pull)
const notices = connect(zmq.Push, links.notices)
await notices.send(["ready", name, JSON.stringify(link)])

const started = performance.now()
let scanned = 0
let scanning = 0

for await (const [id, file] of tasks) {
  const begun = performance.now()
  const log = await scan(root, file.toString())
  scanning += performance.now() - begun
  scanned += 1
  await findings.send(["sarif", id, JSON.stringify(log)])
  await notices.send(["finished", name])
  await ask("state", { scanned, busy: scanning / (performance.now() - started) })
}
