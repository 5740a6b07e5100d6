// The whole of it: a queue with workers, a relay at the edge, one at the hub, a responder, and what they deliver to.

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { generateKeyPair } from "ohmq/security"
import { proxied } from "../../link/support.js"
import { ElasticsearchServer } from "../../relay/contract/elasticsearch.js"
import { type Answer, ContractServer, type Request } from "../../relay/contract/server.js"
import { SplunkServer } from "../../relay/contract/splunk.js"
import { SmallDisk } from "../../relay/small-disk.js"
import { command, env, freePort } from "../../relay/support.js"
import { isListening } from "../daemons.js"
import { type Endpoint, httpEndpoint } from "../endpoints.js"
import { prometheusArgs, scrapeConfig } from "../prometheus.js"
import * as configurations from "./configurations.js"
import { diskTarget, networkTarget, processTarget, serverTarget, type Target } from "./faults.js"
import { Service } from "./service.js"

const queueProgram = fileURLToPath(new URL("programs/queue.mjs", import.meta.url))

/** An address of this machine that nobody else uses, so that ports stay free while a program is away. */
const ownHost = (): string => `127.${1 + Math.floor(Math.random() * 254)}.${Math.floor(Math.random() * 256)}.1`

/** Opens a ticket for each response, and keeps the ids of their findings. */
export class TicketServer extends ContractServer {
  readonly findings: string[] = []

  protected handle({ body }: Request): Answer {
    const { data } = JSON.parse(String(body)) as { data: { parameters: { finding: string } } }
    this.findings.push(data.parameters.finding)
    return { status: 201 }
  }
}

const names = ["edge", "scans", "hub", "edges", "queue", "responder", "syslog", "nats", "prometheus"] as const
type Name = (typeof names)[number]

export type Pipeline = Awaited<ReturnType<typeof startPipeline>>

/** Starts everything in a folder. */
export async function startPipeline(folder: string) {
  const at = (...parts: string[]) => join(folder, ...parts)
  const host = ownHost()
  const ports = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await freePort(host)] as const)),
  ) as Record<Name, number>
  const network = await proxied(() => ports.edges, host)
  const workNetwork = await proxied(() => ports.queue, host)
  const bare = (name: string) => `${host}:${ports[name as Name]}`
  const addresses: configurations.Addresses = {
    bare,
    http: (name) => `http://${bare(name)}`,
    tcp: (name) => (name === "network" ? network.endpoint : `tcp://${bare(name)}`),
  }

  for (const name of [
    "edge",
    "hub",
    "queue",
    "responder",
    "old-host",
    "nats",
    "rsyslog",
    "prometheus",
    "log",
    "checkouts",
  ])
    mkdirSync(at(name), { recursive: true, mode: 0o700 })
  const disks = {
    edge: new SmallDisk(at("edge/disk"), 64),
    hub: new SmallDisk(at("hub/disk"), 256),
    queue: new SmallDisk(at("queue/disk"), 256),
    responder: new SmallDisk(at("responder/disk"), 128),
  }
  const { rotate, revoke } = await makeCertificates(at, addresses)

  const [splunk, elastic, tickets] = [new SplunkServer(), new ElasticsearchServer(), new TicketServer()]
  for (const server of [splunk, elastic, tickets]) server.host = host
  splunk.hasAck = true
  const idOf = (event: unknown) => (event as { id: string }).id
  const ids = {
    splunk: () => splunk.indexed.map(({ event }) => idOf(event)),
    elastic: () => [...elastic.documentsIn("logs-ohmq-default").values()].map(({ event }) => idOf(event)),
  }
  const servers: Record<"splunk" | "elastic", Endpoint> = {
    splunk: await httpEndpoint(splunk, ids.splunk),
    elastic: await httpEndpoint(elastic, ids.elastic, true),
  }
  await tickets.listen()

  writeFileSync(at("hub/relay.yaml"), configurations.hub(addresses, { splunk: splunk.url, elastic: elastic.url }))
  writeFileSync(at("responder/rules.yaml"), configurations.responder(addresses, tickets.url))
  writeFileSync(at("old-host/relay.yaml"), configurations.oldHost(addresses))
  writeFileSync(at("nats/nats.conf"), configurations.nats(addresses, at("nats/data")))
  writeFileSync(at("rsyslog/rsyslog.conf"), configurations.rsyslog(host, ports.syslog, at("rsyslog")))
  writeFileSync(at("prometheus/prometheus.yml"), scrapeConfig([addresses.http("hub"), addresses.http("edge")]))

  /** `sign` is where it listens once it works, or what it says then. */
  const service = (name: string, cwd: string, sign: Name | { says: string }, ...args: string[]) =>
    new Service({
      name,
      command: args,
      cwd: at(cwd),
      env: { ...env, SPLUNK_TOKEN: splunk.token },
      log: at("log", `${name}.log`),
      isUp: (said) => (typeof sign === "string" ? isListening(ports[sign], host) : said().includes(sign.says)),
    })
  const node = process.execPath
  const worker = (name: string) => {
    const scanner = ["flawfinder", "--quiet", "--sarif", "{path}"]
    const options = ["--queue", workNetwork.endpoint, "--worker", name, "--concurrency", "2"]
    return service(name, ".", { says: "works for" }, node, command, "tasks", "work", ...options, "--", ...scanner)
  }
  const queueArgs = [at("queue/disk/store"), addresses.tcp("queue"), addresses.tcp("scans")]
  const queueCerts = [at("queue/queue.key_secret"), at("queue/edge.key")]
  const services = {
    nats: service("nats", "nats", "nats", "nats-server", "-c", at("nats/nats.conf")),
    rsyslog: service(
      "rsyslog",
      "rsyslog",
      "syslog",
      "rsyslogd",
      "-n",
      "-f",
      at("rsyslog/rsyslog.conf"),
      "-i",
      at("rsyslog/pid"),
    ),
    prometheus: service(
      "prometheus",
      "prometheus",
      "prometheus",
      "prometheus",
      ...prometheusArgs(at("prometheus/prometheus.yml"), at("prometheus/data"), bare("prometheus")),
    ),
    responder: service("responder", "responder", "responder", node, command, "respond", "run"),
    hub: service("hub", "hub", "hub", node, command, "relay", "run"),
    edge: service("edge", "edge", "edge", node, command, "relay", "run"),
    queue: service("queue", "queue", "queue", node, queueProgram, ...queueArgs, ...queueCerts),
    "worker-1": worker("worker-1"),
    "worker-2": worker("worker-2"),
    "old-host": service("old-host", "old-host", { says: "The relay takes events" }, node, command, "relay", "run"),
  }
  for (const one of Object.values(services)) await one.start()

  const targets: Target[] = [
    ...(["edge", "hub", "queue", "worker-1", "worker-2", "responder", "nats", "prometheus"] as const).map((name) =>
      processTarget(services[name]),
    ),
    // Syslog acknowledges nothing: what a server had received when it was killed is lost, by its protocol (docs/relay.md).
    processTarget(services.rsyslog, { mayBeKilled: false }),
    networkTarget("edge to hub", network),
    networkTarget("workers to queue", workNetwork),
    ...Object.entries(servers).map(([name, endpoint]) => serverTarget(name, endpoint)),
    {
      name: "tickets",
      begin: async () => {
        tickets.delay = 500
        return [
          "server slow",
          async () => {
            tickets.delay = 0
          },
        ]
      },
    },
    ...Object.entries(disks).flatMap(([name, disk]) => (disk.isMounted ? [diskTarget(`disk of ${name}`, disk)] : [])),
  ]
  return { at, addresses, ports, disks, services, targets, ids, elastic, tickets, rotate, revoke }
}

/** Makes the certificates of all links. */
async function makeCertificates(at: (...parts: string[]) => string, addresses: configurations.Addresses) {
  const pairs = Object.fromEntries(
    ["edge", "hub", "queue", "old-host"].map((name) => [name, generateKeyPair({ name })]),
  )
  const save = async (name: string, file: string) => pairs[name]?.save(at(file))
  const savePublic = async (name: string, file: string) => pairs[name]?.savePublic(at(file))
  for (const folder of ["edge/clients", "hub/clients"]) mkdirSync(at(folder), { mode: 0o700 })
  await save("edge", "edge/server.key")
  await savePublic("edge", "queue/edge.key")
  await save("queue", "queue/queue.key")
  await savePublic("queue", "edge/clients/queue.key")
  await save("hub", "hub/server.key")
  for (const folder of ["edge", "old-host"]) await savePublic("hub", `${folder}/hub.key`)
  await save("old-host", "old-host/old-host.key")
  await savePublic("old-host", "hub/clients/old-host.key")

  let count = 0
  /** The edge gets a new certificate of the same name. */
  const renew = async () => {
    const name = `edge-${++count}`
    const pair = generateKeyPair({ name: "edge" })
    await pair.savePublic(at("hub/clients", `${name}.key`))
    await pair.save(at("edge", `${name}.key`))
    writeFileSync(at("edge/relay.new"), configurations.edge(addresses, name))
    renameSync(at("edge/relay.new"), at("edge/relay.yaml"))
    return name
  }
  await renew()
  return {
    /** As docs/security.md says: both are let in, the edge changes over, the old one is removed. */
    rotate: async () => {
      const old = `edge-${count}`
      await renew()
      return () => rmSync(at("hub/clients", `${old}.key`))
    },
    revoke: () => rmSync(at("hub/clients/old-host.key")),
  }
}
