// A scanner: looks for risky code in the JavaScript of a folder, and pushes an alert for each line that has some. Alerts are numbered. They are on
// disk here before they go to the hub, so that none is lost while the hub is away. Usage: scanner.mjs FOLDER MAX

import { readdirSync, readFileSync } from "node:fs"
import path from "node:path"

import { Certificate } from "ohmq/security"
import { createEvent, encode } from "ohmq-toolkit/events"
import { startSender } from "ohmq-toolkit/link"
import { openStore } from "ohmq-toolkit/store"

const [folder, max] = process.argv.slice(2)

const rules = [
  { id: "eval", severity: "high", pattern: /\beval\(|new Function\(/ },
  { id: "child-process", severity: "medium", pattern: /child_process/ },
  { id: "weak-random", severity: "medium", pattern: /Math\.random\(/ },
  { id: "html-injection", severity: "medium", pattern: /\.innerHTML\b|document\.write\(/ },
  { id: "dynamic-pattern", severity: "low", pattern: /new RegExp\(/ },
  { id: "unchecked-json", severity: "low", pattern: /JSON\.parse\(/ },
  { id: "file-access", severity: "low", pattern: /['"](node:)?fs(\/promises)?['"]/ },
  { id: "unencrypted-url", severity: "low", pattern: /http:\/\/[\w.-]+/ },
  { id: "environment", severity: "low", pattern: /process\.env/ },
]

function* filesIn(parent) {
  for (const entry of readdirSync(parent, { withFileTypes: true })) {
    const file = path.join(parent, entry.name)
    if (entry.isDirectory()) yield* filesIn(file)
    else if (entry.isFile() && /\.[cm]?js$/.test(entry.name)) yield file
  }
}

function* alertsIn(file) {
  const lines = readFileSync(file, "utf8").split("\n")
  for (const [index, text] of lines.entries())
    for (const { id, severity, pattern } of rules)
      if (pattern.test(text)) yield { rule: id, severity, file, line: index + 1, text: text.trim().slice(0, 200) }
}

/** How far it is. An attribute of CloudEvents, so that nobody has to look into the data. */
let sequence = 0
const source = "/scanner"
const store = await openStore("scanner-store")
const client = await Certificate.load("scanner.key_secret")
const sender = await startSender(store, {
  connect: "ipc://scanners.ipc",
  stream: "alerts",
  security: { client, serverKey: await Certificate.load("hub.key") },
})
const push = (events) => store.append(events.map((event) => ({ frames: encode(event) })))
const progress = setInterval(
  () => push([createEvent({ source, type: "scan.progress", data: { last: sequence } })]),
  250,
)

for (const file of filesIn(folder)) {
  const alerts = [...alertsIn(file)].slice(0, Number(max) - sequence)
  if (alerts.length === 0) continue
  await push(
    alerts.map((data) =>
      createEvent({
        source,
        type: "alert.fired",
        subject: path.relative(folder, data.file),
        sequence: String(++sequence).padStart(10, "0"),
        data,
      }),
    ),
  )
  if (sequence >= max) break
}
console.log(`scanned: ${sequence} alerts`)

process.once("SIGTERM", async () => {
  clearInterval(progress)
  await sender.drained()
  await sender.close()
  await store.close()
})
