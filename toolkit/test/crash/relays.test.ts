import { existsSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { random } from "../link/ends.js"
import { linked } from "../relay/links.js"
import { linesOf, RelayProcess, until } from "../relay/support.js"

const rounds = Number(process.env.OHMQ_CRASH_ROUNDS ?? 6)
const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)

describe("Two relays with a link, killed with SIGKILL", () => {
  it(`bring each delivery that was acknowledged to the far sink once (${rounds} rounds, seed ${seed})`, {
    timeout: 60_000 + 20_000 * rounds,
  }, async () => {
    console.log(`OHMQ_SEED=${seed} OHMQ_CRASH_ROUNDS=${rounds}`)
    const next = random(seed)
    const { folders, ...config } = await linked()
    const relays = {
      edge: await RelayProcess.start(folders.edge, config.edge),
      hub: await RelayProcess.start(folders.hub, config.hub),
    }
    const kills = { edge: 0, hub: 0 }
    const acknowledged = new Set<string>()
    const sent: string[] = []
    let isDone = false
    const deliver = async (id: string): Promise<boolean> => {
      try {
        return (await relays.edge.github(JSON.stringify({ id }), id)).status === 202
      } catch {
        return false
      }
    }
    const clients = Array.from({ length: 4 }, async (_, client) => {
      for (let number = 0; !isDone; number++) {
        const id = `${client}-${number}`
        sent.push(id)
        // As long as there is no answer, it is sent again, and its sender cannot know whether it was stored.
        while (!(await deliver(id))) await wait(50)
        acknowledged.add(id)
      }
    })
    const kill = async (name: "edge" | "hub") => {
      kills[name]++
      await relays[name].end("SIGKILL")
      await wait(next() * 200)
      relays[name] = await RelayProcess.start(folders[name])
    }
    for (let round = 0; round < rounds; round++) {
      const count = acknowledged.size
      await until(() => acknowledged.size > count)
      await wait(next() * 300)
      const choice = next()
      const names =
        choice < 0.4 ? ["edge" as const] : choice < 0.8 ? ["hub" as const] : ["edge" as const, "hub" as const]
      await Promise.all(names.map(kill))
    }
    isDone = true
    await Promise.all(clients)
    const file = join(folders.hub, "events.ndjson")
    await until(() => existsSync(file) && new Set(linesOf(file).map(({ id }) => id)).size >= sent.length)
    expect(await relays.edge.end()).toBe(0)
    expect(await relays.hub.end()).toBe(0)
    expect(acknowledged.size).toBe(sent.length)
    expect(
      linesOf(file)
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(sent.toSorted())
    const messages = [relays.edge, relays.hub].flatMap(({ log }) => log.map(({ msg }) => msg))
    expect(messages.filter((msg) => /has stopped\. Set|less than it had|lost/.test(msg))).toEqual([])
    console.log(`${sent.length} deliveries, killed ${JSON.stringify(kills)}`)
  })
})
