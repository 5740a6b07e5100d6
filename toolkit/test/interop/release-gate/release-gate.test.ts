// All of the toolkit together, while everything that it runs on fails: nothing is lost, and nothing is there twice where it must not be.
// `npm run gate` runs it for ten minutes, and writes docs/gate-report.md. OHMQ_GATE_SECONDS and OHMQ_SEED say for how long, and how.

import { readdirSync, writeFileSync } from "node:fs"
import { cpus, loadavg } from "node:os"
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import { expect, it, onTestFinished } from "vitest"
import { random } from "../../link/ends.js"
import { ohmq, sendGithub, temporaryFolder, until } from "../../relay/support.js"
import { natsClient } from "../nats.js"
import { prometheusApi } from "../prometheus.js"
import { type Commit, commit } from "./commits.js"
import {
  answersStrangers,
  archived,
  audited,
  ends,
  findingKey,
  leases,
  leftOver,
  probes,
  queueProblems,
  scanned,
  streamIds,
  syslogIds,
  valuesOf,
} from "./evidence.js"
import { failAll } from "./faults.js"
import { type Pipeline, startPipeline } from "./pipeline.js"
import { MemoryWatch } from "./rss.js"
import { problemsOf, type Station, tallyOf } from "./stations.js"

const seconds = Number(process.env.OHMQ_GATE_SECONDS ?? 40)
const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)
/** A folder that is kept. */
const kept = process.env.OHMQ_GATE_FOLDER
/** How many findings may be under way: a busy machine is slower. */
const underWay = 300
/** For how long nothing may arrive, although something is missing. */
const patienceMs = 90_000
const mark = "OHMQ_GATE_RUN"
/** The names in the certificates of the workers. */
const workers = ["worker-1", "worker-2", "old-host"]
/** How long a program may take to notice that a certificate is gone. */
const noticeMs = 2000

/** What developers push, as often as it takes until the edge has it on disk. */
class Developers {
  readonly commits: Commit[] = []
  findings = 0
  again = 0
  #count = 0
  readonly #next = random(seed)
  readonly #pipeline: Pipeline

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline
  }

  async push(): Promise<void> {
    const { at, addresses } = this.#pipeline
    const made = commit(at(), ++this.#count, this.#next)
    const send = () =>
      sendGithub(`${addresses.http("edge")}/github`, made.push, made.sha).then(
        ({ status }) => status === 202,
        () => false,
      )
    while (!(await send())) {
      this.again++
      await wait(100)
    }
    this.commits.push(made)
    this.findings += made.findings.length
    // GitHub sends some deliveries again, which somebody asks for.
    if (this.#next() < 0.1) await send()
  }

  /** One of them pushes until it is over, but never far ahead of the others. */
  async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.findings - this.#pipeline.elastic.documentsIn("logs-ohmq-default").size < underWay) await this.push()
      await wait(200)
    }
  }
}

/** Rotates the certificate of the edge three times, and revokes that of the old host. Resolves to when it was. */
async function renewCertificates({ addresses, rotate, revoke }: Pipeline): Promise<number> {
  const step = seconds * 200
  const isConnected = () =>
    valuesOf(addresses.http("edge"), "ohmq_relay_link_connected").then(
      (values) => [...values.values()].includes(1),
      () => false,
    )
  let revoked = 0
  for (let turn = 1; turn <= 3; turn++) {
    await wait(step)
    const removeOld = await rotate()
    await wait(2000)
    await Promise.race([until(isConnected), wait(5000)])
    removeOld()
    if (turn !== 2) continue
    revoke()
    revoked = Date.now()
  }
  return revoked
}

/** Waits until all have arrived everywhere, or nothing moves any more. */
async function settled(counts: () => Promise<number[]>, expected: () => number[]): Promise<void> {
  let before = ""
  let since = Date.now()
  for (;;) {
    const now = await counts().catch(() => [])
    if (now.length > 0 && expected().every((count, index) => (now[index] ?? 0) >= count)) return
    if (now.join() !== before) since = Date.now()
    before = now.join()
    if (Date.now() - since > patienceMs) return
    await wait(500)
  }
}

it(`The whole way, from a push to the audit log, loses nothing (${seconds} s, seed ${seed})`, {
  timeout: (seconds * 2 + 900) * 1000,
}, async () => {
  console.log(`OHMQ_SEED=${seed} OHMQ_GATE_SECONDS=${seconds}`)
  const folder = kept ?? temporaryFolder()
  process.env[mark] = folder
  onTestFinished(() => {
    delete process.env[mark]
  })
  const problems: string[] = []
  const began = Date.now()
  const pipeline = await startPipeline(folder)
  const { at, addresses, services, ids, tickets } = pipeline
  const stream = await natsClient(`nats://${addresses.bare("nats")}`)
  await stream.manager.streams.add({ name: "findings", subjects: ["findings"], duplicate_window: 4 * 3600e9 })
  const developers = new Developers(pipeline)
  const ours = [
    services.edge,
    services.hub,
    services.queue,
    services.responder,
    services["worker-1"],
    services["worker-2"],
    services["old-worker"],
    services["old-host"],
  ]
  const memory = new MemoryWatch(ours)
  const progress = setInterval(() => {
    const arrived = pipeline.elastic.documentsIn("logs-ohmq-default").size
    const { commits, findings } = developers
    process.stderr.write(`gate: ${commits.length} pushes, ${findings} findings, ${arrived} of them in Elasticsearch\n`)
  }, 20_000)
  onTestFinished(() => clearInterval(progress))

  // The storm.
  const started = Date.now()
  const signal = AbortSignal.timeout(seconds * 1000)
  const gapMs = Math.min(30_000, Math.max(10_000, seconds * 100))
  const [faults, revoked] = await Promise.all([
    failAll(pipeline.targets, { seed, gapMs, downMs: Math.min(4000, seconds * 50), signal }),
    renewCertificates(pipeline),
    developers.work(signal),
    developers.work(signal),
  ])
  const stormed = Date.now()

  // What is under way arrives.
  const errors = () =>
    developers.commits.flatMap(({ findings }) => findings).filter(({ level }) => level === "error").length
  const counts = async () => {
    const [atSplunk, atSyslog] = [new Set(ids.splunk()).size, new Set(syslogIds(pipeline)).size]
    const inStream = (await stream.manager.streams.info("findings")).state.messages
    const lags = await Promise.all(
      ["edge", "hub"].map(async (name) => [
        ...(await valuesOf(addresses.http(name), "ohmq_relay_sink_lag_events")).values(),
      ]),
    )
    const isDone = lags.flat().every((lag) => lag === 0) ? 1 : 0
    const all = [archived(pipeline).length, ids.elastic().length, atSplunk, atSyslog, inStream]
    return [...all, new Set(tickets.findings).size, ends(pipeline).length, isDone]
  }
  const expectedCounts = () => [
    ...Array.from({ length: 5 }, () => developers.findings),
    errors(),
    developers.commits.length,
    1,
  ]
  for (const service of Object.values(services)) await service.up()
  await settled(counts, expectedCounts)
  const drained = Date.now()

  // Without faults, Prometheus sees each finding.
  const prometheus = prometheusApi(addresses.bare("prometheus"))
  const atHub = async () => [...(await valuesOf(addresses.http("hub"), "findings_total")).values()][0] ?? 0
  const scraped = async () => Number((await prometheus.query("sum(findings_total)").catch(() => []))[0]?.value[1] ?? -1)
  const before = await atHub()
  const findingsBefore = developers.findings
  for (let number = 0; number < 10; number++) await developers.push()
  await settled(counts, expectedCounts)
  const more = developers.findings - findingsBefore
  await Promise.race([until(async () => (await scraped()) === before + more), wait(60_000)])
  const seen = (await scraped()) - before
  if (seen !== more) problems.push(`Prometheus has seen ${seen} of ${more} findings without faults`)

  // What the stations have. To read all results at once is no work that goes on, so memory is measured until here.
  const rss = memory.end(at("memory.json"))
  const tasks = await scanned(pipeline)
  if (await answersStrangers(pipeline)) problems.push("The queue answers somebody whose certificate it does not have")
  const streamed = await streamIds(stream)
  await stream.connection.close()
  for (const name of ["edge", "hub", "responder"])
    for (const metric of [
      "ohmq_relay_sink_dead_letters",
      "ohmq_relay_events_lost_total",
      "ohmq_relay_link_events_missing_total",
    ])
      for (const [labels, value] of await valuesOf(addresses.http(name), metric))
        if (value !== 0) problems.push(`${name}: ${labels} is ${value}`)
  for (const service of [...ours, services.prometheus, services.rsyslog, services.nats]) {
    const code = await service.stop()
    if (ours.includes(service) && code !== 0) problems.push(`${service.name} ended with ${code} when it was stopped`)
  }
  const ended = Date.now()

  const pushes = new Set(developers.commits.map(({ sha }) => sha))
  const known = developers.commits.flatMap(({ findings }) => findings)
  const found = archived(pipeline)
  const allIds = new Set(found.map(({ id }) => id))
  const errorIds = new Set(found.filter(({ data }) => data.level === "error").map(({ id }) => id))
  const trail = await audited(at("hub/disk/trail"))
  const responses = await audited(at("responder/disk/audit"))
  const ofType = (type: string) => responses.entries.filter((entry) => entry.type === type)
  const decided = ofType("response.decided").map(({ parameters }) => (parameters as { finding: string }).finding)
  const recorded = trail.entries.filter(({ type }) => type === "event.recorded")
  const stations: Station[] = [
    { name: "tasks", expected: pushes, found: tasks.tasks, isOnce: true },
    {
      name: "ends of tasks at the edge",
      expected: pushes,
      found: ends(pipeline).map(({ type, subject }) => (type === "task.finished" ? subject : `${subject} ${type}`)),
      isOnce: true,
    },
    { name: "findings of the tasks", expected: new Set(known.map(({ key }) => key)), found: tasks.keys, isOnce: true },
    {
      name: "archive of the hub",
      expected: new Set(known.map(({ key }) => key)),
      found: found.map(findingKey),
      isOnce: true,
    },
    { name: "Elasticsearch", expected: allIds, found: ids.elastic(), isOnce: true },
    { name: "JetStream", expected: allIds, found: streamed, isOnce: true },
    {
      name: "audit log of the hub",
      expected: allIds,
      found: recorded.map(({ event }) => (event as { id: string }).id),
      isOnce: true,
    },
    { name: "Splunk", expected: allIds, found: ids.splunk(), isOnce: false },
    { name: "rsyslog", expected: allIds, found: syslogIds(pipeline), isOnce: false },
    { name: "responses", expected: errorIds, found: decided, isOnce: true },
    { name: "tickets", expected: errorIds, found: tickets.findings, isOnce: false },
  ]
  problems.push(...stations.flatMap(problemsOf), ...tasks.others)
  if (errorIds.size !== errors()) problems.push(`${errorIds.size} findings are errors, not ${errors()}`)
  for (const [name, { problems: wrong }] of Object.entries({ trail, responses }))
    problems.push(...wrong.map((one) => `The audit log ${name}: ${one}`))
  problems.push(...ofType("response.suppressed").map((entry) => `A response was suppressed: ${JSON.stringify(entry)}`))
  for (const name of ["edge", "hub"]) {
    const { status, stdout, stderr } = ohmq(at(name), "relay", "reconcile")
    if (status !== 0) problems.push(`ohmq relay reconcile of ${name}: ${stdout}${stderr}`)
  }

  problems.push(...(await queueProblems(pipeline)))
  const foundBy = Object.fromEntries(workers.map((name) => [name, 0]))
  for (const { id, ohmqsender = "" } of found) {
    if (foundBy[ohmqsender] === undefined) problems.push(`The finding ${id} is not of a worker: "${ohmqsender}"`)
    else foundBy[ohmqsender]++
  }

  // Nothing of the old host arrives once its certificate is revoked, and it gets no tasks.
  const times = probes(pipeline).map(({ time }) => Date.parse(time))
  const late = times.filter((time) => time > services.hub.ranFor(noticeMs, revoked))
  if (times.length === 0) problems.push("Nothing of the old host has arrived before its certificate was revoked")
  if (late.length > 0)
    problems.push(`${late.length} events of the old host have arrived after its certificate was revoked`)
  const leased = leases(pipeline)
  const byOldHost = leased.filter(({ user }) => user === "old-host")
  const lateLeases = byOldHost.filter(({ time }) => time > services.queue.ranFor(noticeMs, revoked))
  if (byOldHost.length === 0) problems.push("The old host has had no task before its certificate was revoked")
  if (lateLeases.length > 0)
    problems.push(`The old host has got ${lateLeases.length} tasks after its certificate was revoked`)

  const exits = Object.values(services).flatMap((service) => service.exits)
  // What needs room to start ends if there is none.
  for (const { name, code, signal: by, said } of exits)
    if (by !== null || !/The disk that holds .* is full/.test(said))
      problems.push(`${name} has ended by itself with ${by ?? code}: ${said}`)
  problems.push(...rss.flatMap(({ problem }) => problem ?? []))
  for (const [name, disk] of Object.entries(pipeline.disks))
    await disk.unmount(kept !== undefined && problems.length > 0 ? at(name, "disk-kept") : undefined)
  const left = () =>
    leftOver(
      readdirSync("/proc").filter((name) => /^\d+$/.test(name)),
      `${mark}=${folder}`,
    )
  await Promise.race([until(() => left().length === 0), wait(10_000)])
  problems.push(...left().map((pid) => `The process ${pid} is left running`))

  const result = {
    seed,
    seconds,
    time: new Date(began).toISOString(),
    machine: { node: process.version, cpus: cpus().length, load: loadavg()[1] },
    pushes: pushes.size,
    again: developers.again,
    findings: known.length,
    more,
    unseen: more - seen,
    faults: { ...faults, certificates: { "edge's replaced": 3, "old host's revoked": 1 } },
    leases: leased.length,
    foundBy,
    old: {
      probes: times.length - late.length,
      lateProbes: late.length,
      leases: byOldHost.length - lateLeases.length,
      lateLeases: lateLeases.length,
    },
    stations: stations.map(tallyOf),
    audit: { trail: trail.size, responses: responses.size },
    rss,
    exits,
    took: { storm: stormed - started, drain: drained - stormed, all: ended - began },
    problems,
  }
  if (process.env.OHMQ_GATE_RESULT) writeFileSync(process.env.OHMQ_GATE_RESULT, JSON.stringify(result, undefined, 2))
  console.log(JSON.stringify({ ...result, exits: exits.length }))
  expect(problems).toEqual([])
})
