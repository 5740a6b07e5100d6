// Servers are killed and stopped at random, while clients ask: every request is answered, and each answer is its own.

import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { Client, type ServiceError } from "ohmq-toolkit/services"
import { expect, it, onTestFinished } from "vitest"
import { random } from "../link/ends.js"

const seconds = Number(process.env.OHMQ_SERVICES_SECONDS ?? 12)
const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)
const program = fileURLToPath(new URL("../services/programs/server.mjs", import.meta.url))

/** A server in a process of its own, which is started again at the same address. */
class Killed {
  address = "tcp://127.0.0.1:*"
  child: ChildProcess | undefined

  async start(): Promise<void> {
    const child = fork(program, [this.address])
    this.child = child
    const [address] = await once(child, "message")
    this.address = String(address)
  }

  async kill(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const gone = once(this.child as ChildProcess, "exit")
    this.child?.kill(signal)
    await gone
  }
}

it(`Requests are answered while servers die, hang and drain (${seconds} s, seed ${seed})`, {
  timeout: (seconds + 60) * 1000,
}, async () => {
  console.log(`OHMQ_SEED=${seed} OHMQ_SERVICES_SECONDS=${seconds}`)
  const next = random(seed)
  const servers = [new Killed(), new Killed(), new Killed()]
  onTestFinished(() => {
    for (const { child } of servers) child?.kill("SIGKILL")
  })
  for (const server of servers) await server.start()
  const client = new Client({ connect: servers.map(({ address }) => address), heartbeat: 200 })
  onTestFinished(() => client.close())
  const end = Date.now() + seconds * 1000
  const isOver = () => Date.now() > end
  const counts = { asked: 0, streamed: 0, lost: 0, shed: 0, killed: 0, hung: 0, drained: 0 }

  // Idempotent requests are always answered, and with their own number.
  const asking = Array.from({ length: 20 }, async () => {
    while (!isOver()) {
      const number = counts.asked++
      expect(await client.request("double", number, { retries: 1000, timeout: 20_000 })).toBe(number * 2)
    }
  })
  // Without retries a request is answered, or its server was lost, or all were busy.
  const unrepeated = Array.from({ length: 5 }, async () => {
    while (!isOver()) {
      const error = await client.request("double", 21, { timeout: 20_000 }).then(
        (reply) => void expect(reply).toBe(42),
        (reason: ServiceError) => reason,
      )
      if (error) {
        // What no server has begun is not lost: all were busy.
        expect(error.notBegun ? ["BUSY", "DRAINING"] : ["LOST"]).toContain(error.code)
        counts[error.notBegun ? "shed" : "lost"]++
      }
    }
  })
  // A stream has all its items in order, or it says that it was cut.
  const streaming = Array.from({ length: 5 }, async () => {
    while (!isOver()) {
      let expected = 0
      try {
        for await (const item of client.stream("count", 200, { timeout: 20_000 })) expect(item).toBe(expected++)
        expect(expected).toBe(200)
        counts.streamed++
      } catch (error) {
        expect((error as ServiceError).code).toBe("LOST")
      }
    }
  })
  const harm = (async () => {
    while (!isOver()) {
      await wait(next() * 600)
      const server = servers[Math.floor(next() * servers.length)] as Killed
      const choice = next()
      if (choice < 0.3) {
        server.child?.kill("SIGSTOP")
        await wait(400 + next() * 800)
        server.child?.kill("SIGCONT")
        counts.hung++
        continue
      }
      await server.kill(choice < 0.7 ? "SIGKILL" : "SIGTERM")
      counts[choice < 0.7 ? "killed" : "drained"]++
      await server.start()
    }
  })()
  await Promise.all([...asking, ...unrepeated, ...streaming, harm])
  console.log(JSON.stringify(counts))
  expect(counts.killed + counts.hung + counts.drained).toBeGreaterThan(2)
  expect(counts.streamed).toBeGreaterThan(0)
  expect(client.stats().map(({ outstanding }) => outstanding)).toEqual([0, 0, 0])
})
