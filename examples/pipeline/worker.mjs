// A worker takes tasks from the queue, has its scanner look at the files, and publishes what that found.

import * as zmq from "ohmq"

import { ask, register, settings } from "./child.mjs"
import { bind, connect } from "./links.mjs"
import { scan, scanner, version } from "./scanner.mjs"

const { name, root } = settings
const links = await register({ scanner, version, scanned: 0, busy: 0 })

// What is published before the first subscription has arrived is lost. An XPublisher is a Publisher that hears of
// subscriptions, so it can wait for that of analytics. And with `noDrop`, it waits for a slow subscriber where a
// Publisher would drop messages.
const findings = connect(zmq.XPublisher, links.findings, { noDrop: true })
await findings.receive()

// Only now that it can publish, it tells the queue where to push tasks to.
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
