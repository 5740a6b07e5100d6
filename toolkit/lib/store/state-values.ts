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
  /** Who serves cursors of a replicated store. */
  owners?: Record<string, CursorOwner>
  /** The command of a replicated log that brought it. */
  at?: number
  /** How far a replicated log was applied. */
  seen?: Seen
  /** With what a replicated log began. Null: this is no copy any more. */
  base?: Base | null
}

/** With what a replicated log began. */
export interface Base {
  /** Which store that was. All its copies have this. */
  id: string
  /** Commands are counted from here, so that those of an earlier log are before them. */
  offset: number
}

/** Who serves a cursor of a replicated store. */
export interface CursorOwner {
  /** Rises with each change. */
  epoch: number
  /** The process. Undefined if nobody does. */
  id?: string | undefined
  /** What people call it. */
  name?: string | undefined
  /** The copy of the store that the process has: only one process at a time has it. */
  copy?: string | undefined
}

/** How far a replicated log was applied: all before is on disk. */
export interface Seen {
  sequence: number
  /** The last batch of each writer. */
  batches: Record<string, number>
}

/** All that holds, which each segment of the log begins with. */
export interface Snapshot {
  cursors: Record<string, Position>
  notes: Record<string, string>
  gone: Position[]
  goneOf: Record<string, number>
  owners?: Record<string, CursorOwner>
  at?: number
  seen?: Seen
  base?: Base | undefined
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
  readonly owners = new Map<string, CursorOwner>()
  at = 0
  seen: Seen = { sequence: 0, batches: {} }
  base: Base | undefined

  snapshot(): Snapshot {
    return {
      cursors: Object.fromEntries(this.cursors),
      notes: Object.fromEntries(this.notes),
      gone: [...this.gone],
      goneOf: Object.fromEntries(this.goneOf),
      ...(this.at > 0 && { owners: Object.fromEntries(this.owners), at: this.at, seen: this.seen }),
      ...(this.base && { base: this.base }),
    }
  }

  /** Takes in a record of the log. */
  visit({ kind, meta }: Stored): void {
    if (kind === kinds.gap) return
    const { cursors = {}, passed, notes, gone, goneOf, owners, at, seen, base } = JSON.parse(meta || "{}")
    if (kind === kinds.carry) {
      for (const id of gone ?? []) this.gone.add(id)
      for (const [cursor, count] of Object.entries(goneOf ?? {})) this.goneOf.set(cursor, count as number)
      for (const [name, position] of Object.entries(cursors)) this.cursors.set(name, position as number)
      for (const [name, note] of Object.entries(notes ?? {})) this.notes.set(name, note as string)
      this.apply({ owners, at, seen, base })
    } else this.apply({ cursors, passed, notes, gone, owners, at, seen, base })
  }

  apply({ cursors = {}, passed = {}, notes = {}, gone, owners = {}, at = 0, seen, base }: Change): void {
    this.at = Math.max(this.at, at)
    if (seen !== undefined) this.seen = seen
    if (base !== undefined) this.base = base ?? undefined
    for (const [name, owner] of Object.entries(owners)) this.owners.set(name, owner)
    for (const [name, position] of Object.entries(passed)) {
      // One that was removed meanwhile does not come back.
      if (position > (this.cursors.get(name) ?? Number.POSITIVE_INFINITY)) this.cursors.set(name, position)
    }
    for (const [name, position] of Object.entries(cursors)) {
      if (position !== null) this.cursors.set(name, position)
      else {
        this.cursors.delete(name)
        this.notes.delete(name)
        this.owners.delete(name)
      }
    }
    for (const [name, note] of Object.entries(notes)) if (this.cursors.has(name)) this.notes.set(name, note)
    if (gone === undefined) return
    for (const id of gone.ids) this.gone.add(id)
    this.goneOf.set(gone.cursor, (this.goneOf.get(gone.cursor) ?? 0) + gone.ids.length)
  }
}
