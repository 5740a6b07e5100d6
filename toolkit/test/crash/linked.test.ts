import { cpSync, existsSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { linked } from "../relay/links.js"
import { freePort, linesOf, ohmq, RelayProcess, temporaryFolder, until } from "../relay/support.js"

const idsIn = (folder: string, file = "events.ndjson") =>
  existsSync(join(folder, file)) ? linesOf(join(folder, file)).map(({ id }) => id) : []

describe("A link between relays", () => {
  it("brings events of its routes to the routes of the other relay, and counts", async () => {
    const { folders, ...config } = await linked()
    const hub = await RelayProcess.start(folders.hub, config.hub)
    const edge = await RelayProcess.start(folders.edge, config.edge)
    await edge.logged("The link is up")
    for (const id of ["a", "b"]) await edge.github("{}", id)
    await edge.github("{}", "issue", { event: "issues" })
    await edge.github('{"skip":1}', "skipped")
    await edge.github("{}", "c")
    await until(() => idsIn(folders.hub).length === 3)
    const lines = linesOf(join(folders.hub, "events.ndjson"))
    expect(lines.map(({ id, ohmqsender, type }) => [id, ohmqsender, type])).toEqual(
      ["a", "b", "c"].map((id) => [id, "edge", "com.github.push"]),
    )
    // The local sink may be behind the link.
    await until(() => idsIn(folders.edge).length === 5)
    expect(idsIn(folders.edge)).toEqual(["a", "b", "issue", "skipped", "c"])
    await until(async () => (await edge.metric('ohmq_relay_sink_lag_events{sink="hub"}')) === 0)
    for (const [name, value] of [
      ['events_out_total{sink="hub"}', 4],
      ['link_connected{sink="hub"}', 1],
      ['link_stopped{sink="hub"}', 0],
      ['link_sessions_total{sink="hub"}', 1],
      ['link_underway_bytes{sink="hub"}', 0],
      ['link_credit_waits_total{sink="hub"}', 0],
      ['sink_lag_seconds{sink="hub"}', 0],
    ] as const)
      expect([name, await edge.metric(`ohmq_relay_${name}`)]).toEqual([name, value])
    for (const [name, value] of [
      ['events_in_total{source="edges"}', 3],
      ['events_unrouted_total{source="edges"}', 1],
      ['link_streams{source="edges"}', 1],
      ['link_events_missing_total{source="edges"}', 0],
    ] as const)
      expect([name, await hub.metric(`ohmq_relay_${name}`)]).toEqual([name, value])
    expect(await edge.end()).toBe(0)
    await hub.logged("A link is down")
    expect(await hub.end()).toBe(0)
  })

  it("brings events as the routes of both relays have changed them, and keeps those they cannot change", async () => {
    const { folders, ...config } = await linked()
    // What a session has under way when it ends is changed and stored again.
    for (const end of ["edge", "hub"] as const) config[end] = config[end].replace("heartbeat: 500ms", "heartbeat: 1m")
    const hub = await RelayProcess.start(
      folders.hub,
      config.hub.replace(
        "sinks:",
        `  - { name: changed, from: [edges], drop: [data.user], to: [second] }
  - { name: titled, from: [edges], set: { subject: data.title }, to: [third] }
sinks:
  second: { type: file, path: ./second.ndjson }
  third: { type: file, path: ./third.ndjson }`,
      ),
    )
    const hubRoute = "to: [hub] }"
    const edgeConfig = config.edge.replace(hubRoute, `redact: { patterns: [hunter2] }, ${hubRoute}`)
    const edge = await RelayProcess.start(folders.edge, edgeConfig)
    await edge.logged("The link is up")
    await edge.github('{"user":"ann","token":"hunter2"}', "a")
    // The id cannot be redacted.
    await edge.github('{"user":"bob","title":"t"}', "hunter2")
    await edge.github('{"user":"bob","title":"t"}', "b")
    const dataIn = (file: string) =>
      existsSync(join(folders.hub, file)) ? linesOf(join(folders.hub, file)).map(({ data }) => data) : []
    await until(() => dataIn("third.ndjson").length === 1 && dataIn("events.ndjson").length === 2)
    await until(() => dataIn("second.ndjson").length === 2)
    expect(dataIn("events.ndjson")).toEqual([
      { user: "ann", token: "[redacted]" },
      { user: "bob", title: "t" },
    ])
    expect(dataIn("second.ndjson")).toEqual([{ token: "[redacted]" }, { title: "t" }])
    expect(await edge.metric('ohmq_relay_sink_dead_letters{sink="hub"}')).toBe(1)
    expect(await hub.metric('ohmq_relay_sink_dead_letters{sink="third"}')).toBe(1)
    expect(await hub.metric('ohmq_relay_events_in_total{source="edges"}')).toBe(2)

    expect(ohmq(folders.edge, "relay", "replay", "hub").stdout).toMatch(/^0 dead letters of hub .*\n1 stay/)
    writeFileSync(join(folders.edge, "relay.yaml"), edgeConfig.replace("[hunter2]", "[hunter3]"))
    await edge.logged("The configuration was reloaded")
    expect(ohmq(folders.edge, "relay", "replay", "hub").stdout).toBe("1 dead letters of hub will be delivered again\n")
    await until(() => idsIn(folders.hub).includes("hunter2"))
    // Events that need something stored before them, and others, come at the same time. The session goes on.
    const many = Array.from({ length: 60 }, (_, i) => `m${i}`)
    const bodies = ['{"title":"t"}', '{"user":"u","title":"t"}']
    await Promise.all(many.map((id, i) => edge.github(bodies[i % 2] as string, id)))
    await until(() => idsIn(folders.hub, "third.ndjson").length === many.length + 2)
    expect(await edge.metric('ohmq_relay_link_sessions_total{sink="hub"}')).toBe(1)
    expect(await edge.end()).toBe(0)
    expect(await hub.end()).toBe(0)
    expect(idsIn(folders.hub, "third.ndjson").slice(0, 2)).toEqual(["b", "hunter2"])
    expect(idsIn(folders.hub).toSorted()).toEqual(idsIn(folders.hub, "second.ndjson").toSorted())
  })

  it("waits for a relay that is away without holding up anything, and says so", async () => {
    const { folders, ...config } = await linked()
    const edge = await RelayProcess.start(folders.edge, config.edge)
    expect(await edge.logged("The sink fails")).toMatchObject({
      sink: "hub",
      reason: expect.stringContaining("cannot be reached"),
    })
    await edge.github("{}", "issue", { event: "issues" })
    // Nothing waits for the hub.
    await until(async () => (await edge.metric('ohmq_relay_sink_lag_events{sink="hub"}')) === 0)
    await edge.github("{}", "a")
    await until(() => idsIn(folders.edge).length === 2)
    await until(async () => ((await edge.metric('ohmq_relay_sink_lag_seconds{sink="hub"}')) ?? 0) > 0)
    expect(await edge.metric('ohmq_relay_sink_lag_events{sink="hub"}')).toBe(1)
    expect(await edge.metric('ohmq_relay_link_connected{sink="hub"}')).toBe(0)
    expect((await fetch(`${edge.url}/readyz`)).status).toBe(200)
    expect(await edge.end()).toBe(0)
    // The stop does not wait for a relay that is away: --drain is 10s.
    const [stops, left, stopped] = edge.log.slice(-3)
    expect([stops?.msg, stopped?.msg]).toEqual([expect.stringContaining("The relay stops"), "The relay has stopped"])
    expect(left).toMatchObject({ msg: "Events wait in the store for the next start", sink: "hub", waiting: 1 })
    expect(Date.parse(String(stopped?.time)) - Date.parse(String(stops?.time))).toBeLessThan(9000)

    const again = await RelayProcess.start(folders.edge)
    const hub = await RelayProcess.start(folders.hub, config.hub)
    const times = (message: string) => again.log.filter(({ msg }) => msg.includes(message)).length
    await until(() => idsIn(folders.hub).length === 1)
    await hub.end("SIGKILL")
    await until(() => times("The sink fails") === 2)
    await again.github("{}", "b")
    const back = await RelayProcess.start(folders.hub)
    await until(() => times("The sink works again") === 2)
    await until(() => idsIn(folders.hub).length === 2)
    expect(idsIn(folders.hub)).toEqual(["a", "b"])
    await again.end()
    await back.end()
  })

  it("keeps what the receiver refuses as dead letters, which can be replayed", async () => {
    const { folders, ...config } = await linked({ hub: "maxEventBytes: 1kB" })
    const hub = await RelayProcess.start(folders.hub, config.hub)
    const edge = await RelayProcess.start(folders.edge, config.edge)
    await edge.github(JSON.stringify("x".repeat(2000)), "large")
    await edge.github("{}", "small")
    expect(await edge.logged("it is a dead letter now")).toMatchObject({
      sink: "hub",
      reason: expect.stringMatching(/^too-large: The event has 2\d{3} bytes; the receiver's limit is 1000/),
    })
    await until(() => idsIn(folders.hub).length === 1)
    expect(await edge.metric('ohmq_relay_events_dead_total{sink="hub"}')).toBe(1)
    expect(await edge.metric('ohmq_relay_events_out_total{sink="hub"}')).toBe(1)
    writeFileSync(join(folders.hub, "relay.yaml"), config.hub.replace("1kB", "1MB"))
    await hub.logged("The configuration was reloaded")
    await edge.logged("The sink works again")
    expect(ohmq(folders.edge, "relay", "replay", "hub").stdout).toBe("1 dead letters of hub will be delivered again\n")
    await until(() => idsIn(folders.hub).length === 2)
    expect(idsIn(folders.hub)).toEqual(["small", "large"])
    await edge.end()
    await hub.end()
  })

  it("stops if the store was restored, and goes on under a new name", async () => {
    const { folders, ...config } = await linked()
    const hub = await RelayProcess.start(folders.hub, config.hub)
    const edge = await RelayProcess.start(folders.edge, config.edge)
    await edge.github("{}", "a")
    await until(() => idsIn(folders.hub).length === 1)
    expect(await edge.end()).toBe(0)
    const backup = temporaryFolder()
    cpSync(join(folders.edge, "data"), backup, { recursive: true, filter: (from) => !/owner\.|relay\.sock/.test(from) })
    const before = await RelayProcess.start(folders.edge)
    await before.github("{}", "b")
    await until(() => idsIn(folders.hub).length === 2)
    expect(await before.end()).toBe(0)

    rmSync(join(folders.edge, "data"), { recursive: true })
    cpSync(backup, join(folders.edge, "data"), { recursive: true })
    const restored = await RelayProcess.start(folders.edge)
    await restored.github("{}", "c")
    expect(await restored.logged("The link has stopped")).toMatchObject({
      sink: "hub",
      msg: expect.stringContaining("Set stream to a new name"),
      reason: expect.stringMatching(/The receiver has (another event|event) \d+/),
    })
    await hub.logged("restored from a backup")
    expect(await restored.metric('ohmq_relay_link_stopped{sink="hub"}')).toBe(1)
    expect(await restored.metric('ohmq_relay_link_connected{sink="hub"}')).toBe(0)
    expect((await fetch(`${restored.url}/readyz`)).status).toBe(200)
    expect(idsIn(folders.hub)).toEqual(["a", "b"])
    writeFileSync(join(folders.edge, "relay.yaml"), config.edge.replace("heartbeat:", "stream: hub-2\n    heartbeat:"))
    await restored.logged("The configuration was reloaded")
    await until(() => idsIn(folders.hub).length === 3)
    expect(idsIn(folders.hub)).toEqual(["a", "b", "c"])
    expect(await restored.metric('ohmq_relay_link_stopped{sink="hub"}')).toBe(0)
    await restored.end()
    await hub.end()
  })

  it("can be removed, kept and forgotten like every sink", async () => {
    const { folders, ...config } = await linked()
    const edge = await RelayProcess.start(folders.edge, config.edge)
    await edge.github("{}", "a")
    const without = config.edge.replace(/^ {2}hub:\n(?: {4}.*\n)*/m, "").replace("to: [hub]", "to: [local]")
    writeFileSync(join(folders.edge, "relay.yaml"), without)
    expect((await edge.logged("a sink that is not configured")).msg).toContain("ohmq relay forget hub")
    expect(await edge.metric('ohmq_relay_link_connected{sink="hub"}')).toBeUndefined()
    await edge.end()
    expect(ohmq(folders.edge, "relay", "forget", "hub").stdout).toBe("Nothing is kept for hub any more\n")
    const hub = await RelayProcess.start(folders.hub, config.hub)
    const again = await RelayProcess.start(folders.edge, config.edge)
    await again.logged("The link is up")
    await again.github("{}", "b")
    await until(() => idsIn(folders.hub).includes("b"))
    await again.end()
    await hub.end()
  })

  it("makes the sender wait while the other store is full", async () => {
    const { folders, ...config } = await linked()
    const away = config.hub
      .replace("path: ./data }", "path: ./data, maxBytes: 100kB }")
      .replace("{ type: file, path: ./events.ndjson }", '{ type: webhook, url: "http://127.0.0.1:9/" }')
    const hub = await RelayProcess.start(folders.hub, away)
    const edge = await RelayProcess.start(folders.edge, config.edge)
    const ids = Array.from({ length: 30 }, (_, i) => `e${i}`)
    for (const id of ids) expect((await edge.github(JSON.stringify("x".repeat(10_000)), id)).status).toBe(202)
    await until(async () => (await fetch(`${hub.url}/readyz`)).status === 503)
    expect(await edge.metric('ohmq_relay_sink_lag_events{sink="hub"}')).toBeGreaterThan(10)
    expect(await edge.metric('ohmq_relay_link_underway_bytes{sink="hub"}')).toBeGreaterThan(10_000)
    await hub.end()
    const back = await RelayProcess.start(folders.hub, config.hub)
    await until(() => idsIn(folders.hub).length === 30)
    expect(idsIn(folders.hub)).toEqual(ids)
    await edge.end()
    await back.end()
  })

  it("records what its store has lost for the sinks of the other relay", async () => {
    const { folders, ...config } = await linked()
    const small = config.edge
      .replace("path: ./data }", "path: ./data, maxBytes: 100kB }")
      .replaceAll("to: [", "whenFull: drop-oldest, to: [")
    const edge = await RelayProcess.start(folders.edge, small)
    const ids = Array.from({ length: 30 }, (_, i) => `e${i}`)
    for (const id of ids) expect((await edge.github(JSON.stringify("x".repeat(10_000)), id)).status).toBe(202)
    const hub = await RelayProcess.start(folders.hub, config.hub)
    await until(() => idsIn(folders.hub).at(-1) === "e29")
    const found = idsIn(folders.hub)
    expect(found).toEqual(ids.slice(-found.length))
    expect(found.length).toBeLessThan(15)
    await edge.logged("Events are missing from the store")
    await hub.logged("A sender has lost events")
    const missing = await hub.metric('ohmq_relay_link_events_missing_total{source="edges"}')
    expect(missing).toBeGreaterThanOrEqual(30 - found.length)
    expect(await edge.metric('ohmq_relay_events_lost_total{sink="hub"}')).toBe(missing)
    await until(async () => (await hub.metric('ohmq_relay_events_lost_total{sink="archive"}')) === missing)
    await edge.end()
    await hub.end()
  })

  it("goes on with another receiver while one is away", async () => {
    const { folders, ...config } = await linked()
    const other = temporaryFolder()
    const port = await freePort()
    cpSync(folders.hub, other, { recursive: true })
    const first = await RelayProcess.start(folders.hub, config.hub)
    const second = await RelayProcess.start(other, config.hub.replace(/bind: .*/, `bind: "tcp://127.0.0.1:${port}"`))
    const both = config.edge.replace(/connect: (.*)/, `connect: [$1, "tcp://127.0.0.1:${port}"]`)
    const edge = await RelayProcess.start(folders.edge, both)
    const sent: string[] = []
    const deliver = async (count: number) => {
      for (let i = 0; i < count; i++) {
        sent.push(`e${sent.length}`)
        expect((await edge.github("{}", sent.at(-1) as string)).status).toBe(202)
      }
    }
    const arrived = () => [...idsIn(folders.hub), ...idsIn(other)]
    await deliver(5)
    await until(() => arrived().length === 5)
    await until(async () => (await edge.metric('ohmq_relay_sink_lag_events{sink="hub"}')) === 0)
    // The one that has the link now.
    const [one, two] = idsIn(folders.hub).length === 5 ? [first, second] : [second, first]
    await one.end("SIGKILL")
    await deliver(5)
    await until(() => arrived().length === 10)
    await until(async () => (await edge.metric('ohmq_relay_sink_lag_events{sink="hub"}')) === 0)
    expect(arrived().toSorted()).toEqual(sent.toSorted())
    expect(await edge.metric('ohmq_relay_events_lost_total{sink="hub"}')).toBe(0)
    await edge.end()
    await two.end()
  })
})
