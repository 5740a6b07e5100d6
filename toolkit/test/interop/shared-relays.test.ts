// Relays that share a store over a cluster of NATS: servers and relays are killed, and each sink is served by one relay at a time.

import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { random } from "../link/ends.js"
import { type Answer, ContractServer, type Request } from "../relay/contract/server.js"
import { ohmq, RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { type NatsServer, startCluster, startServer } from "./nats.js"

const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)
const rounds = Number(process.env.OHMQ_CRASH_ROUNDS ?? 4)

/** A server that knows which relay delivers: each has a path of its own. */
class HookServer extends ContractServer {
  readonly taken: { by: string; id: string; time: number }[] = []

  protected handle({ url, body }: Request): Answer {
    const { id } = JSON.parse(String(body)) as { id: string }
    this.taken.push({ by: url.pathname.slice(1), id, time: performance.now() })
    return { status: 200 }
  }
}

const configOf = (name: string, servers: readonly string[], hook: string, replicas: number) => `version: 1
store: { path: ./data, jetstream: { servers: ${JSON.stringify(servers)}, stream: relays, replicas: ${replicas}, name: ${name}, timeout: 2s } }
http: { listen: "127.0.0.1:0", page: true }
sources:
  hooks: { type: webhook, preset: github, path: /github, secret: env:GITHUB_SECRET }
routes: [{ name: all, from: [hooks], to: [out, local] }]
sinks:
  out: { type: webhook, url: "${hook}/${name}", delivery: { retryMin: 20ms, retryMax: 200ms } }
  local: { type: file, path: ./events.ndjson }
`

describe("Relays that share a store", () => {
  it("take each delivery once, whichever of them gets it, and one serves a sink", async () => {
    const { url } = await startServer()
    const hook = await new HookServer().listen()
    const folders = { a: temporaryFolder(), b: temporaryFolder() }
    const a = await RelayProcess.start(folders.a, configOf("a", [url], hook.url, 1))
    await until(async () => (await (await fetch(a.url)).text()).includes(">Works<"))
    const b = await RelayProcess.start(folders.b, configOf("b", [url], hook.url, 1))
    expect(await (await a.github("{}", "1")).json()).toEqual({ stored: 1, duplicates: 0 })
    expect(await (await b.github("{}", "2")).json()).toEqual({ stored: 1, duplicates: 0 })
    await until(() => hook.taken.length === 2)
    expect(hook.taken.map(({ by, id }) => `${by} ${id}`)).toEqual(["a 1", "a 2"])
    await until(async () => ((await (await b.github("{}", "1")).json()) as { duplicates: number }).duplicates === 1)
    expect(await (await a.github("{}", "2")).json()).toEqual({ stored: 0, duplicates: 1 })
    expect(await (await fetch(b.url)).text()).toContain("Served by a")
    // Who stops hands over at once.
    expect(await a.end()).toBe(0)
    expect((await b.github("{}", "3")).status).toBe(202)
    await until(() => hook.taken.length === 3)
    expect(hook.taken.at(-1)).toMatchObject({ by: "b", id: "3" })
    // The books are in the copy, and balance.
    const books = ohmq(folders.b, "relay", "reconcile")
    expect(books.status, books.stdout + books.stderr).toBe(0)
    expect(await b.end()).toBe(0)
    // A copy must not be changed alone.
    const alone = ohmq(folders.b, "relay", "replay", "out")
    expect([alone.status, alone.stdout]).toEqual([0, "0 dead letters of out will be delivered again\n"])
  })

  it("is not ready while no server answers, and refuses deliveries", async () => {
    const server = await startServer()
    const hook = await new HookServer().listen()
    const relay = await RelayProcess.start(temporaryFolder(), configOf("a", [server.url], hook.url, 1))
    await server.kill()
    expect((await relay.github("{}", "1")).status).toBe(503)
    const ready = await fetch(`${relay.url}/readyz`)
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining("JetStream does not")])
    await server.start()
    await until(async () => (await relay.github("{}", "1")).status === 202)
    await until(async () => (await fetch(`${relay.url}/readyz`)).status === 200)
    await until(() => hook.taken.length > 0)
    expect(new Set(hook.taken.map(({ id }) => id))).toEqual(new Set(["1"]))
  })

  it("keep everything when the store moves to JetStream, to another machine, and back", {
    timeout: 90_000,
  }, async () => {
    const { url } = await startServer()
    const hook = await new HookServer().listen()
    const folder = temporaryFolder()
    const shared = configOf("a", [url], hook.url, 1)
    const own = shared.replace(/, jetstream: \{[^}]*\}/, "")
    writeFileSync(join(folder, "own.yaml"), own)
    writeFileSync(join(folder, "shared.yaml"), shared)
    let relay = await RelayProcess.start(folder, own)
    hook.faults.push({ status: 422 })
    for (const id of ["dead", "1", "2"]) await relay.github("{}", id)
    await until(() => hook.taken.length === 2)
    hook.faults.push(...Array.from({ length: 1000 }, () => ({ status: 503 })))
    for (const id of ["3", "4"]) await relay.github("{}", id)
    const running = ohmq(folder, "relay", "migrate", "own.yaml", "shared.yaml")
    expect([running.status, running.stderr]).toEqual([1, expect.stringContaining("stop that process")])
    await relay.end()
    expect(ohmq(folder, "relay", "migrate", "own.yaml", "own.yaml").stderr).toContain("both lack store.jetstream")
    expect(ohmq(folder, "relay", "run", "shared.yaml").stderr).toContain("has a store of its own. To share it")
    const there = ohmq(folder, "relay", "migrate", "own.yaml", "shared.yaml")
    expect(there.stderr).toBe("")
    expect(there.stdout).toContain("is the first copy of the stream relays now (positions 1 to 5, 2 cursors)")
    expect(ohmq(folder, "relay", "run", "own.yaml").stderr).toContain("is a copy of a store on JetStream")

    // Another machine begins with a copy, not with nothing.
    const other = temporaryFolder()
    writeFileSync(join(other, "relay.yaml"), configOf("b", [url], hook.url, 1))
    const empty = ohmq(other, "relay", "run")
    expect(empty.stderr).toContain("began with the content of a store that this copy does not have")
    rmSync(join(other, "data"), { recursive: true })
    expect(ohmq(folder, "store", "backup", "data", join(other, "data")).status).toBe(0)
    const b = await RelayProcess.start(other)
    relay = await RelayProcess.start(folder, shared)
    expect(await (await relay.github("{}", "3")).json()).toEqual({ stored: 0, duplicates: 1 })
    const busy = ohmq(folder, "relay", "migrate", "shared.yaml", "own.yaml")
    expect([busy.status, busy.stderr]).toEqual([1, expect.stringContaining("stop that process")])
    await relay.end()
    const elsewhere = ohmq(folder, "relay", "migrate", "shared.yaml", "own.yaml")
    expect([elsewhere.status, elsewhere.stderr]).toEqual([1, expect.stringContaining("b works with the stream relays")])
    await b.github("{}", "5")
    await b.end()
    hook.faults.length = 0
    const back = ohmq(folder, "relay", "migrate", "shared.yaml", "own.yaml")
    expect([back.status, back.stderr]).toEqual([0, ""])
    expect(back.stdout).toContain("is a store of its own now (positions 1 to 6, 3 cursors)")
    relay = await RelayProcess.start(folder, own)
    await until(() => ["1", "2", "3", "4", "5"].every((id) => hook.taken.some((one) => one.id === id)))
    expect(await (await relay.github("{}", "5")).json()).toEqual({ stored: 0, duplicates: 1 })
    expect(ohmq(folder, "relay", "replay", "out").stdout).toContain("1 dead letters of out")
    await until(() => hook.taken.some(({ id }) => id === "dead"))
    await relay.end()
    const books = ohmq(folder, "relay", "reconcile")
    expect(books.status, books.stdout + books.stderr).toBe(0)
  })

  it(`lose nothing, and never serve a sink together, while servers and relays are killed (seed ${seed})`, {
    timeout: 120_000 + rounds * 40_000,
  }, async () => {
    console.log(`OHMQ_SEED=${seed} OHMQ_CRASH_ROUNDS=${rounds}`)
    const next = random(seed)
    const cluster = await startCluster()
    const hook = await new HookServer().listen()
    const folders: Record<string, string> = { a: temporaryFolder(), b: temporaryFolder() }
    const begin = (name: string) =>
      RelayProcess.start(folders[name] as string, configOf(name, cluster.urls, hook.url, 3))
    const relays: Record<string, RelayProcess> = {}
    for (const name of ["a", "b"]) {
      // A cluster that has just started has no leader yet.
      for (let i = 0; relays[name] === undefined && i < 50; i++) {
        const started = await begin(name).catch(() => undefined)
        if (started) relays[name] = started
        else await wait(500)
      }
    }
    const acknowledged = new Set<string>()
    let isDone = false
    const clients = ["a", "b"].flatMap((name) =>
      [0, 1].map(async (client) => {
        for (let number = 0; !isDone; number++) {
          const id = `${name}-${client}-${number}`
          // Sent again until it is taken, to either relay.
          for (let attempt = 0; ; attempt++) {
            const to = attempt % 2 === 0 ? name : name === "a" ? "b" : "a"
            const status = await relays[to]?.github(JSON.stringify({ id }), id).then(
              (response) => response.status,
              () => 0,
            )
            if (status === 202) break
            await wait(100)
          }
          acknowledged.add(id)
          await wait(20)
        }
      }),
    )
    const done: string[] = []
    for (let round = 0; round < rounds; round++) {
      const before = acknowledged.size
      await until(() => acknowledged.size > before + 20)
      const choice = next()
      const serving = hook.taken.at(-1)?.by ?? "a"
      if (choice < 0.35) {
        const server = cluster.servers[Math.floor(next() * 3)] as NatsServer
        done.push("server")
        await server.kill()
        await wait(next() * 5000)
        await server.start()
      } else if (choice < 0.7) {
        done.push(`kill ${serving}`)
        await relays[serving]?.end("SIGKILL")
        await wait(next() * 3000)
        relays[serving] = await begin(serving)
      } else {
        // As if its machine were cut off: it comes back after another one has taken over.
        done.push(`stop ${serving}`)
        relays[serving]?.child.kill("SIGSTOP")
        await until(() => hook.taken.at(-1)?.by !== serving)
        relays[serving]?.child.kill("SIGCONT")
      }
    }
    isDone = true
    await Promise.all(clients)
    await until(() => {
      const ids = new Set(hook.taken.map(({ id }) => id))
      return [...acknowledged].every((id) => ids.has(id))
    })
    // Each relay serves for a while; a relay that is replaced comes back only after the other one was gone for at least the time of a lease.
    const turns: { by: string; from: number; to: number; count: number }[] = []
    for (const { by, time } of hook.taken) {
      const turn = turns.at(-1)
      if (turn?.by === by) Object.assign(turn, { to: time, count: turn.count + 1 })
      else turns.push({ by, from: time, to: time, count: 1 })
    }
    console.log(
      JSON.stringify({
        done,
        acknowledged: acknowledged.size,
        taken: hook.taken.length,
        turns: turns.map(({ by, count }) => `${by} ${count}`),
      }),
    )
    expect(turns.length).toBeLessThanOrEqual(rounds + 1)
    for (const name of ["a", "b"]) expect(await relays[name]?.end()).toBe(0)
    const books = ohmq(folders.a as string, "relay", "reconcile")
    expect(books.status, books.stdout + books.stderr).toBe(0)
  })
})
