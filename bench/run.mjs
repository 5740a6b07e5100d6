// Measures the contenders in turn, round by round, and writes tables.

import { writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { curveKeyPair, version } from "ohmq"

import { contenders } from "./contenders.mjs"
import { compiled } from "./lib/compile.mjs"
import { measureOnce } from "./lib/pair.mjs"
import { plot } from "./lib/plot.mjs"
import { summary, table } from "./lib/table.mjs"
import { valuesFor, workloads } from "./workloads.mjs"

const help = `Compares ohmq with libzmq, zeromq and alternatives. Usage: npm run bench [-- options]

  --only TEXT       measure only workloads whose name contains TEXT; may be given several times
  --contender NAME  measure only these, and "C++" for comparison; may be given several times
  --rounds N        number of rounds (default 3)
  --seconds N       about how long each measurement takes (default 1)
  --json FILE       also write every measurement to FILE
  --output FILE     also write the tables to FILE, as Markdown
  --plot FILE       also write a plot of throughput by message size, one way over TCP, to FILE, as SVG
  --list            list the workloads and contenders
  --help            show this
`

function parse() {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      contender: { type: "string", multiple: true },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "1" },
      json: { type: "string" },
      output: { type: "string" },
      plot: { type: "string" },
      list: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  })
  for (const name of ["rounds", "seconds"]) {
    values[name] = Number(values[name])
    if (!(values[name] > 0)) throw new Error(`Expected --${name} to be a number above 0`)
  }
  return values
}

const say = (text) => process.stderr.write(`${text}\n`)

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
  else say(text)
}

/** How many messages take about `seconds`. Runs grow until one takes that long, because a cold program is several times slower. */
async function calibrate(contender, workload, seconds, keys) {
  if (workload.group === "latency") return Math.ceil(10_000 * seconds)
  let count = workload.values.size > 50_000 ? 50 : 2000
  for (let run = 0; run < 5; run += 1) {
    const measured = await once(contender, workload, count, keys)
    if (measured.seconds > seconds / 2) break
    count = Math.ceil(count * Math.min(seconds / measured.seconds, 20))
  }
  return count
}

const once = (contender, workload, count, keys) =>
  measureOnce(contender, workload, {
    ...valuesFor(workload, keys),
    ...contender.values(workload),
    count,
  })

async function measureWorkload(workload, entrants, { rounds, seconds }, keys) {
  const figures = {}
  const counts = {}
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of entrants) {
      if (figures[contender.name] === null) continue
      progress(`${workload.name}: ${contender.name}, round ${round + 1} of ${rounds}`)
      try {
        counts[contender.name] ??= await calibrate(contender, workload, seconds, keys)
        const measured = await once(contender, workload, counts[contender.name], keys)
        figures[contender.name] ??= []
        figures[contender.name].push(measured)
      } catch (error) {
        say(`\n${workload.name}: ${contender.name} FAILED: ${error.message}`)
        figures[contender.name] = null
      }
    }
  }
  if (process.stderr.isTTY) progress("")
  return Object.fromEntries(Object.entries(figures).filter(([, rounds_]) => rounds_ !== null))
}

/** Prepares the contenders, and returns those that can be measured here. */
async function prepareAll(entrants) {
  const present = []
  for (const contender of entrants) {
    const missing = await contender.prepare?.()
    if (missing === undefined) present.push(contender)
    else say(`SKIPPED: ${contender.name}: ${missing}`)
  }
  return present
}

async function main() {
  const options = parse()
  if (options.help) return process.stdout.write(help)
  const chosen = workloads.filter(
    ({ name }) => options.only === undefined || options.only.some((text) => name.includes(text)),
  )
  const entrants = contenders
    .filter(({ name, asked }) => name === "C++" || (options.contender?.includes(name) ?? !asked))
    .filter(({ values }) => chosen.some((workload) => values(workload) !== undefined))
  for (const name of options.contender ?? []) {
    if (!contenders.some((contender) => contender.name === name))
      throw new Error(`Unknown contender '${name}'. --list shows them`)
  }
  if (chosen.length === 0)
    throw new Error(`No workload name contains '${options.only.join("' or '")}'. --list shows them`)
  if (options.plot && !chosen.some(({ plot: transport }) => transport === "tcp")) {
    throw new Error("--plot needs a workload 'one-way tcp', but none was selected")
  }
  if (options.list) {
    return process.stdout.write(
      `${[...workloads, ...contenders].map(({ name, about }) => (about ? `${name}: ${about}` : name)).join("\n")}\n`,
    )
  }

  await compiled("baseline", say)
  const present = await prepareAll(entrants)
  const server = curveKeyPair()
  const client = curveKeyPair()
  const keys = {
    serverPublicKey: server.publicKey,
    serverSecretKey: server.secretKey,
    clientPublicKey: client.publicKey,
    clientSecretKey: client.secretKey,
  }
  const head = `libzmq ${version}, Node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} cores; medians of ${options.rounds} rounds`
  const report = [`${head}\n`]
  const show = (text) => {
    process.stdout.write(`${text}\n`)
    report.push(text)
  }
  const all = {}
  say(head)
  try {
    for (const workload of chosen) {
      const able = present.filter((contender) => contender.values(workload) !== undefined)
      all[workload.name] = await measureWorkload(workload, able, options, keys)
      show(table(workload, all[workload.name]))
    }
  } finally {
    for (const contender of present) await contender.cleanUp?.()
  }
  show(summary(chosen, all))
  if (options.plot) writeFileSync(options.plot, plot(chosen, all))
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ head, figures: all }, undefined, 2)}\n`)
  if (options.output) writeFileSync(options.output, `${report.join("\n")}`)
}

main().catch((error) => {
  say(error.message)
  process.exitCode = 1
})
