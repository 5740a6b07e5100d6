// The release gate: all of the toolkit together, while everything that it runs on fails. toolkit/test/interop/release-gate is what it runs.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { createInterface } from "node:readline"
import { parseArgs } from "node:util"

import { endLeftovers } from "./gate/leftovers.mjs"
import { faultsOf, report, section } from "./gate/report.mjs"
import { Failure, inProject, readJson, runMain, say } from "./lib/project.mjs"
import { has, output } from "./lib/run.mjs"

const topic = "gate"
const signals = ["SIGINT", "SIGTERM"]
const programs = ["flawfinder", "nats-server", "prometheus", "rsyslogd"]
const help = `Runs the whole way from a push to the audit log, with faults at random. Usage: npm run gate [-- options]

  --seconds N    for how long things fail (default 600)
  --seed N       what fails, and when (default: a random one)
  --report FILE  adds the run to a page, or replaces the one with the same seed
  --help         show this

The exit status is 0 if nothing was lost, and all else holds that toolkit/docs/gate-report.md lists. If not, it says what is missing
where, and keeps the folder with all data. Needs Linux and root, and flawfinder, nats-server, prometheus and rsyslog of Debian.
`

function integer(name, text, least) {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least)
    throw new Failure(`Expected --${name} to be an integer of at least ${least} but received '${text}'.`)
  return value
}

async function runIn(folder, seconds, seed) {
  mkdirSync(path.join(folder, "tmp"))
  const result = path.join(folder, "result.json")
  const vitest = inProject("node_modules/vitest/vitest.mjs")
  const args = ["run", "--project", "interop", "toolkit/test/interop/release-gate/release-gate.test.ts"]
  const child = spawn(process.execPath, [vitest, ...args], {
    cwd: inProject(),
    env: {
      ...process.env,
      TMPDIR: path.join(folder, "tmp"),
      OHMQ_GATE_FOLDER: folder,
      OHMQ_GATE_RESULT: result,
      OHMQ_GATE_SECONDS: String(seconds),
      OHMQ_SEED: String(seed),
    },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const log = createWriteStream(path.join(folder, "vitest.log"))
  child.stdout.pipe(log, { end: false })
  // What it says while it runs; all else is for the log.
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (line.startsWith(`${topic}: `)) process.stderr.write(`${line}\n`)
    else log.write(`${line}\n`)
  })
  const stop = () => child.kill("SIGKILL")
  for (const signal of signals) process.once(signal, stop)
  await once(child, "close")
  for (const signal of signals) process.removeListener(signal, stop)
  log.end()
  await once(log, "close")
  return readJson(result)
}

function optionsOf(args) {
  const options = {
    seconds: { type: "string", default: "600" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    report: { type: "string" },
    help: { type: "boolean", short: "h" },
  }
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new Failure(`${error.message}. Run: npm run gate -- --help`)
  }
}

await runMain(async (args) => {
  const values = optionsOf(args)
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const seconds = integer("seconds", values.seconds, 10)
  const seed = integer("seed", values.seed, 0)
  if (process.platform !== "linux" || process.getuid() !== 0)
    throw new Failure("The gate needs Linux and root: it mounts small disks that can be full.")
  const missing = programs.filter((name) => !has(name))
  if (missing.length > 0)
    throw new Failure(
      `These programs are missing: ${missing.join(", ")}. Run: apt-get install flawfinder nats-server prometheus rsyslog`,
    )
  // Before the run: what is reported must be what ran.
  const commit = output("git", ["describe", "--always", "--dirty"])
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), "ohmq-gate-"))
  say(topic, `seed ${seed}, ${seconds} s, in ${folder}`)
  let run
  try {
    run = await runIn(folder, seconds, seed)
  } finally {
    const left = await endLeftovers(`OHMQ_GATE_FOLDER=${folder}`, folder)
    if (left > 0) say(topic, `${left} processes were left, and were ended`)
  }
  if (run === undefined) {
    const log = readFileSync(path.join(folder, "vitest.log"), "utf8")
    throw new Failure(`The run did not come to its end. ${log.slice(-3000)}\n\nAll data is in ${folder}.`)
  }
  run.commit = commit
  if (values.report !== undefined) report(values.report, run)
  process.stdout.write(`${section(run)}\n`)
  if (run.problems.length > 0) {
    say(
      topic,
      `failed; all data is in ${folder}. The same faults again: npm run gate -- --seed ${seed} --seconds ${seconds}`,
    )
    return 1
  }
  rmSync(folder, { recursive: true })
  say(topic, `passed: ${run.findings} findings and ${faultsOf(run)} faults`)
  return 0
})
