// The texts of audit logs that change while the page is open.

import type { AuditView } from "../view/audit.js"
import { count, time } from "./format.js"

/** How many of the last entries are shown. */
export const shownEntries = 10

/** The address of an entry's proof. */
export const proofUrl = (log: string, index: number): string => `/status/audit/${log}/${index}`

/** Those of all logs. */
export function auditValues(logs: readonly AuditView[]): Record<string, string> {
  const values: Record<string, string> = {}
  for (const { name, size, checkpointSize, checkpointTime, root, recent } of logs) {
    const key = `audit/${name}`
    values[`${key}/size`] = count(size)
    values[`${key}/checkpoint`] =
      checkpointTime === undefined ? "none yet" : `${count(checkpointSize)} entries, ${time(checkpointTime)}`
    values[`${key}/root`] = root
    for (const [row, entry] of recent.slice(0, shownEntries).entries()) {
      values[`${key}/${row}/index`] = String(entry.index)
      values[`${key}/${row}/time`] = entry.time ?? "–"
      values[`${key}/${row}/type`] = entry.type
      values[`${key}/${row}/text`] = entry.text
      values[`${key}/${row}/proof`] = proofUrl(name, entry.index)
      values[`${key}/${row}/proof/text`] = entry.index < checkpointSize ? "Proof" : "Not in a checkpoint yet"
    }
  }
  return values
}

/** What their part of the page is made of. */
export const auditShape = (logs: readonly AuditView[]): unknown =>
  logs.map(({ name, origin, recent }) => [name, origin, Math.min(recent.length, shownEntries)])
