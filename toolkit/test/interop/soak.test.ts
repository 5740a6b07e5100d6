// A relay with all kinds of sinks, each of which fails at random again and again: everything arrives everywhere, and memory stays flat.
// OHMQ_SOAK_SECONDS says for how long: 3600 for the figures in docs/performance.md.

import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs"
import { appendFile } from "node:fs/promises"
import { createServer, type Server, type Socket } from "node:net"
import { join } from "node:path"
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import { Pull } from "ohmq"
import { expect, it, onTestFinished } from "vitest"
import { random } from "../link/ends.js"
import { ElasticsearchServer } from "../relay/contract/elasticsearch.js"
import { SplunkServer } from "../relay/contract/splunk.js"
import { linked } from "../relay/links.js"
import { env, freePort, linesOf, ohmq, RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { type Endpoint, HookServer, httpEndpoint } from "./endpoints.js"
import { rssOf, type Sample, slope } from "./memory.js"
import { eventIdsOf, NatsServer, natsClient } from "./nats.js"

const seconds = Number(process.env.OHMQ_SOAK_SECONDS ?? 15)
const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)
/** A longer soak has longer outages. */
const outageMs = seconds < 120 ? 1500 : 15_000

/** A receiver of syslog that is gone at times. */
async function syslogEndpoint(): Promise<Endpoint & { port: number }> {
  const port = await freePort()
  const ids: string[] = []
  const sockets = new Set<Socket>()
  const accept = (socket: Socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
    let rest = Buffer.alloc(0)
    socket.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      // Each message has its length before it (RFC 6587, section 3.4.1).
      for (;;) {
        const start = rest.indexOf(" ") + 1
        const end = start + Number(rest.subarray(0, start).toString())
        if (start === 0 || rest.length < end) break
        const id = / \[cloudevents@32473 id="([^"]*)"/.exec(rest.subarray(start, end).toString())?.[1]
        if (id === undefined) throw new Error(`No message: ${rest.subarray(0, end)}`)
        ids.push(id)
        rest = rest.subarray(end)
      }
    })
    socket.on("error", () => {})
  }
  let server: Server
  const listen = () =>
    new Promise<void>((done) => {
      server = createServer(accept).listen(port, "127.0.0.1", done)
    })
  /** It reads until the sender has closed, too: nothing tells a sender what a server had not read (docs/relay.md). */
  const close = async () => {
    const closed = new Promise((done) => server.close(done))
    for (const socket of sockets) socket.end()
    await closed
  }
  await listen()
  onTestFinished(() => close())
  return {
    port,
    ids: () => ids,
    isOnce: false,
    async fail() {
      await close()
      return listen
    },
  }
}

/** A command that fails while a file is there. */
function execEndpoint(folder: string): Endpoint {
  writeFileSync(join(folder, "run"), "#!/bin/sh\n[ -e down ] && { echo away >&2; exit 3; }\ncat >> exec.ndjson\n")
  chmodSync(join(folder, "run"), 0o755)
  return {
    ids: () => idsIn(join(folder, "exec.ndjson")),
    isOnce: true,
    async fail() {
      writeFileSync(join(folder, "down"), "")
      return async () => rmSync(join(folder, "down"))
    },
  }
}

/** A server of NATS that is killed, or does not answer. */
async function natsEndpoint(): Promise<Endpoint & { url: string }> {
  const server = await (await NatsServer.create()).start()
  const client = await natsClient(server.url)
  await client.manager.streams.add({ name: "soak", subjects: ["soak"], duplicate_window: 4 * 3600e9 })
  return {
    url: server.url,
    isOnce: true,
    ids: () => eventIdsOf(client, "soak"),
    async fail(choice) {
      if (choice < 0.5) {
        await server.kill()
        return () => server.start()
      }
      server.signal("SIGSTOP")
      return async () => server.signal("SIGCONT")
    },
  }
}

/** A PULL socket that does not read for a while. */
async function pullEndpoint(): Promise<Endpoint & { port: number }> {
  const port = await freePort()
  const pull = new Pull({ receiveHighWaterMark: 100 })
  await pull.bind(`tcp://127.0.0.1:${port}`)
  onTestFinished(() => pull.close())
  const ids: string[] = []
  let mayRead: Promise<unknown> = Promise.resolve()
  const read = async () => {
    for await (const [, envelope] of pull) {
      ids.push((JSON.parse(String(envelope)) as { id: string }).id)
      await mayRead
    }
  }
  read().catch(() => {})
  return {
    port,
    ids: () => ids,
    isOnce: true,
    async fail() {
      let goOn = () => {}
      mayRead = new Promise<void>((resolve) => {
        goOn = resolve
      })
      return async () => goOn()
    },
  }
}

/** The relay at the other end of a link, which is killed. */
async function hubEndpoint(folder: string, config: string): Promise<Endpoint> {
  let hub = await RelayProcess.start(folder, config)
  return {
    ids: () => idsIn(join(folder, "events.ndjson")),
    isOnce: true,
    async fail(choice) {
      if (choice < 0.5) {
        hub.child.kill("SIGSTOP")
        return async () => hub.child.kill("SIGCONT")
      }
      await hub.end("SIGKILL")
      return async () => {
        hub = await RelayProcess.start(folder)
      }
    },
  }
}

const idsIn = (file: string): string[] => (existsSync(file) ? linesOf(file).map(({ id }) => id) : [])

it(`A relay brings everything to all its sinks, which fail at random (${seconds} s, seed ${seed})`, {
  timeout: (seconds * 1.2 + 240) * 1000,
}, async () => {
  console.log(`OHMQ_SEED=${seed} OHMQ_SOAK_SECONDS=${seconds}`)
  const next = random(seed)
  const { folders, ...config } = await linked()
  const folder = folders.edge
  env.SOAK_TOKEN = "11111111-2222-3333-4444-555555555555"
  const splunk = new SplunkServer()
  splunk.hasAck = true
  const elastic = new ElasticsearchServer()
  const hook = new HookServer()
  const syslog = await syslogEndpoint()
  const nats = await natsEndpoint()
  const pull = await pullEndpoint()
  const endpoints: Record<string, Endpoint> = {
    splunk: await httpEndpoint(splunk, () => splunk.indexed.map(({ event }) => (event as { id: string }).id)),
    elastic: await httpEndpoint(
      elastic,
      () => [...elastic.documentsIn("logs-ohmq-default").values()].map(({ event }) => (event as { id: string }).id),
      true,
    ),
    hook: await httpEndpoint(hook, () => hook.ids),
    syslog,
    stream: nats,
    command: execEndpoint(folder),
    pull,
    hub: await hubEndpoint(folders.hub, config.hub),
  }
  const delivery = "delivery: { retryMin: 50ms, retryMax: 1s, openAfter: 5s }"
  const spool = join(temporaryFolder(), "in.ndjson")
  writeFileSync(spool, "")
  const all = [...Object.keys(endpoints), "local", "numbers"].join(", ")
  const relay = await RelayProcess.start(
    folder,
    `${config.edge.replace(
      /routes:[\s\S]*?sinks:/,
      `  spool: { type: file, path: ${JSON.stringify(spool)}, format: events }
routes: [{ name: all, from: [hooks, spool], when: 'type != "com.github.ping"', to: [${all}] }]
sinks:`,
    )}  splunk: { type: splunk-hec, url: "${splunk.url}", token: env:SOAK_TOKEN, ack: true, ackTimeout: 5s, ${delivery} }
  elastic: { type: elasticsearch, url: "${elastic.url}", dataStream: logs-ohmq-default, ${delivery} }
  hook: { type: webhook, url: "${hook.url}", timeout: 2s, concurrency: 16, ${delivery} }
  syslog: { type: syslog, connect: "tcp://127.0.0.1:${syslog.port}", ${delivery} }
  stream: { type: jetstream, servers: "${nats.url}", subject: soak, timeout: 2s, concurrency: 64, ${delivery} }
  command: { type: exec, command: ["./run"], ${delivery} }
  pull: { type: zmq, socket: push, connect: "tcp://127.0.0.1:${pull.port}", ${delivery} }
  numbers: { type: prometheus, rules: [{ counter: soak_events_total }] }
`,
  )
  const began = Date.now()
  const isOver = () => Date.now() - began > seconds * 1000

  const sent: string[] = []
  const webhooks = Array.from({ length: 4 }, async (_, client) => {
    for (let number = 0; !isOver(); number++) {
      const id = `hook-${client}-${number}`
      while (
        !(await relay.github(JSON.stringify({ id }), id).then(
          ({ status }) => status === 202,
          () => false,
        ))
      )
        await wait(50)
      sent.push(id)
      await wait(40)
    }
  })
  const spooled = (async () => {
    for (let number = 0; !isOver(); number++) {
      const id = `file-${number}`
      const event = {
        specversion: "1.0",
        id,
        source: "/soak",
        type: "finding.reported",
        time: new Date().toISOString(),
        data: { number },
      }
      await appendFile(spool, `${JSON.stringify(event)}\n`)
      sent.push(id)
      await wait(20)
    }
  })()

  const outages: Record<string, number> = {}
  const flapping = Object.entries(endpoints).map(async ([name, endpoint]) => {
    while (!isOver()) {
      await wait(next() * outageMs)
      const end = await endpoint.fail(next())
      outages[name] = (outages[name] ?? 0) + 1
      await wait(next() * outageMs)
      await end()
    }
  })

  const samples: Sample[] = []
  while (!isOver()) {
    samples.push({ hours: (Date.now() - began) / 3600e3, rss: rssOf(relay.child.pid) })
    await wait(seconds < 120 ? 500 : 10_000)
  }
  await Promise.all([...webhooks, spooled, ...flapping])

  // Before anything is compared, so that the figures are there in any case.
  const late = samples.filter(({ hours }) => hours > (seconds / 3600) * 0.25)
  const rss = samples.map((sample) => sample.rss).toSorted((a, b) => a - b)
  const memory = { least: rss.at(0), median: rss[rss.length >> 1], most: rss.at(-1), aHour: slope(late) }
  console.log(JSON.stringify({ events: sent.length, outages, memory }))
  const names = [...Object.keys(endpoints), "local", "numbers"]
  await until(async () => {
    const lags = await Promise.all(names.map((name) => relay.metric(`ohmq_relay_sink_lag_events{sink="${name}"}`)))
    const taken = (await relay.metric('ohmq_relay_events_in_total{source="spool"}')) ?? 0
    return lags.every((lag) => lag === 0) && taken === sent.filter((id) => id.startsWith("file")).length
  })
  const expected = sent.toSorted()
  await until(() => idsIn(join(folders.hub, "events.ndjson")).length >= expected.length)
  await until(() => (pull.ids() as string[]).length >= expected.length)
  expect(idsIn(join(folder, "events.ndjson")).toSorted()).toEqual(expected)
  expect(await relay.metric("soak_events_total")).toBe(expected.length)
  const extra: Record<string, number> = {}
  for (const [name, endpoint] of Object.entries(endpoints)) {
    const ids = (await endpoint.ids()).toSorted()
    expect([...new Set(ids)], name).toEqual(expected)
    extra[name] = ids.length - expected.length
    if (endpoint.isOnce) expect(ids.length, name).toBe(expected.length)
  }
  for (const name of names)
    expect((await relay.metric(`ohmq_relay_events_dead_total{sink="${name}"}`)) ?? 0, name).toBe(0)
  expect(await relay.end()).toBe(0)
  const books = ohmq(folder, "relay", "reconcile")
  expect(books.status, books.stdout + books.stderr).toBe(0)
  console.log(JSON.stringify({ sentTwice: extra }))
})
