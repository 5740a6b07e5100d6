import { copyFileSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { certificates } from "./certificates.js"
import { hecCode, SplunkServer } from "./contract/splunk.js"
import { event, type SinkRelay, sinkRelay } from "./sink-relay.js"
import { temporaryFolder, until } from "./support.js"

const numbered = (count: number, from = 1) => Array.from({ length: count }, (_, index) => event(String(from + index)))

const start = (server: SplunkServer, more = ""): Promise<SinkRelay> => {
  process.env.TEST_HEC_TOKEN = "11111111-2222-3333-4444-555555555555"
  return sinkRelay(`type: splunk-hec, url: "${server.url}", token: env:TEST_HEC_TOKEN${more}`)
}

const idsIn = ({ indexed }: SplunkServer): string[] =>
  indexed.map(({ event }) => (typeof event === "string" ? JSON.parse(event) : event).id as string)

const ids = (count: number, from = 1) => Array.from({ length: count }, (_, index) => String(from + index))

describe("The sink splunk-hec", () => {
  it("sends events with their time and source, in few requests, compressed", async () => {
    const server = await new SplunkServer().listen()
    const relay = await start(server, ", index: main, host: ci-1")
    relay.add(...numbered(500))
    await relay.drained(500)
    expect(idsIn(server)).toEqual(ids(500))
    expect(server.indexed[0]).toEqual({
      time: 1772359200.5,
      host: "ci-1",
      source: "/tests",
      sourcetype: "ohmq:event",
      index: "main",
      event: event("1"),
    })
    const posts = server.requests.filter(({ url }) => url.pathname.endsWith("/event"))
    expect(posts.length).toBeLessThan(20)
    expect(posts.some(({ headers }) => headers["content-encoding"] === "gzip")).toBe(true)
  })

  it("sends lines to the endpoint raw", async () => {
    const server = await new SplunkServer().listen()
    const relay = await start(server, ", endpoint: raw, sourcetype: _json")
    relay.add(...numbered(3))
    await relay.drained(3)
    expect(idsIn(server)).toEqual(ids(3))
    expect(server.indexed[0]?.sourcetype).toBe("_json")
  })

  it.each([
    ["busy", hecCode(9)],
    ["an internal error", hecCode(8)],
    ["an unhealthy queue", hecCode(18)],
    ["a queue that is full", { status: 429, body: { text: "Queue at capacity", code: 26 } }],
    ["a proxy that has no server", { status: 502, body: "<html>Bad gateway</html>" }],
    ["a proxy's page with 200", { status: 200, body: "<html>Welcome</html>" }],
    ["another proxy's 404", { status: 404, body: "<html>" }],
    ["a connection cut before the answer", "cut" as const],
  ])("tries again after %s, and loses nothing", async (_title, fault) => {
    const server = await new SplunkServer().listen()
    const relay = await start(server)
    // The first request asks for the health, the others bring events.
    server.faults.push(hecCode(17), fault, fault)
    relay.add(...numbered(20))
    await relay.drained(20)
    expect(idsIn(server)).toEqual(ids(20))
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(0)
  })

  it("sends again what was under way when the connection was cut", async () => {
    const server = await new SplunkServer().listen()
    const relay = await start(server)
    server.faults.push(hecCode(17), "cut-after")
    relay.add(...numbered(5))
    await relay.drained(5)
    // At least once: Splunk had taken them.
    expect(new Set(idsIn(server))).toEqual(new Set(ids(5)))
    expect(idsIn(server).length).toBeGreaterThanOrEqual(5)
  })

  it("waits until Splunk is healthy before it sends anything", async () => {
    const server = await new SplunkServer().listen()
    server.isHealthy = false
    const relay = await start(server)
    relay.add(...numbered(3))
    await until(() => server.requests.length >= 3)
    expect(server.requests.every(({ url }) => url.pathname === "/services/collector/health")).toBe(true)
    server.isHealthy = true
    await relay.drained(3)
    expect(idsIn(server)).toEqual(ids(3))
  })

  it.each([
    ["its token is wrong", (server: SplunkServer) => (server.token = "other"), "code 4: Invalid token"],
    ["its token is disabled", (server: SplunkServer) => (server.isDisabled = true), "code 1: Token disabled"],
    ["its token needs acknowledgement", (server: SplunkServer) => (server.hasAck = true), "Set ack: true"],
    [
      "it may not write to the index",
      (server: SplunkServer) => (server.indexes = ["other"]),
      "may not write to the index",
    ],
  ])("keeps all events while %s, and says so", async (_title, breakIt, said) => {
    const server = await new SplunkServer().listen()
    const { token } = server
    breakIt(server)
    const relay = await start(server, ", index: main")
    relay.add(...numbered(3))
    await until(() => relay.log.some(({ reason }) => String(reason).includes(said)))
    expect(idsIn(server)).toEqual([])
    Object.assign(server, { token, isDisabled: false, hasAck: false, indexes: ["main"] })
    await relay.drained(3)
    expect(idsIn(server)).toEqual(ids(3))
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(0)
  })

  it.each([
    [6, "Invalid data format"],
    [12, "Event field is required"],
    [13, "Event field cannot be blank"],
    [15, "Error in handling indexed fields"],
  ])("gives up only the invalid event of a batch after code %i", async (code, text) => {
    const server = await new SplunkServer().listen()
    const relay = await start(server)
    server.rejects = (value) => ((value as { id: string }).id === "8" ? code : undefined)
    relay.add(...numbered(20))
    await relay.drained(20)
    // What stood before it was taken, and not sent again.
    expect(idsIn(server)).toEqual(ids(20).filter((id) => id !== "8"))
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(1)
    expect(relay.log.find(({ msg }) => String(msg).includes("dead letter"))).toMatchObject({
      reason: expect.stringContaining(`code ${code}: ${text}`),
    })
  })

  it.each(["first", "last", "only"] as const)("gives up an invalid event that is the %s one", async (place) => {
    const server = await new SplunkServer().listen()
    const relay = await start(server)
    const count = place === "only" ? 1 : 10
    const bad = place === "last" ? "10" : "1"
    server.rejects = (value) => ((value as { id: string }).id === bad ? 6 : undefined)
    relay.add(...numbered(count))
    await relay.drained(count)
    expect(idsIn(server)).toEqual(ids(count).filter((id) => id !== bad))
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(1)
  })

  it.each(["status", "code"] as const)("splits what is too large, which Splunk says by its %s", async (how) => {
    const server = await new SplunkServer().listen()
    server.tooLarge = how
    server.maxBytes = 5000
    const relay = await start(server)
    relay.add(...numbered(60), event("61", "x".repeat(6000)), ...numbered(10, 62))
    await relay.drained(71)
    expect(idsIn(server)).toEqual(ids(71).filter((id) => id !== "61"))
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(1)
  })

  describe("with ack", () => {
    const acked = async (more = "") => {
      const server = await new SplunkServer().listen()
      server.hasAck = true
      return { server, relay: await start(server, `, ack: true, ackInterval: 5ms${more}`) }
    }

    it("delivers an event only when it is indexed", async () => {
      const { server, relay } = await acked()
      server.isIndexing = false
      relay.add(...numbered(5))
      await until(() => server.requests.filter(({ url }) => url.pathname.endsWith("/ack")).length > 3)
      expect(idsIn(server)).toEqual(ids(5))
      expect(await relay.metric('ohmq_relay_events_out_total{sink="out"}')).toBe(0)
      server.isIndexing = true
      await relay.drained(5)
      expect(idsIn(server)).toEqual(ids(5))
      expect(await relay.metric('ohmq_relay_events_out_total{sink="out"}')).toBe(5)
    })

    it("sends again over a new channel what was not acknowledged in time", async () => {
      const { server, relay } = await acked(", ackTimeout: 50ms")
      server.isIndexing = false
      relay.add(...numbered(5))
      await until(() => idsIn(server).length >= 10)
      server.isIndexing = true
      await relay.drained(5)
      expect(new Set(idsIn(server))).toEqual(new Set(ids(5)))
      const channels = server.requests
        .filter(({ url }) => url.pathname.endsWith("/event"))
        .map(({ headers }) => headers["x-splunk-request-channel"])
      expect(new Set(channels).size).toBeGreaterThan(1)
      expect(relay.log.some(({ reason }) => String(reason).includes("did not acknowledge"))).toBe(true)
    })

    it("asks for the part of a batch that was taken", async () => {
      const { server, relay } = await acked()
      server.rejects = (value) => ((value as { id: string }).id === "4" ? 12 : undefined)
      relay.add(...numbered(9))
      await relay.drained(9)
      expect(idsIn(server)).toEqual(ids(9).filter((id) => id !== "4"))
      expect(await relay.metric('ohmq_relay_events_out_total{sink="out"}')).toBe(8)
    })

    it("sends nothing if the token does not acknowledge, and says so", async () => {
      const { server, relay } = await acked()
      server.hasAck = false
      relay.add(...numbered(3))
      await until(() => relay.log.some(({ reason }) => String(reason).includes("Set ack: false")))
      expect(idsIn(server)).toEqual([])
      server.hasAck = true
      await relay.drained(3)
      expect(idsIn(server)).toEqual(ids(3))
    })
  })

  it("brings every event at least once, whatever the server does", async () => {
    const server = await new SplunkServer().listen()
    server.hasAck = true
    const relay = await start(server, ", ack: true, ackInterval: 5ms, ackTimeout: 100ms")
    const seed = Math.floor(Math.random() * 2 ** 31)
    let state = seed
    const random = () => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
      return state / 0x80000000
    }
    const faults = [hecCode(9), hecCode(8), "cut", "cut-after", { status: 500 }] as const
    const count = 2000
    for (let i = 0; i < count; i += 50) {
      relay.add(...numbered(50, i + 1))
      if (random() < 0.7) server.faults.push(faults[Math.floor(random() * faults.length)] as "cut")
      if (random() < 0.1) server.isIndexing = !server.isIndexing
      await new Promise((done) => setTimeout(done, 20 * random()))
    }
    server.isIndexing = true
    await relay.drained(count)
    const dead = await relay.metric('ohmq_relay_events_dead_total{sink="out"}')
    expect({ seed, count: new Set(idsIn(server)).size + dead }).toEqual({ seed, count })
    expect({ seed, dead }).toEqual({ seed, dead: 0 })
  })

  it("holds events while the certificate of the server is not trusted, or is another host's", async () => {
    const folder = temporaryFolder()
    certificates(folder)
    const tls = { key: readFileSync(join(folder, "server.key")), cert: readFileSync(join(folder, "server.pem")) }
    const server = await new SplunkServer().listen(tls)
    const reasonOf = async (relay: SinkRelay, reason: RegExp) => {
      relay.add(event("1"))
      await until(() => relay.log.some((line) => reason.test(String(line.reason))))
      expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(0)
      expect(await relay.metric('ohmq_relay_sink_lag_events{sink="out"}')).toBe(1)
    }
    await reasonOf(await start(server), /unable to verify the first certificate/)
    // The certificate is for 127.0.0.1 only.
    const elsewhere = server.url.replace("127.0.0.1", "localhost")
    await reasonOf(
      await sinkRelay(`type: splunk-hec, url: "${elsewhere}", token: env:TEST_HEC_TOKEN, ca: ./ca.pem`, folder),
      /Host: localhost/,
    )
    expect(server.requests).toEqual([])

    const trusted = temporaryFolder()
    copyFileSync(join(folder, "ca.pem"), join(trusted, "ca.pem"))
    const relay = await sinkRelay(
      `type: splunk-hec, url: "${server.url}", token: env:TEST_HEC_TOKEN, ca: ./ca.pem`,
      trusted,
    )
    relay.add(event("2"))
    await relay.drained(1)
    expect(idsIn(server)).toEqual(["2"])
  })
})
