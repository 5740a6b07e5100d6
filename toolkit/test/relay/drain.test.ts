import { once } from "node:events"
import { createServer as createHttpServer } from "node:http"
import { type AddressInfo, createServer, type Server } from "node:net"
import { join } from "node:path"
import { Relay, readConfig } from "ohmq-toolkit/relay"
import { pino } from "pino"
import { describe, expect, it, onTestFinished } from "vitest"
import { startRelay } from "./in-process.js"
import { event, sinkRelay } from "./sink-relay.js"
import { basic, RelayProcess, temporaryFolder, until } from "./support.js"

const left = "Events wait in the store for the next start"

const hourly = `version: 1
store: { path: ./data }
sources: { ticks: { type: timer, every: 1h } }
routes: [{ name: all, from: [ticks], to: [archive] }]
sinks: { archive: { type: file, path: ./events.ndjson } }
`

/** A server that takes connections and requests, and never answers. */
async function silentServer(create: () => Server): Promise<string> {
  const server: Server = create()
  server.on("connection", (socket) => onTestFinished(() => void socket.destroy()))
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe("A relay that stops", () => {
  it("answers 503 to webhooks that wait for room in the store", { timeout: 40_000 }, async () => {
    const relay = await RelayProcess.start(
      temporaryFolder(),
      basic
        .replace("path: ./data", "path: ./data, maxBytes: 64KiB, retention: 0s")
        .replace("to: [archive]", "to: [archive], whenFull: wait")
        .replace("{ type: file, path: ./events.ndjson }", '{ type: webhook, url: "http://127.0.0.1:9/" }'),
    )
    const body = JSON.stringify("x".repeat(4000))
    const sent: Promise<Response>[] = []
    // More than the eleven listeners at which Node warns of a leak.
    for (; sent.length < 40; ) sent.push(relay.github(body, `d${sent.length}`))
    await until(async () => (await fetch(`${relay.url}/readyz`)).status === 503)
    expect(await relay.end()).toBe(0)
    const answers = await Promise.all(sent)
    const refused = answers.filter(({ status }) => status !== 202)
    expect(refused.length).toBeGreaterThan(11)
    for (const answer of refused) {
      expect(answer.status).toBe(503)
      expect(answer.headers.get("retry-after")).toBe("10")
      expect(await answer.json()).toEqual({ error: "The store is full" })
    }
    const log = relay.log.map(({ msg }) => msg).join("\n")
    expect(log).not.toContain("Sources have not stopped")
    expect(log).not.toContain("leak")
  })

  it("asks senders of webhooks to come again while other sources stop", async () => {
    const stubborn =
      "{ type: exec, command: [sh, -c, \"trap '' TERM; echo up >&2; while :; do sleep 1; done\"], format: events }"
    const relay = await RelayProcess.start(
      temporaryFolder(),
      basic
        .replace("sources:", `sources:\n  stubborn: ${stubborn}`)
        .replace("from: [hooks]", "from: [hooks, stubborn]"),
    )
    expect((await relay.github("{}", "other", { path: "/other" })).status).toBe(404)
    const ended = relay.end()
    await relay.logged("The relay stops")
    await until(async () => {
      const { status, headers } = await relay.github("{}", "late")
      return status === 503 && headers.get("retry-after") === "10"
    })
    expect(await ended).toBe(0)
  })

  it("does not wait for room for the event of a timer", { timeout: 40_000 }, async () => {
    const { log, metric, stop } = await startRelay(
      temporaryFolder(),
      `version: 1
store: { path: ./data, maxBytes: 16KiB, retention: 0s }
sources:
  ticks: { type: timer, every: 10ms }
routes:
  - { name: all, from: [ticks], to: [out], whenFull: wait }
sinks:
  out: { type: webhook, url: "http://127.0.0.1:9/" }
`,
    )
    await until(async () => (await metric('ohmq_relay_events_refused_total{source="ticks",reason="busy"}')) > 20)
    await stop(0)
    expect(log.map(({ msg }) => msg)).not.toContain("Sources have not stopped: the relay ends without them")
    expect(log).toContainEqual(expect.objectContaining({ reason: "The store was still full when the source stopped" }))
  })

  it("ends without a source that does not stop", { timeout: 40_000 }, async () => {
    const folder = temporaryFolder()
    await (await startRelay(folder, hourly)).stop()
    const config = readConfig(join(folder, "relay.yaml"))
    const sources = config.sources.map((source) => ({
      ...source,
      kind: { ...source.kind, create: () => ({ start: async () => {}, stop: () => new Promise<void>(() => {}) }) },
    }))
    const log: object[] = []
    const logger = pino({ base: null }, { write: (line: string) => void log.push(JSON.parse(line)) })
    const relay = await Relay.start({ ...config, sources }, logger)
    await relay.stop(100)
    expect(log).toContainEqual(
      expect.objectContaining({
        msg: "Sources have not stopped: the relay ends without them",
        sources: ["ticks"],
      }),
    )
    // The store is closed, so that another relay can have it.
    await (await startRelay(folder, hourly)).stop()
  })

  it("says of a sink that hangs that it has not answered", { timeout: 40_000 }, async () => {
    const { log, add, metric, stop } = await sinkRelay(
      `type: webhook, url: "http://${await silentServer(createHttpServer)}/"`,
    )
    add(event("one"))
    await until(async () => (await metric('ohmq_relay_sink_lag_events{sink="out"}')) === 1)
    await stop(100)
    const reason = "It had not answered when the drain ended"
    expect(log).toContainEqual(expect.objectContaining({ msg: left, sink: "out", waiting: 1, reason }))
  })

  it("says of a link whose peer is silent that it has not answered", { timeout: 40_000 }, async () => {
    const { log, metric, stop } = await startRelay(
      temporaryFolder(),
      `version: 1
store: { path: ./data }
sources:
  ticks: { type: timer, every: 10ms }
routes:
  - { name: all, from: [ticks], to: [hub] }
sinks:
  hub: { type: link, connect: "tcp://${await silentServer(createServer)}" }
`,
    )
    await until(async () => (await metric('ohmq_relay_sink_lag_events{sink="hub"}')) > 0)
    await stop(100)
    const reason = "It had not answered when the drain ended"
    expect(log).toContainEqual(expect.objectContaining({ msg: left, sink: "hub", reason }))
  })

  it("says of a sink that is slow that there was not enough time", { timeout: 40_000 }, async () => {
    let answered = 0
    const server = createHttpServer((request, response) => {
      request.resume().on("end", () =>
        setTimeout(() => {
          answered++
          response.end()
        }, 50),
      )
    }).listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const { log, add, metric, stop } = await sinkRelay(
      `type: webhook, url: "http://127.0.0.1:${port}/"`,
      temporaryFolder(),
      false,
      1,
    )
    add(...Array.from({ length: 1000 }, (_, i) => event(`e${i}`)))
    await until(async () => (await metric('ohmq_relay_events_in_total{source="in"}')) === 1000)
    await until(() => answered > 0)
    await stop(1500)
    const reason = "The drain ended before it had taken all of them"
    expect(log).toContainEqual(expect.objectContaining({ msg: left, sink: "out", reason }))
  })

  it("takes a time that is longer than a timer can wait", { timeout: 40_000 }, async () => {
    const { add, metric, stop, folder } = await sinkRelay("type: file, path: ./events.ndjson")
    add(...Array.from({ length: 100 }, (_, i) => event(`e${i}`)))
    await until(async () => (await metric('ohmq_relay_events_in_total{source="in"}')) === 100)
    await stop(50 * 86_400e3)
    // It has closed: another one can have the store.
    await (await startRelay(folder, hourly)).stop()
  })
})
