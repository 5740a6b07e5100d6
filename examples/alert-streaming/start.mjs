// Starts a scanner, the hub and six consumers, stops and kills some of them, and counts what each has.

import path from "node:path"

import { decode } from "ohmq-toolkit/events"
import { openStore } from "ohmq-toolkit/store"

import { Lab, until } from "../lab.mjs"
import { lastStatus } from "./status.mjs"

const target = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, "../../node_modules"))
const total = 4000

/** What is in the store of a durable consumer. */
async function countStore(folder) {
  const store = await openStore(folder)
  const sequences = new Set()
  let entries = 0
  let gaps = 0
  try {
    await store.addCursor("count")
    for await (const batch of store.read("count", { follow: false }))
      for (const { frames, gap } of batch) {
        if (gap !== undefined) gaps += gap.to - gap.from + 1
        else {
          entries++
          sequences.add(Number(decode(frames).sequence))
        }
      }
  } finally {
    await store.close()
  }
  return { received: sequences.size, twice: entries - sequences.size, gaps, replayed: 0 }
}

const countGaps = (gaps) => gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0)

function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)))
  for (const row of rows)
    console.log(
      `  ${row.map((cell, column) => (column < 2 ? String(cell).padEnd(widths[column]) : String(cell).padStart(widths[column]))).join("  ")}`,
    )
}

await Lab.run(import.meta.dirname, async (lab) => {
  await lab.certificates(["hub", "scanner", "pager", "archive", "siem", "dashboard", "laptop", "latecomer"], {
    "clients/scanners": ["scanner"],
    "clients/consumers": ["hub", "latecomer"],
    "clients/live": ["dashboard", "laptop", "latecomer"],
  })
  await lab.run("ohmq", ["relay", "check"])
  const statusOf = (program) => lastStatus(program.output())
  let scanner
  /** How many alerts the scanner has found. Undefined while it scans. */
  const found = () => /scanned: (\d+) alerts/.exec(scanner.output())?.[1]
  const reaches = (program, field, count) =>
    until(`${program.name} has ${count} alerts`, () => {
      for (const one of [program, hub, scanner]) if (!one.isRunning) throw new Error(`${one.name} has ended`)
      if (found() < total)
        throw new Error(
          `Only ${found()} lines of ${target} are risky, and ${total} are needed. Name a folder with more JavaScript`,
        )
      return (statusOf(program)?.[field] ?? 0) >= count
    })

  console.log("The hub, three durable consumers and two live ones")
  const hub = lab.start("hub", "ohmq relay run relay.yaml")
  let pager = lab.start("pager", "node consumer.mjs pager")
  const archive = lab.start("archive", "node consumer.mjs archive --serve")
  const siem = lab.start("siem", "node consumer.mjs siem --delay 2")
  const dashboard = lab.start("dashboard", "node live.mjs dashboard")
  const laptop = lab.start("laptop", "node live.mjs laptop")
  for (const program of [dashboard, laptop]) await program.says("is live")

  console.log("\nA scanner finds risky lines")
  scanner = lab.start("scanner", ["node", "scanner.mjs", target, String(total)])
  await reaches(laptop, "received", 300)
  laptop.signal("SIGSTOP")
  console.log("  the laptop sleeps (SIGSTOP)")
  await reaches(pager, "received", 800)
  pager.signal("SIGKILL")
  await pager.ended()
  console.log("  the pager was killed (kill -9)")
  await reaches(archive, "received", 2000)
  console.log("  a latecomer joins, and asks the archive for all that was before")
  const latecomer = lab.start("latecomer", "node live.mjs latecomer --replay ipc://archive-replay.ipc")
  await reaches(archive, "received", 2800)
  console.log("  the pager is back")
  pager = lab.start("pager again", "node consumer.mjs pager")
  await scanner.says(`scanned: ${total} alerts`)
  console.log(`  the scanner is done: ${total} alerts. The siem still has ${statusOf(siem).waiting} of them to work on`)
  laptop.signal("SIGCONT")
  console.log("  the laptop is awake again")

  for (const program of [dashboard, laptop, latecomer]) await reaches(program, "last", total)
  for (const program of [pager, archive, siem]) {
    await reaches(program, "received", total)
    await until(`${program.name} has done all its work`, () => statusOf(program).waiting === 0)
  }
  for (const program of [scanner, hub, pager, archive, siem, dashboard, laptop, latecomer]) await program.stop()

  const durable = { pager: "durable, killed", archive: "durable", siem: "durable, slow" }
  const live = {
    dashboard: [dashboard, "live"],
    laptop: [laptop, "live, slept"],
    latecomer: [latecomer, "live, late, with replay"],
  }
  const results = {}
  for (const name of Object.keys(durable))
    results[name] = { kind: durable[name], ...(await countStore(lab.path(`${name}-store`))) }
  for (const [name, [program, kind]] of Object.entries(live)) {
    const { gaps, ...counts } = statusOf(program)
    results[name] = { kind, ...counts, gaps: countGaps(gaps) }
  }
  console.log(`\nOf ${total} alerts`)
  const header = ["consumer", "kind", "received", "twice", "missing", "gaps reported", "by replay"]
  const rows = Object.entries(results).map(([name, { kind, received, twice, gaps, replayed }]) => [
    name,
    kind,
    received,
    twice,
    total - received,
    gaps,
    replayed,
  ])
  printTable([header, ...rows])

  console.log("\nClaims")
  for (const name of Object.keys(durable)) {
    const { received, twice, gaps } = results[name]
    lab.check(`the ${name} has all alerts, each once`, received === total && twice === 0 && gaps === 0)
  }
  for (const name of Object.keys(live)) {
    const { received, gaps } = results[name]
    lab.check(`what the ${name} is missing, it has reported`, received + gaps === total)
  }
  lab.check("the laptop has missed some, and knows how many", results.laptop.gaps > 0)
  lab.check(
    "the latecomer has all alerts, those before it came by replay",
    results.latecomer.received === total && results.latecomer.replayed > 0,
  )
})
