// The configurations of the relays, the responder and the other programs. All of them listen at one address, which only this run uses.

import process from "node:process"
import { fileURLToPath } from "node:url"

const submit = fileURLToPath(new URL("programs/submit.mjs", import.meta.url))
const submitKeys = ["./submitter.key_secret", "./queue.key"]

const delivery = "delivery: { retryMin: 50ms, retryMax: 1s, openAfter: 5s }"
const quote = JSON.stringify

/** Where everybody listens: `tcp` and `http` make addresses of the names. */
export interface Addresses {
  tcp(name: string): string
  http(name: string): string
  /** HOST:PORT */
  bare(name: string): string
}

/** The relay beside the developers: pushes become tasks. Of the events of the queue, findings go to the hub, and who had which task into files. */
export const edge = (at: Addresses, certificate: string): string => `version: 1
store: { path: ./disk/data, maxBytes: 24MiB, retention: 10s }
http: { listen: ${quote(at.bare("edge"))} }
sources:
  hooks: { type: webhook, preset: github, path: /github, secret: env:GITHUB_SECRET }
  scans:
    type: link
    bind: ${quote(at.tcp("scans"))}
    security: { cert: ./scans.key_secret, clients: ./clients }
    heartbeat: 1s
    trustSender: [queue]
routes:
  - { name: pushes, from: [hooks], when: 'type == "com.github.push"', to: [tasks] }
  - { name: findings, from: [scans], when: 'type == "finding.reported"', to: [hub], whenFull: wait }
  - { name: ends, from: [scans], when: 'type in ["task.finished", "task.failed", "task.expired", "task.cancelled"]', to: [ends], whenFull: wait }
  - { name: leases, from: [scans], when: 'type == "task.leased"', to: [leases], whenFull: wait }
sinks:
  tasks: { type: exec, command: ${quote([process.execPath, submit, at.tcp("queue"), ...submitKeys])}, ${delivery} }
  ends: { type: file, path: ./ends.ndjson }
  leases: { type: file, path: ./leases.ndjson }
${linkTo(at.tcp("network"), certificate)}
`

const linkTo = (connect: string, certificate: string): string => `  hub:
    type: link
    connect: ${quote(connect)}
    security: { cert: ./${certificate}.key_secret, serverKey: ./hub.key }
    heartbeat: 1s`

/** A relay of an old host, which sends until its certificate is revoked. */
export const oldHost = (at: Addresses): string => `version: 1
store: { path: ./data, maxBytes: 10MiB }
sources: { clock: { type: timer, every: 500ms, eventType: probe.sent } }
routes: [{ name: all, from: [clock], to: [hub] }]
sinks:
${linkTo(at.tcp("edges"), "old-host")}
`

const hubSinks = ["archive", "trail", "syslog", "splunk", "elastic", "stream", "numbers", "respond"]

export const hub = (at: Addresses, urls: { splunk: string; elastic: string }): string => `version: 1
store: { path: ./disk/data, maxBytes: 48MiB, retention: 10s }
http: { listen: ${quote(at.bare("hub"))} }
sources:
  edges:
    type: link
    bind: ${quote(at.tcp("edges"))}
    security: { cert: ./hub.key_secret, clients: ./clients }
    heartbeat: 1s
    trustSender: [edge]
routes:
  - { name: findings, from: [edges], when: 'type == "finding.reported"', to: [${hubSinks.join(", ")}], whenFull: wait }
  - { name: probes, from: [edges], when: 'type == "probe.sent"', to: [probes], whenFull: wait }
sinks:
  archive: { type: file, path: ./archive.ndjson }
  probes: { type: file, path: ./probes.ndjson }
  trail: { type: audit, path: ./disk/trail, name: gate.example.com/hub, ${delivery} }
  syslog: { type: syslog, connect: ${quote(at.tcp("syslog"))}, ${delivery} }
  splunk: { type: splunk-hec, url: ${quote(urls.splunk)}, token: env:SPLUNK_TOKEN, ack: true, ackTimeout: 5s, ${delivery} }
  elastic: { type: elasticsearch, url: ${quote(urls.elastic)}, dataStream: logs-ohmq-default, ${delivery} }
  stream: { type: jetstream, servers: ${quote(`nats://${at.bare("nats")}`)}, subject: findings, timeout: 5s, concurrency: 64, ${delivery} }
  numbers: { type: prometheus, rules: [{ counter: findings_total }] }
  respond: { type: webhook, url: ${quote(`${at.http("responder")}/findings`)}, secret: env:STANDARD_SECRET, timeout: 10s, concurrency: 8, ${delivery} }
`

/** Each finding that is an error becomes a ticket. Its data is the event that the hub has sent. */
export const responder = (at: Addresses, tickets: string): string => `version: 1
store: { path: ./disk/data, maxBytes: 48MiB, retention: 10s }
audit: { path: ./disk/audit, name: gate.example.com/respond }
http: { listen: ${quote(at.bare("responder"))} }
sources:
  findings: { type: webhook, preset: standard-webhooks, path: /findings, secret: env:STANDARD_SECRET }
actions:
  ticket:
    type: webhook
    url: ${quote(tickets)}
    parameters: { finding: { type: text } }
    timeout: 30s
    concurrency: 8
    idempotent: true
rules:
  - name: tickets
    when: type == "finding.reported" && data.data.level == "error"
    do: ticket
    with: { finding: data.id }
    limit: { count: 1000, per: 1s }
`

export const nats = (at: Addresses, folder: string): string => `server_name: gate
listen: ${quote(at.bare("nats"))}
jetstream { store_dir: ${quote(folder)} }
`

/** Writes the structured data of each message, which has the id of the event. */
export const rsyslog = (
  host: string,
  port: number,
  folder: string,
): string => `global(workDirectory=${quote(folder)} maxMessageSize="64k")
module(load="imtcp")
template(name="ids" type="string" string="%structured-data%\\n")
input(type="imtcp" port="${port}" address="${host}")
action(type="omfile" file="${folder}/messages" template="ids")
`
