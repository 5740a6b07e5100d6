// Measures what instrumented sockets cost: `node toolkit/bench/metrics.mjs [--rounds 15] [--seconds 1] [--size 100]`.
//
// A PUSH sends batches to a PULL over TCP in this process. Sockets without metrics, sockets beside others that are instrumented, and
// instrumented ones whose metrics are read ten times a second take turns in each round. A ratio compares with the first of the same round.

import process from "node:process"
import { parseArgs } from "node:util"
import { Pull, Push } from "ohmq"
import { instrument } from "ohmq-toolkit/metrics"
import { Registry } from "prom-client"

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    seconds: { type: "string", default: "1" },
    size: { type: "string", default: "100" },
  },
})
const seconds = Number(values.seconds)
const batch = Array.from({ length: 100 }, () => Buffer.alloc(Number(values.size), "x"))

/** From PUSH to PULL: messages a second, and the CPU time of a message in nanoseconds, which other programs on the machine disturb less. */
async function run(prepare) {
  const pull = new Pull()
  const push = new Push()
  const end = prepare(pull, push)
  await pull.bind("tcp://127.0.0.1:*")
  push.connect(pull.lastEndpoint)
  let isOver = false
  let count = 0
  const sending = (async () => {
    while (!isOver) await push.sendMany(batch)
  })()
  const receiving = (async () => {
    for await (const messages of pull.batches()) count += messages.length
  })()
  await new Promise((done) => setTimeout(done, 200))
  const [before, since, cpu] = [count, performance.now(), process.cpuUsage()]
  await new Promise((done) => setTimeout(done, seconds * 1000))
  const rate = (count - before) / ((performance.now() - since) / 1000)
  const { user, system } = process.cpuUsage(cpu)
  const nanoseconds = ((user + system) * 1000) / (count - before)
  isOver = true
  await sending
  push.close({ linger: 0 })
  pull.close()
  await receiving
  end()
  return { rate, nanoseconds }
}

const none = () => () => {}

/** Another socket of the program is instrumented, not these. */
function beside() {
  const other = new Pull()
  instrument(other, { registry: new Registry(), name: "other" })
  return () => other.close()
}

function instrumented(pull, push) {
  const registry = new Registry()
  instrument(pull, { registry, name: "in" })
  instrument(push, { registry, name: "out" })
  const timer = setInterval(() => void registry.metrics(), 100)
  return () => clearInterval(timer)
}

const contenders = { "without metrics": none, "beside an instrumented socket": beside, instrumented }
const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))

await run(none)
for (let round = 0; round < Number(values.rounds); round++) {
  // Each is the first as often as the others.
  const order = Object.keys(contenders)
  for (let i = 0; i < round % order.length; i++) order.push(order.shift())
  for (const name of order) results[name].push(await run(contenders[name]))
}

const sorted = (numbers) => numbers.toSorted((a, b) => a - b)
const median = (numbers) => sorted(numbers)[Math.floor(numbers.length / 2)]
const base = results["without metrics"]

console.log(
  "| sockets | messages/s | CPU time of a message | ratio of CPU time, in turn | a quarter below, a quarter above |\n|---|---|---|---|---|",
)
for (const [name, runs] of Object.entries(results)) {
  const ratios = sorted(runs.map(({ nanoseconds }, round) => nanoseconds / base[round].nanoseconds))
  const quarters = [0.25, 0.75].map((at) => ratios[Math.floor(ratios.length * at)].toFixed(3)).join(", ")
  const rate = Math.round(median(runs.map((run) => run.rate))).toLocaleString("en")
  const time = `${Math.round(median(runs.map((run) => run.nanoseconds)))} ns`
  console.log(`| ${name} | ${rate} | ${time} | ${median(ratios).toFixed(3)} | ${quarters} |`)
}

// What one reading of the metrics takes, with 100 sockets.
const registry = new Registry()
const sockets = Array.from({ length: 100 }, (_, index) => {
  const socket = new Pull()
  instrument(socket, { registry, name: `socket-${index}` })
  return socket
})
const times = []
for (let i = 0; i < 50; i++) {
  const since = performance.now()
  await registry.metrics()
  times.push(performance.now() - since)
}
console.log(
  `\nOne reading of the metrics of 100 sockets: ${median(times).toFixed(1)} ms of the main thread (Node.js ${process.version}).`,
)
for (const socket of sockets) socket.close()
