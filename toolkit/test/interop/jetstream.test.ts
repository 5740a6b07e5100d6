// The sink `jetstream` with real servers: Debian's package nats-server.

import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createUser } from "@nats-io/nkeys"
import { credsAuthenticator } from "@nats-io/transport-node"
import { describe, expect, it } from "vitest"
import { certificates } from "../relay/certificates.js"
import { event, type SinkRelay, sinkRelay } from "../relay/sink-relay.js"
import { temporaryFolder, until } from "../relay/support.js"
import { messagesOf, type NatsClient, NatsServer, natsClient, startCluster, startServer } from "./nats.js"
import { operatorMode } from "./nats-users.js"

const numbered = (count: number, from = 1) => Array.from({ length: count }, (_, index) => event(String(from + index)))
const ids = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1))

const idsIn = async (client: NatsClient, stream = "EVENTS"): Promise<string[]> =>
  (await messagesOf(client, stream)).map(({ body }) => String((JSON.parse(body) as { id: unknown }).id))

const sink = (servers: string | string[], more = "", folder?: string) =>
  sinkRelay(`type: jetstream, servers: ${JSON.stringify(servers)}, subject: "events.{type}"${more}`, folder)

/** Waits until the log has a line of a failing sink with this in its reason. */
const fails = (relay: SinkRelay, reason: string) =>
  until(() => relay.log.some((line) => JSON.stringify(line).includes(reason)))

const eventsStream = { name: "EVENTS", subjects: ["events.>"] }

describe("The sink jetstream", () => {
  it("publishes the JSON of each event in order, with its type in the subject and an id against duplicates", async () => {
    const server = await startServer()
    const client = await natsClient(server.url)
    await client.manager.streams.add(eventsStream)
    const relay = await sink(server.url, ", stream: EVENTS")
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    const first = { ...event("1"), traceparent }
    relay.add(first, ...numbered(299, 2))
    await relay.drained(300)
    const messages = await messagesOf(client, "EVENTS")
    expect(messages.map(({ body }) => JSON.parse(body).id)).toEqual(ids(300))
    expect(messages[0]).toEqual({
      subject: "events.finding.reported",
      headers: {
        "Content-Type": "application/cloudevents+json",
        "Nats-Msg-Id": expect.stringMatching(/^msg_[\w-]{32}$/),
        "Nats-Expected-Stream": "EVENTS",
        traceparent,
      },
      body: expect.any(String),
    })
    expect(JSON.parse(messages[0]?.body ?? "")).toEqual(first)

    // The same events again, as after a kill. They count as delivered, and the stream has them once.
    relay.add(first, ...numbered(2, 300))
    await relay.drained(303)
    expect(await idsIn(client)).toEqual(ids(301))
  })

  it("makes a subject of any type", async () => {
    const server = await startServer()
    const client = await natsClient(server.url)
    await client.manager.streams.add(eventsStream)
    const relay = await sink(server.url)
    const types = ["a b", "*.>", "..", "$JS.API.STREAM.PURGE.EVENTS", "größe", "x".repeat(2000), "last"]
    relay.add(...types.map((type, index) => ({ ...event(String(index)), type })))
    await relay.drained(types.length)
    expect((await messagesOf(client, "EVENTS")).map(({ subject }) => subject)).toEqual([
      "events.a_b",
      "events._._",
      "events._._._",
      "events.$JS.API.STREAM.PURGE.EVENTS",
      "events.gr__e",
      "events.last",
    ])
    expect(relay.log.find(({ msg }) => String(msg).includes("dead letter"))).toMatchObject({
      reason: "Its subject has more than 1024 bytes, because its type is that long",
    })
  })

  it("holds events while no stream takes their subject, and delivers them once one does", async () => {
    const server = await startServer()
    const client = await natsClient(server.url)
    const relay = await sink(server.url)
    relay.add(...numbered(5))
    await fails(relay, "No stream has the subject events.finding.reported. Add it to a stream")
    await client.manager.streams.add(eventsStream)
    await relay.drained(5)
    expect(await idsIn(client)).toEqual(ids(5))
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(0)
  })

  it("says that JetStream is off", async () => {
    const server = await startServer("jetstream: disabled")
    const relay = await sink(server.url)
    relay.add(event("1"))
    await fails(relay, "JetStream is off on this server, or has no leader now")
  })

  it("holds events that another stream than the configured one takes", async () => {
    const server = await startServer()
    const client = await natsClient(server.url)
    await client.manager.streams.add(eventsStream)
    const relay = await sink(server.url, ", stream: OTHER")
    relay.add(event("1"))
    await fails(relay, "10060")
    expect(await idsIn(client)).toEqual([])
  })

  it("waits for room in a stream that refuses when it is full", async () => {
    const server = await startServer()
    const client = await natsClient(server.url)
    await client.manager.streams.add({ ...eventsStream, max_msgs: 2, discard: "new" as never })
    const relay = await sink(server.url)
    relay.add(...numbered(3))
    await fails(relay, "maximum messages exceeded")
    expect(await idsIn(client)).toEqual(["1", "2"])
    await client.manager.streams.purge("EVENTS")
    await relay.drained(3)
    expect(await idsIn(client)).toEqual(["3"])
  })

  it("makes dead letters of events that are too large for the stream or the server, and of no others", async () => {
    const server = await startServer("max_payload: 8192")
    const client = await natsClient(server.url)
    await client.manager.streams.add({ ...eventsStream, max_msg_size: 4096 })
    const relay = await sink(server.url, ", concurrency: 8")
    relay.add(event("1"), event("2", "x".repeat(5000)), event("3"), event("4", "x".repeat(9000)), event("5"))
    await relay.drained(5)
    expect(await idsIn(client)).toEqual(["1", "3", "5"])
    expect(relay.log.filter(({ msg }) => String(msg).includes("dead letter")).map(({ reason }) => reason)).toEqual([
      "The server answered 10054: message size exceeds maximum allowed",
      "The event is larger than the server takes (max_payload)",
    ])
  })

  it("delivers each event once through a crash of the server", async () => {
    const server = await startServer()
    const client = await natsClient(server.url)
    await client.manager.streams.add(eventsStream)
    const relay = await sink(server.url)
    relay.add(...numbered(2000))
    await until(async () => (await relay.metric('ohmq_relay_events_out_total{sink="out"}')) > 100)
    await server.kill()
    const before = await relay.metric('ohmq_relay_events_out_total{sink="out"}')
    expect(before).toBeLessThan(2000)
    await until(async () => (await relay.metric('ohmq_relay_delivery_retries_total{sink="out"}')) > 3)
    await server.start()
    await relay.drained(2000)
    await until(async () => (await client.manager.streams.info("EVENTS").catch(() => undefined)) !== undefined)
    expect(await idsIn(client)).toEqual(ids(2000))
  })

  it("sends again what a server that hangs did not acknowledge in time", async () => {
    const server = await startServer()
    const client = await natsClient(server.url)
    await client.manager.streams.add(eventsStream)
    const relay = await sink(server.url, ", timeout: 300ms")
    relay.add(event("1"))
    await relay.drained(1)
    server.signal("SIGSTOP")
    relay.add(...numbered(9, 2))
    await fails(relay, "The server did not acknowledge in time")
    server.signal("SIGCONT")
    await relay.drained(10)
    expect(await idsIn(client)).toEqual(ids(10))
  })

  it("takes another server if the first one is away", async () => {
    const away = await NatsServer.create()
    const server = await startServer()
    const client = await natsClient(server.url)
    await client.manager.streams.add(eventsStream)
    const relay = await sink([away.url, server.url])
    relay.add(...numbered(10))
    await relay.drained(10)
    expect(await idsIn(client)).toEqual(ids(10))
  })

  it("brings all events through with many under way", async () => {
    const server = await startServer()
    const client = await natsClient(server.url)
    await client.manager.streams.add(eventsStream)
    const relay = await sink(server.url, ", concurrency: 64")
    relay.add(...numbered(3000))
    await until(async () => (await relay.metric('ohmq_relay_events_out_total{sink="out"}')) > 100)
    await server.kill()
    await server.start()
    await relay.drained(3000)
    await until(async () => (await client.manager.streams.info("EVENTS").catch(() => undefined)) !== undefined)
    const there = await idsIn(client)
    expect(there.length).toBe(3000)
    expect(new Set(there)).toEqual(new Set(ids(3000)))
  })

  it("stops although a server hangs", async () => {
    const server = await startServer()
    const client = await natsClient(server.url)
    await client.manager.streams.add(eventsStream)
    const relay = await sink(server.url, ", timeout: 1h")
    relay.add(event("1"))
    await relay.drained(1)
    server.signal("SIGSTOP")
    relay.add(event("2"))
    await until(async () => (await relay.metric('ohmq_relay_events_in_total{source="in"}')) === 2)
    await relay.stop(50)
    server.signal("SIGCONT")
  })
})

describe("The sink jetstream and several servers", () => {
  it("takes another one if the first one hangs", async () => {
    const servers = await Promise.all([startServer(), startServer()])
    const [first, second] = await Promise.all(servers.map(({ url }) => natsClient(url)))
    for (const client of [first, second]) await client?.manager.streams.add(eventsStream)
    const relay = await sink(
      servers.map(({ url }) => url),
      ", timeout: 300ms",
    )
    relay.add(event("1"))
    await relay.drained(1)
    servers[0]?.signal("SIGSTOP")
    relay.add(event("2"))
    await relay.drained(2)
    servers[0]?.signal("SIGCONT")
    expect(await idsIn(second as NatsClient)).toEqual(["2"])
  })
})

describe("The sink jetstream and a cluster", () => {
  it("loses nothing and repeats nothing when the leader of the stream is killed", async () => {
    const cluster = await startCluster()
    const client = await natsClient(cluster.urls)
    await until(async () => {
      const added = await client.manager.streams.add({ ...eventsStream, num_replicas: 3 }).catch(() => undefined)
      return added !== undefined
    })
    const relay = await sink(cluster.urls, ", timeout: 1s")
    relay.add(...numbered(1500))
    await until(async () => (await relay.metric('ohmq_relay_events_out_total{sink="out"}')) > 200)
    const { cluster: raft } = await client.manager.streams.info("EVENTS")
    await cluster.named(raft?.leader).kill()
    expect(await relay.metric('ohmq_relay_events_out_total{sink="out"}')).toBeLessThan(1500)
    await relay.drained(1500)
    expect(await idsIn(client)).toEqual(ids(1500))
  })

  it("waits while most servers of the stream are away", async () => {
    const cluster = await startCluster()
    const client = await natsClient(cluster.urls)
    await until(async () => {
      const added = await client.manager.streams.add({ ...eventsStream, num_replicas: 3 }).catch(() => undefined)
      return added !== undefined
    })
    const relay = await sink(cluster.urls, ", timeout: 500ms")
    relay.add(...numbered(5))
    await relay.drained(5)
    const [first, second] = cluster.servers as [NatsServer, NatsServer]
    await Promise.all([first.kill(), second.kill()])
    relay.add(...numbered(5, 6))
    await until(async () => (await relay.metric('ohmq_relay_delivery_retries_total{sink="out"}')) > 5)
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(0)
    await Promise.all([first.start(), second.start()])
    await relay.drained(10)
    expect(await idsIn(client)).toEqual(ids(10))
  })
})

/** A folder with secrets. */
function secretsFolder(secrets: Record<string, string>): string {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(secrets)) writeFileSync(join(folder, name), text, { mode: 0o600 })
  return folder
}

describe("The sink jetstream and users", () => {
  it("takes a user and a password, and holds events if the server refuses them, without naming them", async () => {
    const server = await startServer('authorization { users: [{ user: relay, password: "s3cret-word" }] }')
    const client = await natsClient(server.url, { user: "relay", pass: "s3cret-word" })
    await client.manager.streams.add(eventsStream)
    const user = ", username: relay, password: file:password"
    const relay = await sink(server.url, user, secretsFolder({ password: "s3cret-word\n" }))
    relay.add(...numbered(5))
    await relay.drained(5)
    expect(await idsIn(client)).toEqual(ids(5))

    const wrong = await sink(server.url, user, secretsFolder({ password: "wr0ng-word" }))
    wrong.add(event("6"))
    await fails(wrong, "The server refuses the credentials")
    expect(JSON.stringify(wrong.log)).not.toContain("wr0ng-word")
    expect(await wrong.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(0)
  })

  it("takes a token", async () => {
    const server = await startServer('authorization { token: "a-token" }')
    const client = await natsClient(server.url, { token: "a-token" })
    await client.manager.streams.add(eventsStream)
    const relay = await sink(server.url, ", token: file:token", secretsFolder({ token: "a-token" }))
    relay.add(event("1"))
    await relay.drained(1)
    expect(await idsIn(client)).toEqual(["1"])
  })

  it("takes the seed of an nkey, and says so if the user may not publish", async () => {
    const user = createUser()
    const seed = new TextDecoder().decode(user.getSeed())
    const server = await startServer(
      `authorization { users: [{ user: admin, password: admin }, { nkey: ${user.getPublicKey()}, permissions: { publish: "events.allowed" } }] }`,
    )
    const client = await natsClient(server.url, { user: "admin", pass: "admin" })
    await client.manager.streams.add(eventsStream)
    const relay = await sink(server.url, ", nkey: file:seed", secretsFolder({ seed }))
    relay.add({ ...event("1"), type: "allowed" })
    await relay.drained(1)
    expect(await idsIn(client)).toEqual(["1"])
    relay.add({ ...event("2"), type: "other" })
    await fails(relay, "The user may not publish to events.other")
  })

  it("takes a file of credentials as nsc writes them", async () => {
    const { config, credentials } = operatorMode()
    const server = await startServer(config)
    const client = await natsClient(server.url, { authenticator: credsAuthenticator(Buffer.from(credentials)) })
    await client.manager.streams.add(eventsStream)
    const relay = await sink(
      server.url,
      ", credentials: file:relay.creds",
      secretsFolder({ "relay.creds": credentials }),
    )
    relay.add(event("1"))
    await relay.drained(1)
    expect(await idsIn(client)).toEqual(["1"])
  })

  it("proves who it is over TLS, and delivers to nobody that it cannot trust", async () => {
    const folder = temporaryFolder()
    certificates(folder)
    const server = await startServer(
      `tls { cert_file: "${folder}/server.pem", key_file: "${folder}/server.key", ca_file: "${folder}/ca.pem", verify: true }`,
    )
    const [ca, cert, key] = ["ca.pem", "client.pem", "client.key"].map((name) =>
      readFileSync(join(folder, name), "utf8"),
    )
    const client = await natsClient(server.url, { tls: { host: "127.0.0.1", ca, cert, key } as never })
    await client.manager.streams.add(eventsStream)
    const url = server.url.replace("nats:", "tls:")
    const relay = await sink(url, ", ca: ca.pem, cert: client.pem, key: client.key", folder)
    relay.add(event("1"))
    await relay.drained(1)
    expect(await idsIn(client)).toEqual(["1"])

    const stranger = await sink(url)
    stranger.add(event("2"))
    await fails(stranger, "unable to verify the first certificate")
    expect(await idsIn(client)).toEqual(["1"])
  })

  it("does not talk to a server without TLS by tls:", async () => {
    const server = await startServer()
    const client = await natsClient(server.url)
    await client.manager.streams.add(eventsStream)
    const relay = await sink(server.url.replace("nats:", "tls:"))
    relay.add(event("1"))
    await fails(relay, "tls")
    expect(await idsIn(client)).toEqual([])
  })
})
