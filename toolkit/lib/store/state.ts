// The state beside the log: where the cursors are, and which dead letters are gone. It is a small log of changes; each segment begins with
// all that holds, so the segments before it are not needed.

import { Buffer } from "node:buffer"
import { rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setImmediate } from "node:timers/promises"
import { StoreError, systemError } from "./log/errors.js"
import { Log } from "./log/log.js"
import { type Draft, kinds, type Position } from "./log/record.js"
import { type Base, type Change, type CursorOwner, type Seen, StateValues } from "./state-values.js"

const SEGMENT_BYTES = 1 << 18
/** A commit must be possible on a full disk, since it is what makes room. So this much is kept for it. */
const RESERVE_BYTES = 2 * SEGMENT_BYTES
/** A full disk is tried again after so many milliseconds. */
const PATIENCE = 200

export const change = (meta: object): Draft => ({
  kind: kinds.entry,
  time: Date.now(),
  span: 1,
  sender: "",
  meta: JSON.stringify(meta),
  frames: [],
})

const marked = (at: number | undefined) => (at === undefined ? {} : { at })

/** Cursors and removed dead letters, durable. */
export class State {
  readonly #log: Log
  readonly #reserve: string
  readonly #values = new StateValues()
  #isShort = false
  /** When it was last tried to set space aside. */
  #triedAt = 0

  constructor(folder: string) {
    this.#reserve = join(folder, "reserve")
    this.#log = new Log({
      folder: join(folder, "state"),
      segmentBytes: SEGMENT_BYTES,
      carry: () => JSON.stringify(this.#values.snapshot()),
      visit: (record) => this.#values.visit(record),
      // One before the last stays, for a repair.
      rolled: () => this.#log.dropBefore(this.#log.segments.at(-2)?.first ?? 0),
    })
  }

  get cursors(): ReadonlyMap<string, Position> {
    return this.#values.cursors
  }

  /** What the reader of a cursor keeps with its place. */
  noteOf(cursor: string): string | undefined {
    return this.#values.notes.get(cursor)
  }

  get gone(): ReadonlySet<Position> {
    return this.#values.gone
  }

  get owners(): ReadonlyMap<string, CursorOwner> {
    return this.#values.owners
  }

  /** The last command of a replicated log that made a change here. */
  get at(): number {
    return this.#values.at
  }

  get seen(): Seen {
    return this.#values.seen
  }

  goneOf(cursor: string): number {
    return this.#values.goneOf.get(cursor) ?? 0
  }

  /** Makes a change. It holds once it is on disk. */
  async #change(what: Change): Promise<void> {
    const write = () =>
      new Promise<void>((resolve, reject) => {
        const done = () => {
          this.#values.apply(what)
          resolve()
        }
        this.#log.append([change(what)], done, reject)
      })
    try {
      await write()
    } catch (error) {
      if (!(error instanceof StoreError && error.code === "DISK_FULL")) throw error
      this.#isShort = true
      rmSync(this.#reserve, { force: true })
      await write()
    }
  }

  setCursors(cursors: Record<string, Position | null>, at?: number): Promise<void> {
    return this.#change({ cursors, ...marked(at) })
  }

  pass(cursor: string, position: Position, note?: string, at?: number): Promise<void> {
    const notes = note !== undefined && { notes: { [cursor]: note } }
    return this.#change({ passed: { [cursor]: position }, ...notes, ...marked(at) })
  }

  removeDead(cursor: string, ids: Position[], at?: number): Promise<void> {
    return this.#change({ gone: { cursor, ids }, ...marked(at) })
  }

  setOwner(cursor: string, owner: CursorOwner, at: number): Promise<void> {
    return this.#change({ owners: { [cursor]: owner }, at })
  }

  setSeen(seen: Seen): Promise<void> {
    return this.#change({ seen })
  }

  get base(): Base | undefined {
    return this.#values.base
  }

  /** Nobody serves any cursor, and nothing of a log was applied. */
  async setBase(base: Base | null): Promise<void> {
    const owners = Object.fromEntries([...this.owners].map(([name, { epoch }]) => [name, { epoch: epoch + 1 }]))
    await this.#change({ base, owners, seen: { sequence: 0, batches: {} } })
  }

  /** The segments of these dead letters are gone too, so nobody asks for them again. */
  forgetDead(below: Position): void {
    for (const id of this.gone) if (id < below) this.#values.gone.delete(id)
  }

  /**
   * Sets space aside, if there is some.
   *
   * @returns Whether it is set aside. If not, nothing but changes may be written: else that would take the space that commits need.
   */
  fillReserve(): boolean {
    try {
      const size = statSync(this.#reserve, { throwIfNoEntry: false })?.size ?? 0
      if (size !== RESERVE_BYTES) writeFileSync(this.#reserve, Buffer.alloc(RESERVE_BYTES, 1), { mode: 0o600 })
      this.#isShort = false
    } catch {
      // The disk is full. What little there is left is needed more elsewhere.
      rmSync(this.#reserve, { force: true })
      this.#isShort = true
    }
    this.#triedAt = Date.now()
    return !this.#isShort
  }

  /** Whether only changes may be written, because no space is set aside for them. */
  get isShort(): boolean {
    return this.#isShort && !(Date.now() - this.#triedAt > PATIENCE && this.fillReserve())
  }

  /** Refuses to write, in a later turn: a caller that tries again and again must not keep others from making room. */
  async refuse(): Promise<never> {
    await setImmediate()
    throw systemError({ code: "ENOSPC" }, this.#reserve)
  }

  close(): Promise<void> {
    return this.#log.close()
  }
}
