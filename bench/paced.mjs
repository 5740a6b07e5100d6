// Measures the latency of single messages between two processes at a steady rate, while other programs keep the processors busy.
// Run: node bench/paced.mjs [--no-yield] [MESSAGES PER SECOND] [SECONDS] [OTHER PROGRAMS]

import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { context, Pull, Push } from "ohmq"

const now = () => process.hrtime.bigint()

async function receive() {
  const pull = new Pull()
  await pull.bind("tcp://127.0.0.1:*")
  console.log(pull.lastEndpoint)
  const times = []
  for await (const [message] of pull) {
    if (message.length === 0) break
    times.push(Number(now() - message.readBigUInt64LE()) / 1000)
  }
  times.splice(0, times.length / 10) // skip the time before V8 has compiled the code
  times.sort((one, other) => one - other)
  const share = (part) => `${times[Math.floor((times.length - 1) * part)].toFixed(0)} µs`
  console.log(`median ${share(0.5)}, 90 % ${share(0.9)}, 99 % ${share(0.99)}, 99.9 % ${share(0.999)}`)
  pull.close()
}

async function send(rate, seconds, programs) {
  const others = Array.from({ length: programs }, () => spawn("sh", ["-c", "while :; do :; done"]))
  const receiver = spawn(process.execPath, [import.meta.filename, "receive", ...flags], {
    ...{ stdio: ["ignore", "pipe", "inherit"] },
  })
  const lines = createInterface({ input: receiver.stdout })[Symbol.asyncIterator]()
  const push = new Push()
  push.connect((await lines.next()).value)
  const gap = BigInt(Math.round(1e9 / rate))
  const end = now() + BigInt(seconds) * 1_000_000_000n
  for (let next = now(); next < end; next += gap) {
    while (now() < next);
    const message = Buffer.alloc(32)
    message.writeBigUInt64LE(now())
    await push.send(message)
  }
  await push.send("")
  console.log((await lines.next()).value)
  for (const other of others) other.kill("SIGKILL")
  push.close()
}

const flags = process.argv.slice(2).filter((arg) => arg === "--no-yield")
if (flags.length > 0) context.ioThreadYield = false
const [first = "60000", seconds = "2", programs = "0"] = process.argv.slice(2).filter((arg) => arg !== "--no-yield")
if (first === "receive") await receive()
else await send(Number(first), Number(seconds), Number(programs))
