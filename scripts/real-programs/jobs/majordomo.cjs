// Runs a PIGATO broker, four workers and two clients in one process, over tcp.

const assert = require("node:assert")
const path = require("node:path")
const { createRequire } = require("node:module")
const { once } = require("node:events")

const PIGATO = createRequire(path.join(process.cwd(), "package.json"))("pigato")

const requests = 5000

async function main() {
  const address = "tcp://127.0.0.1:55551"
  const broker = new PIGATO.Broker(address, { intch: "tcp://127.0.0.1:55552" })
  broker.start()
  await once(broker, "start")
  const workers = Array.from({ length: 4 }, () => {
    const worker = new PIGATO.Worker(address, "double", { concurrency: 20 })
    worker.on("request", (input, reply) => reply.end({ double: input.number * 2 }))
    worker.start()
    return worker
  })
  const clients = [new PIGATO.Client(address), new PIGATO.Client(address)]
  for (const client of clients) client.start()

  const began = performance.now()
  const answers = await Promise.all(
    Array.from({ length: requests }, (_, number) => {
      return new Promise((resolve, reject) => {
        const done = (error, answer) => (error && error !== 0 ? reject(new Error(String(error))) : resolve(answer))
        clients[number % 2].request("double", { number }, undefined, done, { timeout: 30_000 })
      })
    }),
  )
  const took = performance.now() - began
  answers.forEach((answer, number) => {
    assert.deepStrictEqual(answer, { double: number * 2 })
  })
  for (const one of [...clients, ...workers, broker]) one.stop()
  const figures = `${(requests / took).toFixed(1)} requests a ms`
  process.stdout.write(`${JSON.stringify({ done: `${requests} requests to 4 workers`, figures })}\n`)
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exit(1)
})
