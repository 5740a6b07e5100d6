// Measures what a backlog costs: `node toolkit/bench/backlog.mjs [--events 0 --events 1000000 ...] [--seconds 3] [--folder PATH]`.
//
// For each number of waiting events: the rate and the memory of a relay that takes them in while its sink is down, and of one that is started
// after it was killed; then the time in which the store opens, its memory, and the rates of appending and reading with that backlog.

import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { openStore } from "ohmq-toolkit/store"

import { freePort } from "../../bench/lib/server.mjs"
import { markdown } from "../../bench/lib/table.mjs"
import { startChild } from "../../bench/lib/tidy.mjs"
import { events } from "./durable/event.mjs"

const { values } = parseArgs({
  options: {
    events: { type: "string", multiple: true, default: ["1000", "100000", "1000000", "10000000"] },
    seconds: { type: "string", default: "3" },
    producers: { type: "string", default: "256" },
    size: { type: "string", default: "1024" },
    folder: { type: "string", default: tmpdir() },
    child: { type: "string" },
    store: { type: "string" },
  },
})
const seconds = Number(values.seconds)
const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url))
const next = events(Number(values.size))
const rss = (pid = "self") => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024
const whole = (number) => Math.round(number).toLocaleString("en")

/** Producers that each wait for their own append. */
async function produce(store) {
  const times = []
  const since = performance.now()
  const end = since + seconds * 1000
  const producer = async () => {
    while (performance.now() < end) {
      const begin = performance.now()
      await store.append([{ frames: next() }])
      times.push(performance.now() - begin)
    }
  }
  await Promise.all(Array.from({ length: Number(values.producers) }, producer))
  const elapsed = (performance.now() - since) / 1000
  times.sort((a, b) => a - b)
  return { appendRate: times.length / elapsed, p99: times[Math.floor((times.length - 1) * 0.99)] }
}

async function read(store) {
  let count = 0
  const since = performance.now()
  for await (const batch of store.read("sink", { max: 1000, follow: false })) {
    count += batch.length
    if (performance.now() - since > seconds * 1000) break
  }
  return count / ((performance.now() - since) / 1000)
}

/** The store by itself, on what the relays have left. */
async function use(path, count) {
  const begin = performance.now()
  const store = await openStore(path)
  const open = performance.now() - begin
  const openRss = rss()
  const { waiting } = store.stats().cursors.sink
  if (waiting < count) throw new Error(`${waiting} events wait instead of ${count}`)
  const appended = await produce(store)
  const readRate = await read(store)
  const usedRss = rss()
  await store.close()
  return { open, openRss, ...appended, readRate, usedRss }
}

/** Prints lines as fast as they are taken: `count`, or without end. */
const printer = `const [, count] = process.argv
const lines = "x".repeat(${Number(values.size)} - 200) + "\\n"
for (let i = 0; i < count; i++)
  process.stdout.write(lines) || await new Promise((resolve) => process.stdout.once("drain", resolve))`

/** Starts a relay whose sink is down, and which takes in the lines of a command. */
async function startRelay(folder, path, count) {
  const [http, sink] = [await freePort(), await freePort()]
  const command = [process.execPath, "--input-type=module", "-e", printer, String(count)]
  const file = join(folder, "relay.yaml")
  writeFileSync(
    file,
    `version: 1
store: { path: ${JSON.stringify(path)}, maxBytes: 100GiB }
http: { listen: "127.0.0.1:${http}" }
sources: { lines: { type: exec, restart: 1d, command: ${JSON.stringify(command)} } }
routes: [{ name: all, from: [lines], to: [sink] }]
sinks: { sink: { type: webhook, url: "http://127.0.0.1:${sink}/", insecure: true } }
`,
  )
  const begin = performance.now()
  const { child, ended, stop } = startChild(process.execPath, [cli, "relay", "run", file], {
    stdio: ["ignore", "ignore", "pipe"],
  })
  let said = ""
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said = `${said}${text}`.slice(-2000)
  })
  let status
  ended.then((code) => {
    status = code
  })
  while (!said.includes("The relay takes events")) {
    if (status !== undefined) throw new Error(`The relay ended (${status}): ${said}`)
    await sleep(5)
  }
  const start = performance.now() - begin
  return { pid: child.pid, start, stop, taken: () => counted(`http://127.0.0.1:${http}/metrics`) }
}

async function counted(url) {
  const text = await (await fetch(url)).text()
  return Number(/^ohmq_relay_events_in_total\{source="lines"\} (\d+)/m.exec(text)?.[1] ?? 0)
}

/** A relay takes in `count` events. It is killed then, which is the way that leaves most to do for the next start. */
async function fill(path, count) {
  const relay = await startRelay(join(path, ".."), path, count)
  const since = performance.now()
  let fillRss = rss(relay.pid)
  while ((await relay.taken()) < count) {
    fillRss = Math.max(fillRss, rss(relay.pid))
    await sleep(100)
  }
  const fillRate = count / ((performance.now() - since) / 1000)
  await sleep(seconds * 1000)
  const waitingRss = rss(relay.pid)
  await relay.stop()
  return { fillRss, waitingRss, fillRate }
}

/** A relay is started with the backlog, and takes in more. */
async function restart(path) {
  const relay = await startRelay(join(path, ".."), path, Number.MAX_SAFE_INTEGER)
  let most = 0
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(50))
    most = Math.max(most, rss(relay.pid))
  await relay.stop()
  return { start: relay.start, restartRss: most }
}

const children = { fill, use, restart }

if (values.child) {
  const found = await children[values.child](values.store, Number(values.events[0]))
  process.stdout.write(`${JSON.stringify(found)}\n`)
} else {
  const rows = []
  for (const count of values.events) {
    const folder = mkdtempSync(join(values.folder, "ohmq-backlog-bench-"))
    try {
      const path = join(folder, "data")
      mkdirSync(path)
      const found = {}
      for (const kind of ["fill", "restart", "use"]) {
        const args = [fileURLToPath(import.meta.url), "--child", kind, "--store", path, "--events", count]
        for (const name of ["seconds", "producers", "size"]) args.push(`--${name}`, values[name])
        const { status, stdout } = spawnSync(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
        if (status !== 0) throw new Error(`The process that runs "${kind}" ended with ${status}`)
        Object.assign(found, JSON.parse(stdout))
      }
      rows.push([
        whole(Number(count)),
        `${whole(found.fillRate)}/s`,
        ...[found.fillRss, found.waitingRss, found.restartRss].map((bytes) => `${whole(bytes)} MB`),
        `${whole(found.start)} ms`,
        `${whole(found.open)} ms`,
        ...[found.openRss, found.usedRss].map((bytes) => `${whole(bytes)} MB`),
        `${whole(found.appendRate)}/s`,
        `${found.p99.toFixed(1)} ms`,
        `${whole(found.readRate)}/s`,
      ])
      process.stderr.write(`${rows.at(-1).join(" | ")}\n`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  const relay = ["relay takes in", "its most RSS", "RSS while all wait", "most RSS after kill -9", "its start"]
  const store = ["store opens in", "RSS", "RSS after use", "appends", "p99", "reads"]
  process.stdout.write(`${markdown(["waiting events", ...relay, ...store], rows)}\n`)
}
