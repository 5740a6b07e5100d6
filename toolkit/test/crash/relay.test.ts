import { existsSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { basic, linesOf, RelayProcess, temporaryFolder } from "../relay/support.js"

const rounds = Number(process.env.OHMQ_CRASH_ROUNDS ?? 4)

describe("ohmq relay run, killed with SIGKILL", () => {
  it("delivers every event once, though all are sent again after the kill", {
    timeout: 120_000,
  }, async () => {
    const folder = temporaryFolder()
    const file = join(folder, "events.ndjson")
    const sent: string[] = []
    const acknowledged = new Set<string>()
    // A route that changes events has entries of its own, which are there if those of the other route are.
    const config = basic
      .replace("sinks:", "  - { name: changed, from: [hooks], drop: [data.id], to: [second] }\nsinks:")
      .concat("  second: { type: file, path: ./second.ndjson }\n")
    let relay = await RelayProcess.start(folder, config)
    for (let round = 0; round < rounds; round++) {
      const wanted = acknowledged.size + 10 + Math.floor(Math.random() * 60)
      const senders = Array.from({ length: 8 }, async (_, sender) => {
        for (let number = 0; ; number++) {
          const id = `delivery-${round}-${sender}-${number}`
          sent.push(id)
          try {
            const { status } = await relay.github(JSON.stringify({ id }), id)
            if (status === 202) acknowledged.add(id)
          } catch {
            return
          }
          if (acknowledged.size >= wanted) relay.child.kill("SIGKILL")
        }
      })
      await Promise.all(senders)
      await relay.end("SIGKILL")
      if (existsSync(file)) expect(new Set(linesOf(`${file}`).map(({ id }) => id)).size).toBeGreaterThan(0)
      relay = await RelayProcess.start(folder)
    }
    // All is sent again, as a person does at GitHub. What was acknowledged is known, and some of the rest was stored.
    for (const id of sent) {
      const response = await relay.github(JSON.stringify({ id }), id)
      expect(response.status).toBe(202)
      if (acknowledged.has(id)) expect(await response.json()).toEqual({ stored: 0, duplicates: 1 })
    }
    expect(await relay.end()).toBe(0)
    const delivered = linesOf(file).map(({ id }) => id)
    expect(acknowledged.size).toBeGreaterThanOrEqual(rounds * 10)
    expect(delivered.toSorted()).toEqual(sent.toSorted())
    const changed = linesOf(join(folder, "second.ndjson"))
    expect(changed.map(({ id }) => id).toSorted()).toEqual(sent.toSorted())
    expect(changed.every(({ data }) => JSON.stringify(data) === "{}")).toBe(true)
  })
})
