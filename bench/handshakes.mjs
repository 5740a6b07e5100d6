// Measures how many CURVE handshakes an Authenticator can handle: new tcp connections from a process with libzmq alone, and decisions
// without connections. Run: node bench/handshakes.mjs [--seconds N] [--rounds N] [--io-threads N]

import { execFile } from "node:child_process"
import { parseArgs, promisify } from "node:util"

import { Context, Dealer, Router } from "ohmq"
import { Authenticator, CertificateStore, generateKeyPair, z85Decode } from "ohmq/security"

import { compiled } from "./lib/compile.mjs"

const AT_A_TIME = 60
const DECISIONS = 50_000

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "5" },
    "io-threads": { type: "string", default: "1" },
  },
})
const [seconds, rounds, ioThreads] = [values.seconds, values.rounds, values["io-threads"]].map(Number)
const client = await compiled("handshake-client", console.error)

/** One run. CPU times are in microseconds per handshake. */
async function measure(context, security, publicKey) {
  const router = new Router({ context, security })
  await router.bind("tcp://127.0.0.1:*")
  const serving = (async () => {
    for await (const message of router) await router.send(message)
  })()
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  const args = [router.lastEndpoint, publicKey, `${seconds * 1000}`, `${AT_A_TIME}`]
  const { stdout } = await promisify(execFile)(client, args)
  const measured = JSON.parse(stdout)
  const { user, system } = process.cpuUsage(cpu)
  router.close()
  await serving
  return {
    rate: measured.handshakes / ((performance.now() - began) / 1000),
    server: (user + system) / measured.handshakes,
    client: (measured.cpu * 1e6) / measured.handshakes,
  }
}

const range = (values) => {
  const sorted = values.toSorted((a, b) => a - b).map(Math.round)
  return `${sorted[sorted.length >> 1]} (${sorted[0]} to ${sorted.at(-1)})`
}

async function measureHandshakes(title, prepare) {
  const runs = []
  for (let round = 0; round < rounds; round += 1) {
    const context = new Context({ ioThreads })
    const server = generateKeyPair()
    const { authenticator, ...rest } = prepare(context)
    const security = { server, ...rest, ...(authenticator && { authenticator }) }
    runs.push(await measure(context, security, server.publicKey))
    await authenticator?.close()
    await context.terminate()
  }
  const column = (name) => range(runs.map((run) => run[name]))
  console.log(`${title}: ${column("rate")} handshakes per second of wall time`)
  console.log(`  CPU time per handshake: server ${column("server")} µs, client ${column("client")} µs`)
}

async function measureDecisions() {
  const context = new Context()
  const known = generateKeyPair()
  const authenticator = new Authenticator({ context, curve: new CertificateStore([known]) })
  const dealer = new Dealer({ context, sendHighWaterMark: 0, receiveHighWaterMark: 0 })
  dealer.connect("inproc://zeromq.zap.01")
  const request = ["", "1.0", "1", "global", "10.0.0.1", "", "CURVE", z85Decode(known.publicKey)]
  const started = performance.now()
  for (let count = 0; count < DECISIONS; count += 1) await dealer.send(request)
  for (let count = 0; count < DECISIONS; count += 1) await dealer.receive()
  console.log(`${Math.round(DECISIONS / ((performance.now() - started) / 1000))} decisions per second`)
  dealer.close()
  await authenticator.close()
  await context.terminate()
}

await measureHandshakes("with an Authenticator", (context) => ({
  authenticator: new Authenticator({ context, curve: "any" }),
}))
await measureHandshakes("without an Authenticator (any client)", () => ({ clients: "any" }))
await measureDecisions()
