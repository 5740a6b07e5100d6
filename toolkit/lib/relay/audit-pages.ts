// Audit logs on the status page: those of sinks, and what a program that has a relay inside adds.

import type { Buffer } from "node:buffer"
import { checkpointTime, proveInclusion, summarizeAuditLog } from "../audit/index.js"
import type { AuditEntryView, AuditSubject, AuditView } from "../status/index.js"

/** Where a log is. */
export interface AuditPlace {
  /** What the page calls it. */
  readonly name: string
  /** Its folder. */
  readonly folder: string
}

const shownEntries = 10
const shownText = 200

/** What an entry says, as far as it is one of ours: a line of JSON with a time and a type. */
function describe(index: number, entry: Buffer): AuditEntryView {
  const text = entry.toString()
  let fields: Record<string, unknown> = {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === "object" && value !== null) fields = value as Record<string, unknown>
  } catch {}
  const { time = fields.received, type, received: _, ...rest } = fields
  const said = type === undefined ? text : JSON.stringify(rest)
  return {
    index,
    time: typeof time === "string" ? time : undefined,
    type: typeof type === "string" ? type : "–",
    text: said.length > shownText ? `${said.slice(0, shownText)}…` : said,
  }
}

/** The logs of one program. */
export class AuditPages implements AuditSubject {
  readonly #places: () => readonly AuditPlace[]
  /** What was read last: a log whose checkpoint is the same has the same entries. The page asks every two seconds. */
  readonly #seen = new Map<string, AuditView>()

  constructor(places: () => readonly AuditPlace[]) {
    this.#places = places
  }

  /** What the page shows. A log that cannot be read is left out, and that is said. */
  views(problem: (name: string, reason: string) => void): AuditView[] {
    return this.#places().flatMap(({ name, folder }) => {
      try {
        return this.#view(name, folder) ?? []
      } catch (error) {
        problem(name, (error as Error).message)
        return []
      }
    })
  }

  #view(name: string, folder: string): AuditView | undefined {
    const known = this.#seen.get(folder)
    if (known !== undefined && known.checkpointTime === checkpointTime(folder)) return known
    const summary = summarizeAuditLog(folder, shownEntries)
    if (summary === undefined) return undefined
    const { checkpoint, time, recent } = summary
    const view: AuditView = {
      name,
      origin: checkpoint.origin,
      size: checkpoint.size,
      checkpointSize: checkpoint.size,
      root: checkpoint.root.toString("base64"),
      checkpointTime: time,
      recent: recent.map(({ index, entry }) => describe(index, entry)).toReversed(),
    }
    this.#seen.set(folder, view)
    return view
  }

  async proof(name: string, index: number): Promise<string | undefined> {
    const place = this.#places().find((one) => one.name === name)
    const summary = place && summarizeAuditLog(place.folder, 0)
    if (place === undefined || summary === undefined || index >= summary.checkpoint.size) return undefined
    return proveInclusion(place.folder, index, { keys: summary.keys })
  }
}
