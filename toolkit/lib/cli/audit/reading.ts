// `ohmq audit prove` and `export`: what is taken out of a log.

import { Buffer } from "node:buffer"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import process from "node:process"
import { type AuditEntry, AuditError, proveInclusion, readEntries } from "../../audit/index.js"
import { timeOf } from "../since.js"
import { parseUsage } from "../usage.js"
import { asUsage, indexOf, ownKeys, required } from "./arguments.js"

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const textOf = (entry: Buffer): string | undefined => {
  try {
    return utf8.decode(entry)
  } catch {
    return undefined
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The index of the entry that is JSON with this id: an event, or a record that has one. */
function find(folder: string, id: string, keys: readonly string[]): number {
  const quoted = Buffer.from(JSON.stringify(id))
  for (const { index, entry } of readEntries(folder, { keys })) {
    if (!entry.includes(quoted)) continue
    const value = parsed(entry.toString("utf8")) as { id?: unknown } | null | undefined
    if (value?.id === id) return index
  }
  throw new AuditError("NOT_FOUND", `No entry of ${folder} has the id "${id}"`)
}

export async function prove(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 2, ["out"], [], ["key"])
  const folder = required(positionals, "DIR")
  const id = required(positionals, "the number of an entry, or the id of an event", 1)
  const keys = ownKeys(folder, values.key)
  const proof = await asUsage(() =>
    proveInclusion(folder, /^\d{1,15}$/.test(id) ? Number(id) : find(folder, id, keys), { keys }),
  )
  if (values.out === undefined) process.stdout.write(proof)
  else writeFileSync(values.out, proof)
  return 0
}

/** An entry as a line: JSON as it is, other text as a string, other bytes in Base64. */
function lineOf({ index, entry }: AuditEntry): string {
  const text = textOf(entry)
  if (text === undefined) return `{"index":${index},"base64":${JSON.stringify(entry.toString("base64"))}}\n`
  // Line breaks in JSON can stand between values only.
  if (parsed(text) !== undefined) return `{"index":${index},"entry":${text.replaceAll(/[\r\n]/g, " ")}}\n`
  return `{"index":${index},"text":${JSON.stringify(text)}}\n`
}

export async function exportEntries(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["from", "to", "since", "until"], [], ["key"])
  const folder = required(positionals, "DIR")
  const from = indexOf("--from", values.from)
  const to = indexOf("--to", values.to)
  const selection = {
    keys: ownKeys(folder, values.key),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(values.since !== undefined && { since: timeOf(values.since, "--since") }),
    ...(values.until !== undefined && { until: timeOf(values.until, "--until") }),
  }
  for (const entry of readEntries(folder, selection))
    if (!process.stdout.write(lineOf(entry))) await once(process.stdout, "drain")
  return 0
}
