// The page with the runs of the release gate: a section for each, by its seed.

import { existsSync, readFileSync, writeFileSync } from "node:fs"

import { pageText } from "../pages/generated.mjs"

const number = (value) => value.toLocaleString("en", { maximumFractionDigits: 0 })
const seconds = (milliseconds) => `${number(milliseconds / 1000)} s`
const table = (head, marks, rows) => [head, marks, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n")

const intro = `# The release gate

\`npm run gate\` runs all of the toolkit together for ten minutes, while everything that it runs on fails at random. A release needs three runs that pass, with three seeds. It needs Linux,
root (for disks that are full) and, of Debian, flawfinder, nats-server, prometheus and rsyslog.

\`\`\`text
signed pushes → relay at the edge → ohmq tasks serve → 3 × ohmq tasks work, with flawfinder
                      ↑ events of the queue ↵
                      └ findings → relay at the hub → archive, audit log, rsyslog, Splunk, Elasticsearch, JetStream, Prometheus
                                                           → responder → audit log, tickets
\`\`\`

All arrows but the first are CURVE, up to the hub: workers, the submitter and whoever reads results need a certificate, which the queue has in its folder. The queue sends all its events to the edge, whose
routes pick those that go on: \`finding.reported\` to the hub, leases and ends of tasks into files.

rsyslogd, nats-server, Prometheus and flawfinder are the real programs. Splunk and Elasticsearch are servers that take and refuse what the real ones do (\`toolkit/test/relay/contract\`). Each push
is a commit of C code, whose findings are known before a scanner looks at it.

**What happens meanwhile.** Each target below fails again and again, on its own: it is killed with SIGKILL and started again, or stands still (SIGSTOP); networks are cut, down or slow; no byte is free on the
disk of a store (ENOSPC); servers are gone, slow, busy, or cut connections before or after they took something. The certificate of the edge is replaced three times; that of an old host, with a relay and a worker, is revoked.
rsyslogd is not killed: [syslog acknowledges nothing](relay.md#sink-syslog), so what a server has received and not kept when it is killed is lost by its protocol.

**What must hold at the end.** The same ids are at every station: once where "once" is said, at least once elsewhere. Both audit logs verify. \`ohmq relay reconcile\` finds nothing wrong. There are no dead letters.
Nothing that the queue has sent waits or is refused. Each finding names the worker in whose certificate it came, over two links. The queue does not answer who has no certificate. Without faults, Prometheus counts each finding. The old host has brought no event and got no task two seconds
after its certificate was revoked; while a relay or the queue stands still, these seconds do. All programs end with 0 when they are stopped, and nothing is left running.

**Memory is flat.** Processes are compared at the same age, 15 to 45 s after each start, because all grow into what they need: from the first start to the last, that may be at most 10% and 8 MiB. At no
time after 15 s has a process more than 1.3 times its median and 8 MiB. The queue reads its journal at its start, and the hub the last 10,000 entries of its audit log and of its archive, so each start has more to read than the one
before. In the gate, Node.js runs with \`--max-semi-space-size=1\` and collects all garbage every 5 s. Otherwise V8 lets tens of MiB of it lie for longer than a process lives there, and memory says little about what a process holds.

\`npm run gate -- --seed N --report toolkit/docs/gate-report.md\` adds a run to this page, or replaces that with the same seed. What fails, and when, follows from the seed; what that meets does not.
`

function faultsTable(faults) {
  const row = ([target, counts]) => {
    const what = Object.entries(counts).map(([name, count]) => `${name}: ${count}`)
    return [target, what.join(", ") || "nothing"]
  }
  return table(["target", "faults"], ["---", "---"], Object.entries(faults).map(row))
}

const stationsTable = (stations) =>
  table(
    ["station", "expected", "found", "more than once", "must have each"],
    ["---", "--:", "--:", "--:", "---"],
    stations.map(({ name, expected, found, more, isOnce }) => [
      name,
      ...[expected, found, more].map(number),
      isOnce ? "once" : "at least once",
    ]),
  )

const memoryTable = (rss) =>
  table(
    ["process", "median", "most", "grew, start by start", "may grow"],
    ["---", "--:", "--:", "--:", "--:"],
    rss.map(({ name, median, most, growth, mayGrow }) => [
      name,
      `${number(median)} MiB`,
      `${number(most)} MiB`,
      `${number(growth)} MiB`,
      `${number(mayGrow)} MiB`,
    ]),
  )

/** Ends that nobody asked for: how often, of which program. */
function exitsText(exits) {
  if (exits.length === 0) return "No program ended by itself."
  const counts = new Map()
  for (const { name, code, signal } of exits) {
    const what = `${name} (${signal ?? `exit code ${code}`})`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  const list = [...counts].map(([what, count]) => `${what} ${count} times`).join(", ")
  return `Ended by themselves, while their disk was full, and started again: ${list}.`
}

/** How many faults there were. */
export const faultsOf = ({ faults }) =>
  Object.values(faults)
    .flatMap((counts) => Object.values(counts))
    .reduce((sum, count) => sum + count, 0)

/** The section of a run. */
export function section(run) {
  const { seed, time, machine, took, problems } = run
  const verdict =
    problems.length === 0 ? "**Passed.**" : `**Failed:**\n\n${problems.map((one) => `- ${one}`).join("\n")}\n`
  return `## Seed ${seed}

${verdict} ${time.slice(0, 10)}, ${run.seconds} s, ${run.commit === undefined ? "" : `commit ${run.commit}, `}Node.js ${machine.node}, ${machine.cpus} processors with a load of ${number(machine.load)}.

${number(run.pushes)} pushes (${number(run.again)} requests had to be sent again) with ${number(run.findings)} findings, and ${number(faultsOf(run))} faults. Once these were over, nothing moved any more after ${seconds(took.drain)}. Of ${run.more} findings
without faults, Prometheus counted ${run.more - run.unseen}. ${number(run.old.probes)} events of the old host arrived before its certificate was revoked, and ${run.old.lateProbes} later. It got ${number(run.old.leases)} of the ${number(run.leases)} leases of tasks before that, and ${run.old.lateLeases} later. Findings by certificate: ${Object.entries(
    run.foundBy,
  )
    .map(([name, count]) => `${name} ${number(count)}`)
    .join(
      ", ",
    )}. The audit logs have ${number(run.audit.trail)} and ${number(run.audit.responses)} entries. ${exitsText(run.exits)}

${stationsTable(run.stations)}

${faultsTable(run.faults)}

${memoryTable(run.rss)}
`
}

/** Adds a run to a page, or replaces the one with the same seed. */
export function report(file, run) {
  const text = existsSync(file) ? readFileSync(file, "utf8") : ""
  const others = text
    .split(/^(?=## Seed \d+$)/m)
    .filter((part) => part.startsWith("## Seed ") && !part.startsWith(`## Seed ${run.seed}\n`))
  const runs = [...others, section(run)].map((part) => part.trim())
  writeFileSync(file, pageText(file, "npm run gate -- --report FILE", [intro.trim(), ...runs].join("\n\n")))
}
