// Measures a round trip of services beside a bare pair of DEALER and ROUTER: `node toolkit/bench/services.mjs [--rounds 5] [--count 20000] [--size 100]`.
//
// Server and client are two processes. One at a time gives the time of a round trip; 64 at a time gives the rate. Rounds alternate.

import { fork } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { Dealer, Router } from "ohmq"
import { Client, Server } from "../dist/services/index.js"

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    count: { type: "string", default: "20000" },
    size: { type: "string", default: "100" },
    server: { type: "boolean", default: false },
  },
})
const count = Number(values.count)
const body = Buffer.alloc(Number(values.size), "x")

async function serve() {
  const router = new Router()
  await router.bind("tcp://127.0.0.1:*")
  const server = new Server().handle("echo", (request) => request)
  process.send({ bare: router.lastEndpoint, services: await server.bind("tcp://127.0.0.1:*") })
  process.on("disconnect", () => process.exit())
  for await (const message of router) await router.send(message)
}

/** What asks: each returns a promise of the reply. */
function contenders({ bare, services }) {
  const dealer = new Dealer()
  dealer.connect(bare)
  const client = new Client({ connect: services })
  // Replies of the bare pair come in the order of the requests: there is one server, and it answers one after the other.
  const waiting = []
  const read = async () => {
    for await (const reply of dealer) waiting.shift()(reply)
  }
  read()
  return {
    bare: async () => {
      const reply = new Promise((resolve) => waiting.push(resolve))
      await dealer.send(body)
      return reply
    },
    services: () => client.request("echo", body),
  }
}

async function measure(ask, atATime) {
  const times = []
  let left = count
  const since = performance.now()
  const asker = async () => {
    while (left-- > 0) {
      const start = performance.now()
      await ask()
      times.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: atATime }, asker))
  const rate = count / ((performance.now() - since) / 1000)
  return { rate, median: times.toSorted((a, b) => a - b)[times.length >> 1] * 1000 }
}

if (values.server) await serve()
else {
  const child = fork(fileURLToPath(import.meta.url), ["--server"])
  const asks = contenders(await new Promise((resolve) => child.once("message", resolve)))
  for (const ask of Object.values(asks)) await measure(ask, 16)
  console.log(`${values.size} B bodies, ${count} requests a round; loopback, no encryption`)
  const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]
  for (const atATime of [1, 64]) {
    const ratios = []
    const all = { bare: [], services: [] }
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [name, ask] of Object.entries(asks)) all[name].push(await measure(ask, atATime))
      ratios.push(all.services.at(-1).median / all.bare.at(-1).median)
    }
    for (const [name, results] of Object.entries(all))
      console.log(
        `${String(atATime).padStart(3)} at a time  ${name.padEnd(9)} median ${median(results.map((one) => one.median))
          .toFixed(0)
          .padStart(5)} µs  ` +
          `${Math.round(median(results.map((one) => one.rate)))
            .toLocaleString("en")
            .padStart(8)}/s`,
      )
    console.log(
      `${String(atATime).padStart(3)} at a time  the median round trip takes ${median(ratios).toFixed(2)} times as long as with the bare pair`,
    )
  }
  child.kill()
  process.exit()
}
