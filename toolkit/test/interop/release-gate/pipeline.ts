// The whole of it: a queue with workers, a relay at the edge, one at the hub, a responder, and what they deliver to.

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
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

/** With them, the memory of a process is what it holds, and not what V8 has filled with garbage before it looks: new memory is small, and the old is looked through often. */
const nodeOptions = `--max-semi-space-size=1 --import ${new URL("programs/collect.mjs", import.meta.url)}`

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
    "workers",
    "operator",
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
      env: { ...env, SPLUNK_TOKEN: splunk.token, NODE_OPTIONS: nodeOptions },
      log: at("log", `${name}.log`),
      isUp: (said) => (typeof sign === "string" ? isListening(ports[sign], host) : said().includes(sign.says)),
    })
  const node = process.execPath
  const worker = (name: string, cert: string, queue: string, concurrency: number) => {
    const options = ["--queue", queue, "--worker", name, "--concurrency", String(concurrency)]
    const keys = ["--cert", at(`${cert}.key_secret`), "--server-cert", at("queue/queue.key")]
    const scanner = ["--", "flawfinder", "--quiet", "--sarif", "{path}"]
    return service(name, ".", { says: "works for" }, node, command, "tasks", "work", ...options, ...keys, ...scanner)
  }
  const queueArgs = ["--bind", addresses.tcp("queue"), "--store", "./disk/store", "--lease", "5s"]
  const queueKeys = ["--cert", "./queue.key_secret", "--clients", "./clients"]
  const queueRelay = ["--relay", addresses.tcp("scans"), "--relay-cert", "./scans.key"]
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
    queue: service(
      "queue",
      "queue",
      "queue",
      node,
      command,
      "tasks",
      "serve",
      ...queueArgs,
      ...queueKeys,
      ...queueRelay,
    ),
    "worker-1": worker("worker-1", "workers/worker-1", workNetwork.endpoint, 2),
    "worker-2": worker("worker-2", "workers/worker-2", workNetwork.endpoint, 2),
    "old-worker": worker("old-worker", "old-host/old-host", addresses.tcp("queue"), 1),
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

/** The folder of each certificate, and who else has its public part. That of the edge is replaced, and made below. */
const certificates: Record<string, { folder: string; publicIn: string[] }> = {
  hub: { folder: "hub", publicIn: ["edge", "old-host"] },
  scans: { folder: "edge", publicIn: ["queue"] },
  queue: { folder: "queue", publicIn: ["edge", "edge/clients"] },
  submitter: { folder: "edge", publicIn: ["queue/clients"] },
  operator: { folder: "operator", publicIn: ["queue/clients"] },
  "worker-1": { folder: "workers", publicIn: ["queue/clients"] },
  "worker-2": { folder: "workers", publicIn: ["queue/clients"] },
  "old-host": { folder: "old-host", publicIn: ["hub/clients", "queue/clients"] },
}

/** Makes the certificates of all links, of the queue and of those who use it. */
async function makeCertificates(at: (...parts: string[]) => string, addresses: configurations.Addresses) {
  for (const folder of ["edge/clients", "hub/clients", "queue/clients"]) mkdirSync(at(folder), { mode: 0o700 })
  for (const [name, { folder, publicIn }] of Object.entries(certificates)) {
    const pair = generateKeyPair({ name })
    await pair.save(at(folder, `${name}.key`))
    for (const one of publicIn) await pair.savePublic(at(one, `${name}.key`))
  }

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
    revoke: () => {
      for (const folder of ["hub", "queue"]) rmSync(at(folder, "clients/old-host.key"))
    },
  }
}
