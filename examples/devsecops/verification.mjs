// Was anything lost, or counted twice? Counts the findings of a scan wherever they came through, and has the audit log and the books of the
// relays checked by the same commands that anyone can run.

import { execFile } from "node:child_process"
import { createReadStream, readFileSync } from "node:fs"
import path from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"

import { readEntries } from "ohmq-toolkit/audit"

import { Failure } from "./failure.mjs"
import { ohmq } from "./system.mjs"

/** What is on its way gets so long to arrive. */
const PATIENCE = 60_000

const isOf = (scan) => (event) =>
  event?.type === "finding.reported" && event.data?.sarif.run.automationDetails?.id === `${scan.id}/`

async function inArchive(data, scan) {
  let count = 0
  const lines = createInterface({ input: createReadStream(path.join(data, "hub/events.ndjson")) })
  // The relay may be writing the last line.
  for await (const line of lines)
    if (line.endsWith("}") && line.includes(scan.id) && isOf(scan)(JSON.parse(line))) count += 1
  return count
}

function inAuditLog(data, scan) {
  const keys = [readFileSync(path.join(data, "keys/audit.pub"), "utf8").trim()]
  let count = 0
  for (const { entry } of readEntries(path.join(data, "hub/audit"), { keys })) {
    if (entry.includes(scan.id) && isOf(scan)(JSON.parse(entry).event)) count += 1
  }
  return count
}

/** Runs a command, and resolves to the JSON that it prints. */
function run(data, ...args) {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [ohmq, ...args, "--output", "json"], { cwd: data }, (error, stdout, stderr) => {
      const command = `ohmq ${args.join(" ")}`
      if (error) reject(new Failure(`${command} failed: ${(stderr || stdout).trim().slice(0, 500)}`, 1))
      else resolve(JSON.parse(stdout))
    })
  })
}

/**
 * Resolves to a line for the user; rejects if the counts differ, or a check fails.
 *
 * @param found How many findings the results in the queue have.
 */
export async function verify({ ask }, data, scan, found, signal) {
  const until = performance.now() + PATIENCE
  let counts
  do {
    if (counts) await sleep(100, undefined, { signal })
    counts = {
      queue: found,
      archive: await inArchive(data, scan),
      "audit log": inAuditLog(data, scan),
      analytics: (await ask("state", scan.id)).findings,
    }
  } while (performance.now() < until && Object.values(counts).some((count) => count !== found))
  const text = Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ")
  if (Object.values(counts).some((count) => count !== found))
    throw new Failure(`The counts of findings differ: ${text}`, 1)
  const [audit] = await Promise.all([
    run(data, "audit", "verify", "hub/audit", "--key", "keys/audit.pub"),
    run(data, "relay", "reconcile", "edge/relay.yaml"),
    run(data, "relay", "reconcile", "hub/relay.yaml"),
  ])
  return `Findings: ${text}. The audit log is intact (${audit.size} entries), and the books of both relays balance.`
}
