// Queues of tasks that share a store over a cluster of NATS: servers, queues and workers are killed, and each task ends once.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import { connect } from "@nats-io/transport-node"
import { decode } from "ohmq-toolkit/events"
import { startReceiver } from "ohmq-toolkit/link"
import { openStore } from "ohmq-toolkit/store"
import { shareStore } from "ohmq-toolkit/store/jetstream"
import { serveTasks, TaskClient } from "ohmq-toolkit/tasks"
import { describe, expect, it, onTestFinished } from "vitest"
import { type End, random, startEnd } from "../link/ends.js"
import { entries } from "../link/support.js"
import { command, freePort, temporaryFolder, until } from "../relay/support.js"
import { all } from "../tasks/support.js"
import { type NatsServer, startCluster, startServer } from "./nats.js"

const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)
const rounds = Number(process.env.OHMQ_CRASH_ROUNDS ?? 5)
const worker = new URL("../tasks/programs/end.mjs", import.meta.url)

/** A queue on one machine: an address and a copy that stay, and a process that can be killed. */
class Queue {
  readonly endpoint: string
  readonly #args: string[]
  #child: ChildProcess | undefined
  /** What this process has said, line by line. */
  log: { msg: string; http?: string }[] = []

  constructor(port: number, ...rest: string[]) {
    this.endpoint = `tcp://127.0.0.1:${port}`
    this.#args = ["serve", "--bind", this.endpoint, "--store", join(temporaryFolder(), "copy"), ...rest]
    onTestFinished(async () => void (await this.end("SIGKILL")))
  }

  /** Starts it, and resolves once it serves or waits. A cluster that has just started has no leader yet: then it ends, and is started again. */
  async start(): Promise<this> {
    for (let tries = 0; tries < 60; tries++) {
      const child = spawn(process.execPath, [command, "tasks", ...this.#args], { stdio: ["ignore", "ignore", "pipe"] })
      this.#child = child
      this.log = []
      let rest = ""
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n")
        rest = lines.pop() ?? ""
        for (const line of lines) this.log.push(line.startsWith("{") ? JSON.parse(line) : { msg: line })
      })
      await until(() => this.log.some(({ msg }) => /waits for its turn|takes tasks/.test(msg)) || !this.isAlive)
      if (this.isAlive) return this
      await wait(500)
    }
    throw new Error(`The queue does not start: ${JSON.stringify(this.log)}`)
  }

  get isAlive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Whether it serves, as far as it knows. */
  get isServing(): boolean {
    const last = this.log.findLast(({ msg }) => /waits for its turn|takes tasks|turn of this process is over/.test(msg))
    return this.isAlive && last?.msg.includes("takes tasks") === true
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const child = this.#child
    if (child === undefined || !this.isAlive) return child?.exitCode ?? null
    const exited = once(child, "exit")
    child.kill(signal)
    child.kill("SIGCONT")
    await exited
    return child.exitCode
  }
}

/** A client of all queues. */
function clientOf(queues: readonly Queue[]): TaskClient {
  const connect = queues.map(({ endpoint }) => endpoint)
  const client = new TaskClient({ connect, timeout: 600_000, heartbeat: 1000 })
  onTestFinished(() => client.close())
  return client
}

describe("Queues that share a store", () => {
  it("take turns: one serves, the other one goes on where that has stopped", { timeout: 90_000 }, async () => {
    const { url } = await startServer("authorization { user: queue, password: secret }")
    const folder = temporaryFolder()
    const file = join(folder, "jetstream.yaml")
    writeFileSync(join(folder, "secret"), "secret\n", { mode: 0o600 })
    writeFileSync(file, `servers: "${url}"\nstream: tasks\nreplicas: 1\nusername: queue\npassword: "file:./secret"\n`)
    const ports = await Promise.all([freePort(), freePort()])
    const [a, b] = ports.map((port) => new Queue(port, "--jetstream", file, "--http", "127.0.0.1:0")) as [Queue, Queue]
    await a.start()
    await until(() => a.isServing)
    await b.start()
    const client = clientOf([b, a])
    await client.submit([
      { id: "1", input: "one" },
      { id: "2", key: "k" },
      { id: "3", key: "k" },
    ])
    expect([a.isServing, b.isServing]).toEqual([true, false])
    const ready = async ({ log }: Queue) => (await fetch(`${log.findLast(({ http }) => http)?.http}/readyz`)).status
    expect([await ready(a), await ready(b)]).toEqual([200, 503])
    // Who stops hands over at once.
    const since = performance.now()
    expect(await a.end()).toBe(0)
    expect(await client.counts()).toMatchObject({ ready: 3 })
    expect(performance.now() - since).toBeLessThan(10_000)
    expect(b.isServing).toBe(true)
    expect(await ready(b)).toBe(200)
    expect(await client.show("1")).toMatchObject({ state: "ready", input: "one" })
    expect(await client.submit([{ id: "3" }, { id: "4" }])).toMatchObject([
      { status: "duplicate" },
      { status: "stored" },
    ])
    // And takes it back.
    await a.start()
    expect(a.isServing).toBe(false)
    expect(await b.end()).toBe(0)
    expect(await client.counts()).toMatchObject({ ready: 4 })
    expect(a.isServing).toBe(true)
  })

  it("begin with the tasks of a queue that had a store of its own", async () => {
    const { url } = await startServer()
    const folder = join(temporaryFolder(), "tasks")
    const own = await openStore(folder)
    const alone = await serveTasks(own, { bind: "tcp://127.0.0.1:*" })
    const before = new TaskClient({ connect: alone.endpoint })
    onTestFinished(() => before.close())
    await before.submit([{ id: "1", input: { deep: true } }, { id: "2" }])
    await before.cancel({ ids: ["2"] })
    await alone.close()
    await own.close()
    const connector = () => connect({ servers: url, reconnect: false })
    await shareStore(folder, { connect: connector, stream: "tasks", replicas: 1 })
    const shared = ["--jetstream", url, "--stream", "tasks", "--replicas", "1", "--store", folder]
    const queue = await new Queue(await freePort(), ...shared).start()
    const client = clientOf([queue])
    expect(await client.show("1")).toMatchObject({ state: "ready", input: { deep: true } })
    expect(await client.show("2")).toMatchObject({ state: "cancelled" })
    expect(await client.submit([{ id: "1" }])).toMatchObject([{ status: "duplicate" }])
    expect(await queue.end()).toBe(0)
  })

  it(`end each task once while servers, queues and workers are killed (seed ${seed})`, {
    timeout: 120_000 + rounds * 60_000,
  }, async () => {
    console.log(`OHMQ_SEED=${seed} OHMQ_CRASH_ROUNDS=${rounds}`)
    const next = random(seed)
    const cluster = await startCluster()
    // Events go to another store, over a link.
    const results = await openStore(temporaryFolder())
    onTestFinished(() => results.close())
    const receiver = await startReceiver(results, { bind: "tcp://127.0.0.1:*", insecure: true })
    onTestFinished(() => receiver.close())
    const ports = await Promise.all([freePort(), freePort()])
    const shared = ["--jetstream", cluster.urls.join(","), "--stream", "tasks"]
    const rest = ["--relay", receiver.endpoint, "--lease", "6s"]
    const queues = ports.map((port) => new Queue(port, ...shared, ...rest))
    for (const queue of queues) await queue.start()
    const log = join(temporaryFolder(), "log")
    let started = 0
    const work = () =>
      startEnd(["work", queues.map(({ endpoint }) => endpoint).join(","), `w${++started}`, log], [], worker)
    const workers: End[] = [work(), work()]

    const client = clientOf(queues)
    const acknowledged = new Set<string>()
    let isDone = false
    const submitting = [0, 1].map(async (one) => {
      for (let number = 0; !isDone; number++) {
        const ids = Array.from({ length: 5 }, (_, index) => `${one}-${number}-${index}`)
        const tasks = ids.map((id) => ({ id, input: { time: 5, fails: 0 }, attempts: 1000, backoff: 50 }))
        await client.submit(tasks)
        for (const id of ids) acknowledged.add(id)
        await wait(50)
      }
    })
    // They are awaited at the end.
    for (const one of submitting) one.catch(() => {})

    const serving = async () => {
      await until(() => queues.some(({ isServing }) => isServing))
      return queues.find(({ isServing }) => isServing) as Queue
    }
    const done: string[] = []
    for (let round = 0; round < rounds; round++) {
      const before = acknowledged.size
      await until(() => acknowledged.size > before + 50)
      const queue = await serving()
      const name = "ab"[queues.indexOf(queue)]
      // Each kind at least once, in an order of chance.
      const choice = round < 4 ? (round + seed) % 4 : Math.floor(next() * 4)
      if (choice === 0) {
        done.push("server")
        const server = cluster.servers[Math.floor(next() * 3)] as NatsServer
        await server.kill()
        await wait(next() * 5000)
        await server.start()
      } else if (choice === 1) {
        done.push(`kill ${name}`)
        await queue.end("SIGKILL")
        // Another one may have its turn by then, or not.
        await wait(next() * 20_000)
        await queue.start()
      } else if (choice === 2) {
        // As if its machine had slept: it comes back after another one has taken over.
        done.push(`stop ${name}`)
        queue.signal("SIGSTOP")
        await until(() => queues.some((other) => other !== queue && other.isServing))
        queue.signal("SIGCONT")
        await until(() => !queue.isServing)
      } else {
        done.push("worker")
        const index = Math.floor(next() * workers.length)
        await workers[index]?.kill()
        workers[index] = work()
      }
    }
    isDone = true
    await Promise.all(submitting)
    await client.wait()
    const listed = await all(client.results())
    expect(new Set(listed.map(({ state }) => state))).toEqual(new Set(["finished"]))
    expect(new Set(listed.map(({ id }) => id))).toEqual(acknowledged)
    // The result is that of the last lease.
    for (const { id, lease, result } of listed) expect((result as { lease: number }).lease, id).toBe(lease)

    // All of them have come over the link, each once.
    const ends = async () =>
      (await entries(results)).flatMap(({ frames }) => {
        const { type, data } = decode(frames) as unknown as { type: string; data: { id: string; lease: number } }
        return type === "task.finished" ? [data] : []
      })
    await until(async () => new Set((await ends()).map(({ id }) => id)).size === acknowledged.size)
    const leases = new Map(listed.map(({ id, lease }) => [id, lease]))
    const came = await ends()
    console.log(JSON.stringify({ done, acknowledged: acknowledged.size, ends: came.length }))
    expect(came.length).toBe(acknowledged.size)
    for (const { id, lease } of came) expect(lease, id).toBe(leases.get(id))
    for (const queue of queues) expect(await queue.end()).toBe(0)
  })
})
