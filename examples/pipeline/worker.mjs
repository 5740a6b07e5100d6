// A worker takes tasks from the queue, has its scanner look at the files, and publishes what that found.

import * as zmq from "ohmq"

import { ask, register, settings } from "./child.mjs"
import { connect } from "./links.mjs"
import { scan, scanner, version } from "./scanner.mjs"

const links = await register({ scanner, version, scanned: 0, busy: 0 })

// What is published before the first subscription has arrived is lost. An XPublisher is a Publisher that hears of
// subscriptions, so it can wait for that of analytics. And with `noDrop`, it waits for a slow subscriber where a
// publisher would drop messages.
const findings = connect(zmq.XPublisher, links.findings, { noDrop: true })
await findings.receive()

const finished = connect(zmq.Push, links.finished)
// Only now, ready to publish, does it ask for tasks.
const tasks = connect(zmq.Pull, links.tasks)

const started = performance.now()
let scanned = 0
let scanning = 0

for await (const [id, file] of tasks) {
  const begun = performance.now()
  const log = await scan(settings.root, file.toString())
  scanning += performance.now() - begun
  scanned += 1
  await findings.send(["sarif", id, JSON.stringify(log)])
  await finished.send(["finished", id])
  await ask("state", { scanned, busy: scanning / (performance.now() - started) })
}
