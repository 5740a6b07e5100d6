// Measures the sidecar of integrations/kubernetes: `node toolkit/bench/sidecar.mjs [--rate 1000] [--seconds 10] [--warmup 3] [--size 1024] [--folder PATH]`.
//
// The sidecar is started by start.sh with the configuration and the NODE_OPTIONS of the Deployment; only paths and addresses are others. This process is the application and, behind
// the hub, the receiver, so that one clock times both. The sidecar's memory is RSS at rest, and the most there was; its CPU time is that of /proc, while events come at the
// rate. Latency is from the send of an event until it is acknowledged and on disk (`stored`), and until it comes out of the hub. The same application without a sidecar sends to
// the hub over CURVE: the difference is what the sidecar adds.

import { spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join, resolve } from "node:path"
import process from "node:process"
import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"
import { Dealer, Pull } from "ohmq"
import { generateKeyPair } from "ohmq/security"
import { createEvent, encode } from "ohmq-toolkit/events"
import { parse } from "yaml"

import { freePort } from "../../bench/lib/server.mjs"
import { markdown } from "../../bench/lib/table.mjs"
import { startChild } from "../../bench/lib/tidy.mjs"

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "10" },
    warmup: { type: "string", default: "3" },
    size: { type: "string", default: "1024" },
    folder: { type: "string", default: tmpdir() },
  },
})
const [rate, seconds, warmup, size] = [values.rate, values.seconds, values.warmup, values.size].map(Number)
const root = resolve(import.meta.dirname, "../..")
const integration = join(root, "integrations/kubernetes")
const command = join(root, "dist/cli/main.js")
const ticks = Number(spawnSync("getconf", ["CLK_TCK"], { encoding: "utf8" }).stdout)

/** What the system says about a process: memory in MiB, CPU time in seconds. */
function usage(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const memory = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024
  // The name of a program may have blanks: the fields are counted after it.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ")
  return { rss: memory("VmRSS"), most: memory("VmHWM"), cpu: (Number(fields[11]) + Number(fields[12])) / ticks }
}

/** Starts a relay, and waits until it takes events. */
async function start(file, args, options) {
  const begin = performance.now()
  const { child, ended, stop } = startChild(file, args, { ...options, stdio: ["ignore", "ignore", "pipe"] })
  let said = ""
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said = `${said}${text}`.slice(-4000)
  })
  let status
  ended.then((code) => {
    status = code
  })
  while (!said.includes("The relay takes events")) {
    if (status !== undefined) throw new Error(`A relay has ended (${status}): ${said}`)
    await sleep(5)
  }
  return { pid: child.pid, stop, startTime: performance.now() - begin }
}

/** The hub: what it stores it also pushes to this process. It takes events from links and, for the comparison, from applications. */
async function startHub(folder, out) {
  const [link, direct] = [await freePort(), await freePort()]
  const keys = { hub: generateKeyPair({ name: "hub" }), edge: generateKeyPair({ name: "shop" }) }
  mkdirSync(join(folder, "clients"), { recursive: true, mode: 0o700 })
  await keys.hub.save(join(folder, "hub.key"))
  await keys.edge.save(join(folder, "edge.key"))
  copyFileSync(join(folder, "edge.key"), join(folder, "clients/edge.key"))
  const security = "security: { cert: ./hub.key_secret, clients: ./clients }"
  writeFileSync(
    join(folder, "hub.yaml"),
    `version: 1
store: { path: ./data }
sources:
  edges: { type: link, bind: "tcp://127.0.0.1:${link}", ${security} }
  apps: { type: zmq, socket: router, bind: "tcp://127.0.0.1:${direct}", ${security} }
routes: [{ name: all, from: [edges, apps], to: [out] }]
sinks: { out: { type: zmq, socket: push, connect: "${out}" } }
`,
  )
  const hub = await start(process.execPath, [command, "relay", "run", "hub.yaml"], { cwd: folder })
  return { ...hub, link: `tcp://127.0.0.1:${link}`, direct: `tcp://127.0.0.1:${direct}`, keys }
}

/** The sidecar, as the Deployment has it. */
async function startSidecar(folder, link, keys) {
  const at = (name) => join(folder, name)
  for (const name of ["run", "store", "secret"]) mkdirSync(at(name), { mode: 0o700 })
  await keys.edge.save(at("secret/edge.key"))
  await keys.hub.public.save(at("secret/hub.key"))
  chmodSync(at("secret/edge.key_secret"), 0o400)
  const config = readFileSync(join(integration, "base/relay.yaml"), "utf8")
    .replaceAll("/run/ohmq", at("run"))
    .replaceAll("/var/lib/ohmq", at("store"))
    .replace("127.0.0.1:9460", `127.0.0.1:${await freePort()}`)
    .replace("tcp://ohmq-hub:5570", link)
  writeFileSync(at("sidecar.yaml"), config)
  const [container] = parse(readFileSync(join(integration, "base/deployment.yaml"), "utf8")).spec.template.spec
    .initContainers
  const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]))
  return start("sh", [join(integration, "start.sh")], {
    env: {
      PATH: process.env.PATH,
      ...env,
      OHMQ_KEYS: at("run/keys"),
      OHMQ_SECRET: at("secret"),
      OHMQ_CONFIG: at("sidecar.yaml"),
      OHMQ_COMMAND: command,
    },
  })
}

const percentile = (times, part) => {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)]
}

/** Sends at the rate, whether answers come or not. Resolves to the latencies of what was sent after the warm-up. */
async function send(endpoint, security, pull, onWarm = () => {}) {
  const dealer = new Dealer({ ...(security && { security }), sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 0 })
  const times = { stored: [], out: [] }
  const sent = new Map()
  const total = rate * (warmup + seconds)
  const counted = (id) => Number(id.split("-")[1]) >= rate * warmup
  const note = (kind, id) => {
    const since = sent.get(id)
    if (since !== undefined && counted(id)) times[kind].push(performance.now() - since)
  }
  let [answers, outs] = [0, 0]
  const answered = (async () => {
    for await (const [answer, id, code] of dealer) {
      if (answer.toString() !== "stored") throw new Error(`An event was refused: ${code}`)
      note("stored", id.toString())
      if (++answers === total) return
    }
  })()
  const delivered = (async () => {
    for await (const frames of pull) {
      note("out", JSON.parse(frames[1].toString()).id)
      if (++outs === total) return
    }
  })()
  dealer.connect(endpoint)
  const run = String(process.hrtime.bigint())
  const data = "x".repeat(Math.max(size - 200, 0))
  const begin = performance.now()
  for (let i = 0; i < total; i++) {
    if (i === rate * warmup) onWarm()
    const wait = begin + (i * 1000) / rate - performance.now()
    if (wait > 0) await sleep(wait)
    const id = `${run}-${i}`
    sent.set(id, performance.now())
    await dealer.send(encode(createEvent({ id, source: "/shop", type: "order.placed", data })))
  }
  await Promise.race([
    Promise.all([answered, delivered]),
    sleep(60_000).then(() => {
      throw new Error(`Of ${total} events, ${answers} were answered and ${outs} came out of the hub`)
    }),
  ])
  dealer.close()
  return times
}

const folder = mkdtempSync(join(values.folder, "ohmq-sidecar-bench-"))
try {
  const pull = new Pull({ receiveHighWaterMark: 0 })
  await pull.bind("tcp://127.0.0.1:*")
  mkdirSync(join(folder, "hub"))
  const hub = await startHub(join(folder, "hub"), pull.lastEndpoint)
  const { edge, hub: hubKeys } = hub.keys
  const direct = await send(hub.direct, { client: edge, serverKey: hubKeys.publicKey }, pull)
  const sidecar = await startSidecar(folder, hub.link, hub.keys)
  await sleep(2000)
  const rest = usage(sidecar.pid)
  let before
  const times = await send(`ipc://${join(folder, "run")}/relay.sock`, undefined, pull, () => {
    before = usage(sidecar.pid)
  })
  const after = usage(sidecar.pid)
  const ms = (list, part) => `${percentile(list, part).toFixed(1)} ms`
  const row = (name, { stored, out }) => [name, ...[stored, out].flatMap((list) => [ms(list, 0.5), ms(list, 0.99)])]
  const latency = markdown(
    ["", "stored, p50", "p99", "out of the hub, p50", "p99"],
    [row("with the sidecar", times), row("without: to the hub over CURVE", direct)],
  )
  process.stdout.write(
    `${markdown(
      ["RSS at rest", "most RSS", `CPU at ${rate}/s`, "start"],
      [
        [
          `${rest.rss.toFixed(0)} MiB`,
          `${after.most.toFixed(0)} MiB`,
          `${((100 * (after.cpu - before.cpu)) / seconds).toFixed(0)} % of a processor`,
          `${sidecar.startTime.toFixed(0)} ms`,
        ],
      ],
    )}\n\n${latency}\n\nNode ${process.version}, events of ${size} bytes, ${seconds} s, load ${loadavg()[0].toFixed(1)}\n`,
  )
  await sidecar.stop()
  await hub.stop()
  pull.close()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
