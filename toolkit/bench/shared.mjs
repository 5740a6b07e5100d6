// Measures a store on NATS JetStream beside one in files: `node toolkit/bench/shared.mjs [--seconds 5] [--producers 256] [--rounds 3]`. It needs
// nats-server. Two copies are open, so that each event is on two disks when both have it; producers use one of them.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { parseArgs } from "node:util"
import { connect } from "@nats-io/transport-node"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    producers: { type: "string", default: "256" },
    size: { type: "string", default: "1024" },
    rounds: { type: "string", default: "3" },
  },
})
const [seconds, producers, rounds] = [values.seconds, values.producers, values.rounds].map(Number)
const event = { frames: [Buffer.alloc(Number(values.size), "x")] }
const { openStore } = await import("../dist/store/index.js")
const { openReplicatedStore } = await import("../dist/store/replicated/index.js")

const folder = mkdtempSync(join(tmpdir(), "ohmq-shared-"))
const children = []

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address()
  server.close()
  return port
}

/** Starts servers, which are a cluster if there are several. */
async function startServers(count) {
  const ports = await Promise.all(Array.from({ length: count }, freePort))
  const routes = await Promise.all(Array.from({ length: count }, freePort))
  const list = routes.map((port) => `"nats://127.0.0.1:${port}"`).join(", ")
  return ports.map((port, index) => {
    const file = join(folder, `nats-${port}.conf`)
    const cluster = count > 1 ? `cluster { name: bench, listen: "127.0.0.1:${routes[index]}", routes: [${list}] }` : ""
    const data = join(folder, `nats-${port}`)
    writeFileSync(
      file,
      `server_name: n${port}\nlisten: "127.0.0.1:${port}"\njetstream { store_dir: "${data}" }\n${cluster}\n`,
    )
    const child = spawn("nats-server", ["-c", file], { stdio: "ignore" })
    children.push(child)
    return { url: `nats://127.0.0.1:${port}`, child }
  })
}

let next = 0
/** Opens a copy. A cluster that has just started has no leader for some seconds. */
async function openCopy(servers) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await openReplicatedStore(mkdtempSync(join(folder, "copy-")), {
        connect: () => connect({ servers: servers[next++ % servers.length].url, reconnect: false, timeout: 1000 }),
        stream: "bench",
        replicas: servers.length,
        timeout: 2000,
      })
    } catch (error) {
      if (attempt > 30) throw error
      await setTimeout(500)
    }
  }
}

async function produce(store) {
  const times = []
  const begin = performance.now()
  const end = begin + seconds * 1000
  await Promise.all(
    Array.from({ length: producers }, async () => {
      for (let since = performance.now(); since < end; since = performance.now()) {
        await store.append([event])
        times.push(performance.now() - since)
      }
    }),
  )
  times.sort((a, b) => a - b)
  const at = (part) => times[Math.floor(times.length * part)]
  return { rate: times.length / ((performance.now() - begin) / 1000), p50: at(0.5), p99: at(0.99) }
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]

try {
  const one = await startServers(1)
  const three = await startServers(3)
  await setTimeout(500)
  const stores = {
    "in files": [await openStore(mkdtempSync(join(folder, "own-")))],
    "one server": [await openCopy(one), await openCopy(one)],
    "three servers": [await openCopy(three), await openCopy(three)],
  }
  const results = Object.fromEntries(Object.keys(stores).map((name) => [name, []]))
  for (const [first] of Object.values(stores)) await first.addCursor("out")
  for (let round = 0; round < rounds; round++)
    for (const [name, [first]] of Object.entries(stores)) results[name].push(await produce(first))
  console.log("| store | events/s | all rounds | p50, ms | p99, ms |\n| --- | --- | --- | --- | --- |")
  for (const [name, list] of Object.entries(results)) {
    const figure = (value) => Math.round(value).toLocaleString("en")
    const rates = list.map(({ rate }) => rate)
    const all = `${figure(Math.min(...rates))} to ${figure(Math.max(...rates))}`
    const [p50, p99] = ["p50", "p99"].map((key) => median(list.map((one) => one[key])).toFixed(1))
    console.log(`| ${name} | ${figure(median(rates))} | ${all} | ${p50} | ${p99} |`)
  }
  // How long nothing is taken when a server ends: any of the three, the leader among them.
  const [store] = stores["three servers"]
  for (const { child } of three.slice(0, 1)) {
    const since = performance.now()
    child.kill("SIGKILL")
    let longest = 0
    for (let last = performance.now(); last - since < 20_000; last = performance.now()) {
      await store.append([event]).catch(() => {})
      longest = Math.max(longest, performance.now() - last)
      await setTimeout(10)
    }
    console.log(`The longest append after a server was killed took ${Math.round(longest)} ms`)
  }
  for (const list of Object.values(stores)) for (const store of list) await store.close()
} finally {
  for (const child of children) child.kill("SIGKILL")
  rmSync(folder, { recursive: true, force: true })
}
