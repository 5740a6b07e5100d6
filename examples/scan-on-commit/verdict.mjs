// A worker runs it for each request to the gate: waits for the scans of the commit, and decides. Findings of high severity deny, and so does a scan
// that failed. If it fails itself, the queue tries again; if nobody decides in time, the CI's `ohmq gate` fails closed.

import { execFileSync } from "node:child_process"

import { fromSarif } from "ohmq-toolkit/events"
import { TaskClient } from "ohmq-toolkit/tasks"

import { keys } from "./keys.mjs"
import { scannerNames, taskId } from "./scanners.mjs"

const [request, commit] = process.argv.slice(2)

async function decide(client) {
  const ids = scannerNames.map((scanner) => taskId(scanner, commit))
  // If the request was here before the push, there are no such tasks yet. That is an error, and the queue tries again.
  await client.wait({ ids }, { signal: AbortSignal.timeout(120_000) })
  const reasons = []
  const counts = {}
  for await (const { queue, state, reason, result } of client.results({ ids })) {
    if (state !== "finished") {
      reasons.push(`${queue} did not scan it: ${state}${reason ? `, ${reason}` : ""}`)
      continue
    }
    for (const { data } of fromSarif(result.sarif)) {
      counts[data.severity] = (counts[data.severity] ?? 0) + 1
      if (data.severity === "critical" || data.severity === "high")
        reasons.push(`${data.location.uri}:${data.location.line} ${data.rule.id}`)
    }
  }
  const found = Object.entries(counts).map(([severity, count]) => `${count} ${severity}`)
  if (reasons.length > 0) return ["deny", reasons.join(", ")]
  return ["allow", `nothing of high severity (${found.join(", ") || "no findings"})`]
}

const client = new TaskClient({ connect: process.env.QUEUE, security: await keys("verdict", "queue") })
try {
  const [decision, reason] = await decide(client)
  const peer = ["--to", process.env.GATE, "--cert", "verdict.key_secret", "--server-cert", "relay.key"]
  // An argument has its limits, and a person reads it.
  execFileSync("ohmq", ["gate", "decide", request, decision, `--reason=${reason.slice(0, 1000)}`, ...peer], {
    stdio: "inherit",
  })
} catch (error) {
  // The queue keeps the last line as the reason.
  console.error(error.message.trim())
  process.exitCode = 1
} finally {
  client.close()
}
