// Measures webhooks: `node toolkit/bench/webhook.mjs [--preset github,hmac] [--connections 32] [--seconds 5] [--rounds 3] [--size 1024]
// [--warmup 1] [--folder PATH] [--dist PATH] [--profile PATH]`.
//
// Three processes: a client with connections that are kept alive and wait for each answer, the relay, and this one, which starts both. An
// answer of 202 means that the event is on disk (fsync). The sink file gets every event meanwhile, and all are counted at the end. The CPU
// time of the relay for a request is the figure to compare on a machine that is busy with other things. `--dist` measures another build of
// the toolkit, in turn with this one; `--profile` writes a CPU profile of the relay to a folder.

import { fork, spawn } from "node:child_process"
import { createHmac } from "node:crypto"
import { once } from "node:events"
import {
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import process from "node:process"
import { fileURLToPath, pathToFileURL } from "node:url"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: {
    preset: { type: "string", default: "github,hmac" },
    connections: { type: "string", default: "32" },
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    size: { type: "string", default: "1024" },
    warmup: { type: "string", default: "1" },
    folder: { type: "string", default: tmpdir() },
    dist: { type: "string" },
    profile: { type: "string" },
    client: { type: "string" },
  },
})
const secret = "a secret of the benchmark"
const seconds = Number(values.seconds)
const connections = Number(values.connections)
const percentile = (sorted, p) => sorted[Math.min(Math.floor(sorted.length * p), sorted.length - 1)]
const median = (numbers) =>
  percentile(
    numbers.toSorted((a, b) => a - b),
    0.5,
  )
const toolkit = resolve(import.meta.dirname, "..")

/** Requests that differ in their id only, so that the client has little to do. */
function requests(preset, port) {
  const repository = { full_name: "octo/hello", html_url: "https://github.com/octo/hello" }
  const event = { ref: "refs/heads/main", repository, commits: [{ message: "" }] }
  event.commits[0].message = "x".repeat(Math.max(Number(values.size) - JSON.stringify(event).length, 0))
  const body = JSON.stringify(event)
  const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`
  const head = [
    `POST /hook HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "User-Agent: GitHub-Hookshot/044aadd",
    "Accept: */*",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(preset === "github"
      ? [`X-Hub-Signature-256: ${signature}`, "X-GitHub-Event: push"]
      : [`X-Signature-256: ${signature}`]),
  ].join("\r\n")
  return (id) => `${head}\r\nX-GitHub-Delivery: ${id}\r\n\r\n${body}`
}

/** One connection: a request, its answer, the next request. It parses what the relay answers, and no other HTTP. */
function converse(port, request, end, times) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1")
    let since = 0
    let answer = ""
    const send = () => {
      if (performance.now() > end) return void socket.end(resolve)
      since = performance.now()
      socket.write(request())
    }
    socket.setNoDelay(true).setEncoding("latin1").once("connect", send).once("error", reject)
    socket.on("data", (text) => {
      answer += text
      const headEnd = answer.indexOf("\r\n\r\n")
      if (headEnd < 0) return
      const length = Number(/content-length: (\d+)/i.exec(answer)?.[1])
      if (answer.length < headEnd + 4 + length) return
      if (!answer.startsWith("HTTP/1.1 202")) return void reject(new Error(answer))
      answer = ""
      times.push(performance.now() - since)
      send()
    })
  })
}

async function client({ preset, port }) {
  const request = requests(preset, port)
  let count = 0
  const next = () => request(`72d3162e-cc78-11e3-81ab-${String(count++).padStart(12, "0")}`)
  const run = async (seconds) => {
    const times = []
    const begin = performance.now()
    await Promise.all(Array.from({ length: connections }, () => converse(port, next, begin + seconds * 1000, times)))
    times.sort((a, b) => a - b)
    const rate = times.length / ((performance.now() - begin) / 1000)
    return { count: times.length, rate, p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
  }
  // Until the code is compiled.
  const warm = await run(Number(values.warmup))
  process.send("warm")
  await once(process, "message")
  const result = await run(seconds)
  process.send({ ...result, total: warm.count + result.count })
  process.disconnect()
}

/** Milliseconds of CPU that a process has taken, on Linux. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Durable writes a second of the same disk, one after the other. */
function disk(folder) {
  const file = openSync(join(folder, "plain"), "w")
  const bytes = Buffer.alloc(4096, "x")
  const end = performance.now() + 1000
  let count = 0
  for (; performance.now() < end; count++) {
    writeSync(file, bytes)
    fdatasyncSync(file)
  }
  closeSync(file)
  return count
}

async function round(preset, dist) {
  const folder = mkdtempSync(join(values.folder, "ohmq-webhook-bench-"))
  writeFileSync(
    join(folder, "relay.yaml"),
    `version: 1
store: { path: ./data, maxBytes: 8GiB }
http: { listen: "127.0.0.1:0" }
sources:
  hooks: { type: webhook, preset: ${preset}, path: /hook, secret: env:BENCH_SECRET }
routes:
  - { name: all, from: [hooks], when: 'type != "com.github.ping"', to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`,
  )
  const module = JSON.stringify(pathToFileURL(join(dist, "cli/index.js")))
  const program = `const { run } = await import(${module}); process.exitCode = await run("relay", ["run"])`
  const profile = values.profile === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", resolve(values.profile)]
  const relay = spawn(process.execPath, [...profile, "--input-type=module", "-e", program], {
    cwd: folder,
    env: { ...process.env, BENCH_SECRET: secret },
    stdio: ["ignore", "ignore", "pipe"],
  })
  try {
    let log = ""
    const port = await new Promise((resolve, reject) => {
      relay.once("exit", () => reject(new Error(log)))
      relay.stderr.on("data", (text) => {
        log += text
        const found = /"http":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(log)
        if (found) resolve(Number(found[1]))
      })
    })
    const args = [...process.argv.slice(2), "--client", JSON.stringify({ preset, port })]
    const child = fork(fileURLToPath(import.meta.url), args)
    await once(child, "message")
    const before = cpuOf(relay.pid)
    const finished = once(child, "message")
    child.send("go")
    const [result] = await finished
    const cpu = (cpuOf(relay.pid) - before) / result.count
    const exited = once(relay, "exit")
    relay.kill("SIGTERM")
    await exited
    const lines = readFileSync(join(folder, "events.ndjson"), "latin1").split("\n").length - 1
    if (lines !== result.total) throw new Error(`${result.total} were acknowledged and ${lines} delivered`)
    return { ...result, cpu: cpu * 1000, disk: disk(folder) }
  } finally {
    relay.kill("SIGKILL")
    rmSync(folder, { recursive: true })
  }
}

const line = (name, { rate, p50, p99, cpu, disk }) =>
  `${name.padEnd(16)} ${Math.round(rate).toLocaleString("en").padStart(7)}/s   p50 ${p50.toFixed(1)} ms   p99 ${p99.toFixed(1)} ms   ` +
  `CPU ${Math.round(cpu)} µs a request   disk ${Math.round(disk)} writes/s`

if (values.client) await client(JSON.parse(values.client))
else {
  const builds = { this: join(toolkit, "dist"), ...(values.dist && { other: resolve(values.dist) }) }
  console.log(`${connections} connections, bodies of ${values.size} B, fsync before each answer, sink file`)
  const results = new Map()
  for (let i = 0; i < Number(values.rounds); i++) {
    for (const preset of values.preset.split(",")) {
      for (const [build, dist] of Object.entries(builds)) {
        const name = values.dist ? `${preset} ${build}` : preset
        const result = await round(preset, dist)
        results.set(name, [...(results.get(name) ?? []), result])
        console.log(line(name, result))
      }
    }
  }
  console.log("Medians:")
  for (const [name, rounds] of results) {
    const of = (field) => median(rounds.map((one) => one[field]))
    console.log(line(name, { rate: of("rate"), p50: of("p50"), p99: of("p99"), cpu: of("cpu"), disk: of("disk") }))
  }
}
