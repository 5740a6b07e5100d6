// Measures durable delivery against what is used instead, in turn, round by round. README.md says what is measured.

import { writeFileSync } from "node:fs"
import { cpus } from "node:os"
import process from "node:process"
import { parseArgs } from "node:util"

import { temporaryFolder } from "../../bench/lib/tidy.mjs"
import { contenders } from "./durable/contenders.mjs"
import { measure } from "./durable/measure.mjs"
import { report } from "./durable/table.mjs"

const help = `Compares the durable store and link with other durable queues. Usage: npm run bench:durable [-- options]

  --only TEXT      measure only contenders whose name contains TEXT; may be given several times
  --rounds N       number of rounds, in which all are measured in turn (default 5)
  --seconds N      how long each measurement takes (default 5)
  --warmup N       seconds before it (default 2)
  --producers N    how many producers wait for their own acknowledgement at a time (default 256)
  --size N         bytes of an event (default 1024)
  --backlog N      producers pause while this many events are acknowledged and not consumed (default 20000)
  --output FILE    also write the tables to FILE, as Markdown
  --list           list the contenders
  --help           show this
`

const numbers = { rounds: 5, seconds: 5, warmup: 2, producers: 256, size: 1024, backlog: 20_000 }

function parse() {
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(Object.keys(numbers).map((name) => [name, { type: "string" }])),
      only: { type: "string", multiple: true },
      output: { type: "string" },
      list: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  })
  for (const [name, usual] of Object.entries(numbers)) {
    values[name] = Number(values[name] ?? usual)
    if (!(values[name] > 0)) throw new Error(`Expected --${name} to be a number above 0`)
  }
  return values
}

const say = (text) => process.stderr.write(`${text}\n`)

async function main() {
  const options = parse()
  if (options.help) return process.stdout.write(help)
  const { only, rounds } = options
  const chosen = contenders(temporaryFolder()).filter(({ name }) => only?.some((text) => name.includes(text)) ?? true)
  if (chosen.length === 0)
    throw new Error(`No contender's name contains '${only.join("' or '")}'. --list shows the names`)
  if (options.list) return process.stdout.write(`${chosen.map(({ name }) => name).join("\n")}\n`)

  const entrants = chosen.filter(({ name, missing }) => {
    const reason = missing?.()
    if (reason !== undefined) say(`SKIPPED: ${name}: ${reason}`)
    return reason === undefined
  })
  const figures = {}
  const failed = new Set()
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of entrants) {
      const { name } = contender
      if (failed.has(name)) continue
      try {
        const measured = await measure(contender, options)
        const times = `p50 ${measured.p50.toFixed(1)} ms, p99 ${measured.p99.toFixed(1)} ms`
        say(`round ${round} of ${rounds}: ${name}: ${Math.round(measured.rate)} events/s, ${times}`)
        figures[name] = [...(figures[name] ?? []), measured]
      } catch (error) {
        say(`FAILED: ${name}: ${error.message}`)
        failed.add(name)
        delete figures[name]
      }
    }
  }
  const { producers, size, backlog, seconds } = options
  const head =
    `${producers} producers that each wait for their own acknowledgement, ${size} B events, ${rounds} rounds of ${seconds} s in turn, medians; ` +
    `at most ${backlog} events are acknowledged and not consumed. Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`
  const text = report(head, entrants, figures)
  process.stdout.write(text)
  if (options.output) writeFileSync(options.output, text)
  if (failed.size > 0) process.exitCode = 1
}

main().catch((error) => {
  say(error.message)
  process.exitCode = 1
})
