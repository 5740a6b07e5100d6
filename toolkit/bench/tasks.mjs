#!/usr/bin/env node
// Measures the task queue beside BullMQ and Graphile Worker, in turn, round by round. README.md says what is measured.

import { fork } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { parseArgs } from "node:util"

import { median } from "../../bench/lib/statistics.mjs"
import { markdown } from "../../bench/lib/table.mjs"
import { temporaryFolder } from "../../bench/lib/tidy.mjs"
import { contenders } from "./tasks/contenders.mjs"

const help = `Compares the task queue with others, on the same work and guarantee. Usage: node toolkit/bench/tasks.mjs [options]

  --only TEXT      measure only contenders whose name contains TEXT; may be given several times
  --rounds N       number of rounds, in which all are measured in turn (default 3)
  --tasks N        empty tasks a round (default 50000)
  --timed N        tasks whose start is timed, 200 a second (default 1000)
  --concurrency N  how many tasks run at a time (default 256)
  --workers N      how many workers have them; the concurrency is divided (default 1)
  --output FILE    also write the table to FILE, as Markdown
  --help           show this
`

const numbers = { rounds: 3, tasks: 50_000, timed: 1000, concurrency: 256, workers: 1 }

function parse() {
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(Object.keys(numbers).map((name) => [name, { type: "string" }])),
      only: { type: "string", multiple: true },
      output: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  })
  for (const [name, usual] of Object.entries(numbers)) {
    values[name] = Number(values[name] ?? usual)
    if (!(values[name] >= 0)) throw new Error(`Expected --${name} to be a number`)
  }
  return values
}

const say = (text) => process.stderr.write(`${text}\n`)

/** A process of a contender's client: one submits, the other works. */
function client(peer, given) {
  const child = fork(new URL("tasks/program.mjs", import.meta.url), [], { execArgv: ["--no-warnings"] })
  let ended
  child.once("exit", (code) => {
    ended = new Error(`The client of ${peer} ended with ${code}`)
    child.emit("message", {})
  })
  /** Asks for something, and resolves to the answer. */
  const ask = async (action, rest = {}) => {
    child.send({ action, ...rest })
    const [answer] = await once(child, "message")
    if (ended) throw ended
    if (answer.error) throw new Error(answer.error)
    return answer
  }
  return {
    ask,
    open: (role, options) => ask("open", { peer, given, role, ...options }),
    end: () => child.kill("SIGKILL"),
  }
}

/** The CPU seconds that a process has used, and those that it has started. 0 where there is no /proc. */
function cpuOf(root) {
  const parents = new Map()
  const ticks = new Map()
  for (const name of existsSync("/proc/self/stat") ? readdirSync("/proc") : []) {
    if (!/^\d+$/.test(name)) continue
    try {
      // What follows the name of the program, which is in brackets: the state, the parent, …
      const fields = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")
        .map(Number)
      parents.set(Number(name), fields[1])
      // Its own time, and that of its children that have ended.
      ticks.set(Number(name), fields[11] + fields[12] + fields[13] + fields[14])
    } catch {
      // It has ended.
    }
  }
  const isOurs = (pid) => pid === root || (parents.has(pid) && isOurs(parents.get(pid)))
  let sum = 0
  for (const [pid, count] of ticks) if (isOurs(pid)) sum += count
  return sum / 100
}

const percentile = (sorted, p) => sorted[Math.floor((sorted.length - 1) * p)]

async function measure({ peer, start }, { tasks, timed, concurrency, workers }) {
  const started = []
  const given = await start({ folder: mkdtempSync(join(temporaryFolder(), "tasks-")), started })
  const submitter = client(peer, given)
  const worker = client(peer, given)
  try {
    await submitter.open("submit")
    await worker.open("work", { concurrency, workers })
    // A first look at everything, which is not measured.
    await Promise.all([submitter.ask("submit", { count: 2000 }), worker.ask("count", { to: 2000 })])
    const cpu = async () => {
      const [one, other] = await Promise.all([submitter.ask("cpu"), worker.ask("cpu")])
      return started.reduce((sum, { pid }) => sum + cpuOf(pid), one.cpu + other.cpu)
    }
    const before = await cpu()
    const from = performance.now()
    const done = worker.ask("count", { to: 2000 + tasks })
    const submitted = submitter.ask("submit", { count: tasks })
    await done
    const both = performance.now() - from
    await submitted
    const used = (await cpu()) - before
    const [times] = await Promise.all([
      worker.ask("times", { to: 2000 + tasks + timed }),
      submitter.ask("time", { count: timed, every: 5 }),
    ])
    const sorted = times.times.sort((one, other) => one - other)
    return {
      rate: (tasks / both) * 1000,
      cpu: (used / tasks) * 1e6,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
    }
  } finally {
    worker.end()
    submitter.end()
    for (const { stop } of started) await stop()
  }
}

async function main() {
  const options = parse()
  if (options.help) return process.stdout.write(help)
  const { only, rounds } = options
  const chosen = contenders.filter(({ name }) => only?.some((text) => name.includes(text)) ?? true)
  const figures = {}
  for (let round = 1; round <= rounds; round++) {
    for (const contender of chosen) {
      const reason = contender.missing?.()
      if (reason !== undefined) {
        say(`SKIPPED: ${contender.name}: ${reason}`)
        continue
      }
      const measured = await measure(contender, options)
      say(
        `round ${round} of ${rounds}: ${contender.name}: ${Math.round(measured.rate)} tasks/s, ${Math.round(measured.cpu)} µs of CPU a task, start p50 ${measured.p50.toFixed(2)} ms, p99 ${measured.p99.toFixed(2)} ms`,
      )
      figures[contender.name] = [...(figures[contender.name] ?? []), measured]
    }
  }
  const middle = (all, key) => median(all.map((one) => one[key]))
  const rows = Object.entries(figures)
    .sort(([, one], [, other]) => middle(other, "rate") - middle(one, "rate"))
    .map(([name, all]) => [
      name,
      Math.round(middle(all, "rate")).toLocaleString("en"),
      `${Math.round(Math.min(...all.map(({ rate }) => rate))).toLocaleString("en")} to ${Math.round(Math.max(...all.map(({ rate }) => rate))).toLocaleString("en")}`,
      Math.round(middle(all, "cpu")).toLocaleString("en"),
      middle(all, "p50").toFixed(1),
      middle(all, "p99").toFixed(1),
      chosen.find((one) => one.name === name).how,
    ])
  const { tasks, timed, concurrency, workers } = options
  const text = `${tasks.toLocaleString("en")} empty tasks, submitted in batches while ${concurrency} at a time are worked on, by ${workers} worker${workers === 1 ? "" : "s"}; then ${timed.toLocaleString("en")} tasks, 200 a second, timed from before they are submitted to their start. Medians of ${rounds} rounds in turn. Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}

${markdown(["", "tasks/s", "all rounds", "CPU of all processes, µs a task", "start p50, ms", "start p99, ms", "on disk when"], rows)}
`
  process.stdout.write(text)
  if (options.output) writeFileSync(options.output, text)
}

main().catch((error) => {
  say(error.stack ?? error.message)
  process.exitCode = 1
})
