// What is on disk of a store, read without its lock: for audits, also while another process has the store open.

import { statSync } from "node:fs"
import { join } from "node:path"
import { DamageError, type StoreError, systemError } from "./log/errors.js"
import { kinds, type Position, type Stored } from "./log/record.js"
import { scanSegment, segmentName } from "./log/segment.js"
import { type Confirmed, confirmedSegments, type OnProgress, requireStore } from "./maintenance.js"
import { StateValues } from "./state-values.js"
import type { DeadLetter, Entry } from "./store.js"
import { parseMeta } from "./subscription.js"

/** A confirmed entry, or the gap record in its place. */
export interface FactEntry extends Entry {
  /** The only cursor that reads it: it was replayed. */
  only?: string
}

/** A dead letter, which may have been replayed or discarded. */
export interface FactLetter extends Omit<DeadLetter, "frames" | "sender"> {
  /** Whether it was replayed or discarded. */
  isGone: boolean
}

/** What was confirmed at some time. */
export interface StoreFacts {
  /** The oldest position. */
  first: Position
  /** The last one. */
  last: Position
  /** How far each cursor is, by name, with its last note. */
  cursors: Record<string, { position: Position; note?: string }>
  /** The dead letters that are kept. Those that are gone are there until their file is. */
  dead: FactLetter[]
}

/** How to read a store. */
export interface FactOptions {
  /** Calls `onEntry` with these entries. It may be called with older ones. */
  from(facts: Omit<StoreFacts, "last">): Position
  /** The frames are valid only during the call. */
  onEntry(entry: FactEntry): void
  /** Is told how much has been read. */
  onProgress?: OnProgress
}

/** Calls a function with the records of a segment. */
function scan(folder: string, { first, end, size }: Confirmed, visit: (record: Stored) => void): void {
  const { problem, next, offset } = scanSegment(folder, first, size ?? Number.POSITIVE_INFINITY, visit)
  // If nothing was ever confirmed, what is not valid is no damage.
  const isOpen = end === undefined && size === undefined
  if (isOpen || (problem === undefined && (end === undefined || next >= end))) return
  const file = `${folder.split(/[\\/]/).at(-1)}/${segmentName(first)}`
  const last = end === undefined ? undefined : end - 1
  throw new DamageError({ file, offset, first: next, last, reason: problem ?? "the file is too short" })
}

function stateOf(folder: string): StateValues {
  const state = new StateValues()
  // Each begins with all that holds.
  const last = confirmedSegments(folder).segments.at(-1)
  if (last !== undefined) scan(folder, last, (record) => state.visit(record))
  return state
}

function deadLettersOf(folder: string, gone: ReadonlySet<Position>): FactLetter[] {
  const letters: FactLetter[] = []
  for (const segment of confirmedSegments(folder).segments) {
    scan(folder, segment, ({ kind, position: id, time, meta }) => {
      if (kind === kinds.entry) letters.push({ id, time, ...JSON.parse(meta), isGone: gone.has(id) })
    })
  }
  return letters
}

function readOnce(folder: string, { from, onEntry, onProgress }: FactOptions): StoreFacts {
  // The state first: entries that come after it are then seen as waiting.
  const { cursors: positions, notes, gone } = stateOf(join(folder, "state"))
  const dead = deadLettersOf(join(folder, "dead"), gone)
  const { segments, mark } = confirmedSegments(join(folder, "log"))
  const first = segments[0]?.first ?? mark?.next ?? 1
  const cursors = Object.fromEntries(
    [...positions].map(([name, position]) => {
      const note = notes.get(name)
      return [name, { position, ...(note !== undefined && { note }) }]
    }),
  )
  const start = from({ first, cursors, dead })
  let last = (mark?.next ?? first) - 1
  const sizes = segments.map(({ first: name, size }) => size ?? statSync(join(folder, "log", segmentName(name))).size)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  let done = 0
  for (const [index, segment] of segments.entries()) {
    onProgress?.(done, total)
    done += sizes[index] as number
    if (segment.end !== undefined && segment.end <= start) continue
    scan(join(folder, "log"), segment, ({ kind, position, span, time, sender, meta, frames }) => {
      if (kind === kinds.carry) return
      last = Math.max(last, position + span - 1)
      const { gap, only, reason, silent } = parseMeta(meta)
      if (silent) return
      const entry: FactEntry = { position: position + span - 1, time, sender: sender || undefined, frames }
      if (kind === kinds.gap && gap) entry.gap = gap
      if (only !== undefined) entry.only = only
      if (reason !== undefined) entry.replayed = reason
      onEntry(entry)
    })
  }
  return { first, last, cursors, dead }
}

/**
 * Reads what was confirmed when this was called, and maybe some of what came after. Files that a store removes meanwhile make it begin
 * again: `from` is then called again, too.
 *
 * @throws StoreError `DAMAGED` if it cannot be read.
 */
export function readFacts(folder: string, options: FactOptions): StoreFacts {
  requireStore(folder)
  for (let attempt = 0; ; attempt++) {
    try {
      return readOnce(folder, options)
    } catch (error) {
      const isGone = (error as { code?: string }).code === "ENOENT"
      if (!isGone || attempt === 5) throw systemError(error, folder) satisfies StoreError
    }
  }
}
