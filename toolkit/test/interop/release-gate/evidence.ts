// What each station of the way has at the end.

import { existsSync, readFileSync } from "node:fs"
import { readEntries, verifyAuditLog } from "ohmq-toolkit/audit"
import { TaskClient } from "ohmq-toolkit/tasks"
import { linesOf } from "../../relay/support.js"
import { eventIdsOf, type NatsClient } from "../nats.js"
import { keyOf } from "./commits.js"
import type { Pipeline } from "./pipeline.js"

interface Finding {
  id: string
  data: { level: string; rule: { id: string }; location: { uri: string; line: number } }
}

export const findingKey = ({ data: { rule, location } }: Finding): string => keyOf(location.uri, location.line, rule.id)

const linesIn = (file: string) => (existsSync(file) ? linesOf(file) : [])

/** The findings in the archive of the hub. */
export const archived = ({ at }: Pipeline): Finding[] => linesIn(at("hub/archive.ndjson")) as unknown as Finding[]

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

/** The tasks that have finished, and the findings in their results. */
export async function scanned({ addresses }: Pipeline): Promise<{ tasks: string[]; keys: string[]; others: string[] }> {
  const client = new TaskClient({ connect: addresses.tcp("queue") })
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
