// What each station of the way has at the end.

import { existsSync, readFileSync } from "node:fs"
import type { SocketSecurity } from "ohmq"
import { Certificate, generateKeyPair } from "ohmq/security"
import { readEntries, verifyAuditLog } from "ohmq-toolkit/audit"
import { openStore } from "ohmq-toolkit/store"
import { eventsCursor, TaskClient, TaskError } from "ohmq-toolkit/tasks"
import { linesOf } from "../../relay/support.js"
import { eventIdsOf, type NatsClient } from "../nats.js"
import { keyOf } from "./commits.js"
import type { Pipeline } from "./pipeline.js"

interface Finding {
  id: string
  /** Who has reported it. */
  ohmqsender?: string
  data: { level: string; rule: { id: string }; location: { uri: string; line: number } }
}

export const findingKey = ({ data: { rule, location } }: Finding): string => keyOf(location.uri, location.line, rule.id)

const linesIn = (file: string) => (existsSync(file) ? linesOf(file) : [])

/** The findings in the archive of the hub. */
export const archived = ({ at }: Pipeline): Finding[] => linesIn(at("hub/archive.ndjson")) as unknown as Finding[]

interface TaskEvent {
  type: string
  time: string
  subject: string
}

interface LeaseEvent {
  time: string
  /** `owner` is the JSON of the name in the certificate, and a number. */
  data: { leases: { id: string; owner: string }[] }
}

/** What the edge got of the queue: how tasks have ended, and who had which, when. */
export const ends = ({ at }: Pipeline): TaskEvent[] => linesIn(at("edge/ends.ndjson")) as unknown as TaskEvent[]

export const leases = ({ at }: Pipeline) =>
  (linesIn(at("edge/leases.ndjson")) as unknown as LeaseEvent[]).flatMap(({ time, data }) =>
    data.leases.map(({ id, owner }) => ({ id, user: JSON.parse(owner)[0] as string, time: Date.parse(time) })),
  )

export const probes = ({ at }: Pipeline): { id: string; time: string }[] =>
  linesIn(at("hub/probes.ndjson")) as unknown as { id: string; time: string }[]

/** The ids that rsyslogd has written: `[cloudevents@32473 id="ID" …]` */
export function syslogIds({ at }: Pipeline): string[] {
  const file = at("rsyslog/messages")
  return existsSync(file)
    ? [...readFileSync(file, "utf8").matchAll(/^\[cloudevents@32473 id="([^"]*)"/gm)].map(([, id = ""]) => id)
    : []
}

export const streamIds = (client: NatsClient): Promise<string[]> => eventIdsOf(client, "findings")

interface SarifResult {
  ruleId: string
  locations: { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } } }[]
}

/** What somebody needs to use the queue. */
const securityOf = async ({ at }: Pipeline, client: Certificate): Promise<SocketSecurity> => ({
  client,
  serverKey: (await Certificate.load(at("queue/queue.key"))).publicKey,
})

/** The tasks that have finished, and the findings in their results. */
export async function scanned(pipeline: Pipeline): Promise<{ tasks: string[]; keys: string[]; others: string[] }> {
  const operator = await Certificate.load(pipeline.at("operator/operator.key_secret"))
  const security = await securityOf(pipeline, operator)
  const client = new TaskClient({ connect: pipeline.addresses.tcp("queue"), security })
  const found = { tasks: [] as string[], keys: [] as string[], others: [] as string[] }
  try {
    for await (const { id, state, result, reason } of client.results()) {
      if (state !== "finished") {
        found.others.push(`${id} has ${state}${reason ? `: ${reason}` : ""}`)
        continue
      }
      found.tasks.push(id)
      const { sarif } = result as { sarif: { runs: { results: SarifResult[] }[] } }
      for (const { ruleId, locations } of sarif.runs.flatMap(({ results }) => results)) {
        const { artifactLocation, region } = locations[0]?.physicalLocation ?? {}
        found.keys.push(keyOf(artifactLocation?.uri ?? "", region?.startLine ?? 0, ruleId))
      }
    }
  } finally {
    client.close()
  }
  return found
}

/** Whether the queue answers somebody whose certificate it does not have. */
export async function answersStrangers(pipeline: Pipeline): Promise<boolean> {
  const security = await securityOf(pipeline, generateKeyPair({ name: "operator" }))
  const client = new TaskClient({ connect: pipeline.addresses.tcp("queue"), security, timeout: 3000 })
  try {
    await client.snapshot()
    return true
  } catch (error) {
    if (error instanceof TaskError && ["DENIED", "TIMEOUT"].includes(error.code)) return false
    throw error
  } finally {
    client.close()
  }
}

/** What is wrong with the store of the queue, once that has ended. */
export async function queueProblems({ at }: Pipeline): Promise<string[]> {
  await using store = await openStore(at("queue/disk/store"))
  const { waiting, dead } = store.stats().cursors[eventsCursor] ?? { waiting: Number.NaN, dead: Number.NaN }
  return [
    ...(waiting === 0 ? [] : [`${waiting} events of the queue still wait for the edge`]),
    ...(dead === 0 ? [] : [`${dead} events of the queue are dead letters`]),
  ]
}

export interface AuditEvidence {
  entries: Record<string, unknown>[]
  problems: string[]
  size: number
}

/** An audit log: its entries, and what its verification says. */
export async function audited(folder: string): Promise<AuditEvidence> {
  const keys = readFileSync(`${folder}/key.pub`, "utf8").trim().split("\n")
  const { problems } = await verifyAuditLog(folder, { keys })
  const entries = [...readEntries(folder, { keys })].map(({ entry }) => JSON.parse(String(entry)))
  return { entries, problems: problems.map((problem) => JSON.stringify(problem)), size: entries.length }
}

/** The values of a metric, by their labels. */
export async function valuesOf(url: string, name: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  )
}

/** The processes of a run that are still there: what it has started has a mark in its environment. */
export function leftOver(pids: readonly string[], mark: string): string[] {
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark)
    } catch {
      return false
    }
  })
}
