// What the log of changes says: where the cursors are, and which dead letters are gone.

import { kinds, type Position, type Stored } from "./log/record.js"

/** A change. */
export interface Change {
  /** A cursor and its position; null removes it. */
  cursors?: Record<string, Position | null>
  /** A cursor and its position, unless it is further already: commits may be under way at the same time. */
  passed?: Record<string, Position>
  /** Notes of cursors. */
  notes?: Record<string, string>
  /** Dead letters that are gone. */
  gone?: { cursor: string; ids: Position[] }
}

/** All that holds, which each segment of the log begins with. */
export interface Snapshot {
  cursors: Record<string, Position>
  notes: Record<string, string>
  gone: Position[]
  goneOf: Record<string, number>
}

/** The sum of all changes. */
export class StateValues {
  readonly cursors = new Map<string, Position>()
  /** What the reader of a cursor keeps with its place. */
  readonly notes = new Map<string, string>()
  /** Dead letters that are gone, and whose segments are not. */
  readonly gone = new Set<Position>()
  /** How many dead letters of a cursor are gone, ever. */
  readonly goneOf = new Map<string, number>()

  snapshot(): Snapshot {
    return {
      cursors: Object.fromEntries(this.cursors),
      notes: Object.fromEntries(this.notes),
      gone: [...this.gone],
      goneOf: Object.fromEntries(this.goneOf),
    }
  }

  /** Takes in a record of the log. */
  visit({ kind, meta }: Stored): void {
    if (kind === kinds.gap) return
    const { cursors = {}, passed, notes, gone, goneOf } = JSON.parse(meta || "{}")
    if (kind === kinds.carry) {
      for (const id of gone ?? []) this.gone.add(id)
      for (const [cursor, count] of Object.entries(goneOf ?? {})) this.goneOf.set(cursor, count as number)
      for (const [name, position] of Object.entries(cursors)) this.cursors.set(name, position as number)
      for (const [name, note] of Object.entries(notes ?? {})) this.notes.set(name, note as string)
    } else this.apply({ cursors, passed, notes, gone })
  }

  apply({ cursors = {}, passed = {}, notes = {}, gone }: Change): void {
    for (const [name, position] of Object.entries(passed)) {
      // One that was removed meanwhile does not come back.
      if (position > (this.cursors.get(name) ?? Number.POSITIVE_INFINITY)) this.cursors.set(name, position)
    }
    for (const [name, position] of Object.entries(cursors)) {
      if (position !== null) this.cursors.set(name, position)
      else {
        this.cursors.delete(name)
        this.notes.delete(name)
      }
    }
    for (const [name, note] of Object.entries(notes)) if (this.cursors.has(name)) this.notes.set(name, note)
    if (gone === undefined) return
    for (const id of gone.ids) this.gone.add(id)
    this.goneOf.set(gone.cursor, (this.goneOf.get(gone.cursor) ?? 0) + gone.ids.length)
  }
}
