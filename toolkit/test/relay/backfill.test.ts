// Sinks that begin at the start of the store: `from: start`.

import { appendFileSync, existsSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { auditBooks, parseConfig } from "ohmq-toolkit/relay"
import { describe, expect, it } from "vitest"
import { startRelay } from "./in-process.js"
import { event } from "./sink-relay.js"
import { freePort, linesOf, ohmq, RelayProcess, temporaryFolder, until } from "./support.js"

const late = (rest = "") => `  late: { type: file, path: ./late.ndjson${rest} }\n`

/** A relay that archives what is added to a file, with further sinks and a route to them. */
const configOf = (sinks = "", routes = "", from = "[in]") => `version: 1
store: { path: ./data }
sources:
  in: { type: file, path: ./in.ndjson, format: events, maxLine: 1MiB }
routes:
  - { name: all, from: [in], to: [archive] }
${routes === "" && sinks !== "" ? `  - { name: late, from: ${from}, to: [late] }` : routes}
sinks:
  archive: { type: file, path: ./archive.ndjson }
${sinks}`

const add = (folder: string, ...ids: string[]) =>
  appendFileSync(join(folder, "in.ndjson"), ids.map((id) => `${JSON.stringify(event(id))}\n`).join(""))

const idsIn = (folder: string, name: string) => {
  const file = join(folder, `${name}.ndjson`)
  return existsSync(file) ? linesOf(file).map(({ id }) => id) : []
}

/** A store that has events of a relay without the sink. */
async function stored(...ids: string[]): Promise<string> {
  const folder = temporaryFolder()
  add(folder, ...ids)
  const relay = await startRelay(folder, configOf())
  await until(() => idsIn(folder, "archive").length === ids.length)
  await relay.stop()
  return folder
}

describe("A new sink", () => {
  it("gets what comes in from then on", async () => {
    const folder = await stored("a", "b")
    const relay = await startRelay(folder, configOf(late()))
    add(folder, "c")
    await until(() => idsIn(folder, "late").length > 0)
    await relay.stop()
    expect(idsIn(folder, "late")).toEqual(["c"])
  })

  it("with from: start gets what the store has, too, once, also after restarts", async () => {
    const folder = await stored("a", "b", "c")
    const route = '  - { name: late, from: [in], when: data.id != "b", to: [late] }'
    const config = configOf(late(", from: start"), route)
    for (const [id, expected] of [
      ["d", ["a", "c", "d"]],
      ["e", ["a", "c", "d", "e"]],
    ] as const) {
      const relay = await startRelay(folder, config)
      add(folder, id)
      await until(() => idsIn(folder, "late").length >= expected.length)
      await until(async () => (await relay.metric('ohmq_relay_sink_lag_events{sink="late"}')) === 0)
      // The cursor is gone, and was never shown as a sink.
      expect(relay.log.filter(({ msg }) => String(msg).includes("not configured"))).toEqual([])
      expect(await relay.metric('ohmq_relay_sink_lag_events{sink="relay.start.late"}')).toBe(0)
      await relay.stop()
      expect(idsIn(folder, "late").toSorted()).toEqual(expected)
      expect(idsIn(folder, "archive").length).toBe(expected.length + 1)
    }
    const { sinks } = auditBooks(join(folder, "data"))
    expect(sinks.map(({ sink, received, delivered, waiting }) => [sink, received, delivered, waiting])).toEqual([
      ["archive", 5, 5, 0],
      ["late", 4, 4, 0],
    ])
  })

  it("with from: start that was there before does not begin again", async () => {
    const folder = await stored("a")
    const first = await startRelay(folder, configOf(late()))
    await first.stop()
    const again = await startRelay(folder, configOf(late(", from: start")))
    add(folder, "b")
    await until(() => idsIn(folder, "late").length > 0)
    await again.stop()
    expect(idsIn(folder, "late")).toEqual(["b"])
  })

  it("with from: start gets an event once, as its own routes change it", async () => {
    const folder = temporaryFolder()
    add(folder, "a")
    const both = `  - { name: plain, from: [in], set: { data.for: "'other'" }, to: [other] }`
    const other = "  other: { type: file, path: ./other.ndjson }\n"
    const first = await startRelay(folder, configOf(other, both))
    await until(() => idsIn(folder, "other").length + idsIn(folder, "archive").length === 2)
    await first.stop()
    const route = `${both}\n  - { name: late, from: [in], set: { data.for: "'late'" }, to: [late] }`
    const relay = await startRelay(folder, configOf(other + late(", from: start"), route))
    add(folder, "b")
    await until(() => idsIn(folder, "late").length >= 2)
    await relay.stop()
    const lines = linesOf(join(folder, "late.ndjson"))
    expect(lines.map(({ id, data }) => [id, data]).toSorted()).toEqual([
      ["a", { id: "a", for: "late" }],
      ["b", { id: "b", for: "late" }],
    ])
    expect(idsIn(folder, "other").toSorted()).toEqual(["a", "b"])
  })

  it("with from: start that a reload adds gets what is there", async () => {
    const folder = temporaryFolder()
    const http = `http: { listen: "127.0.0.1:${await freePort()}" }\nsources:`
    const withHttp = (config: string) => config.replace("sources:", http)
    add(folder, "a", "b")
    const relay = await RelayProcess.start(folder, withHttp(configOf()))
    await until(() => idsIn(folder, "archive").length === 2)
    writeFileSync(join(folder, "relay.yaml"), withHttp(configOf(late(", from: start"))))
    await relay.logged("The sink has what the store had before it")
    add(folder, "c")
    await until(() => idsIn(folder, "late").length === 3)
    expect(await relay.end()).toBe(0)
    expect(idsIn(folder, "late").toSorted()).toEqual(["a", "b", "c"])
  })

  it("with from: start goes on where it was, if the relay ends on the way", { timeout: 60_000 }, async () => {
    const ids = Array.from({ length: 3000 }, (_, index) => `e${index}`)
    const folder = await stored(...ids)
    const config = configOf(late(", from: start"))
    const file = join(folder, "relay.yaml")
    const first = await startRelay(folder, config)
    await first.stop(0)
    expect(first.log.map(({ msg }) => msg)).toContain("The sink gets what the store had before it")
    expect(first.log.map(({ msg }) => msg)).not.toContain("The sink has what the store had before it")
    const again = await startRelay(folder, config)
    await until(() => again.log.some(({ msg }) => msg === "The sink has what the store had before it"))
    await until(async () => (await again.metric('ohmq_relay_sink_lag_events{sink="late"}')) === 0)
    await again.stop()
    const got = idsIn(folder, "late")
    expect(new Set(got)).toEqual(new Set(ids))
    // At most the last 256, if it ended between two writes.
    expect(got.length).toBeLessThanOrEqual(ids.length + 256)

    // Forgotten and added again, it begins again.
    const without = await startRelay(folder, configOf())
    await without.stop()
    expect(ohmq(folder, "relay", "forget", "late", file)).toMatchObject({ status: 0 })
    rmSync(join(folder, "late.ndjson"))
    const anew = await startRelay(folder, config)
    await until(() => anew.log.some(({ msg }) => msg === "The sink has what the store had before it"))
    await until(async () => (await anew.metric('ohmq_relay_sink_lag_events{sink="late"}')) === 0)
    await anew.stop()
    expect(idsIn(folder, "late")).toEqual(ids)
  })

  it.each([
    [configOf(late(", from: begin")), /sinks\.late\.from: .*start.*end/],
    [
      configOf(late(", from: start")).replace(
        "store: { path: ./data }",
        'store: { path: ./data, jetstream: { servers: "nats://127.0.0.1:4222", stream: s } }',
      ),
      /sinks\.late\.from: With store\.jetstream/,
    ],
  ])("has a from that is checked: %#", (config, message) => {
    expect(() => parseConfig(config, "/relay.yaml")).toThrow(message)
  })
})
