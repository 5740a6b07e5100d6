// Cursors: how far each reader of the log is.

import { StoreError } from "./log/errors.js"
import type { Log } from "./log/log.js"
import type { Position } from "./log/record.js"
import type { State } from "./state.js"
import type { CursorStats } from "./store.js"
import { Skips } from "./subscription.js"

/** The cursors of a store. */
export class Cursors {
  readonly #state: State
  readonly #log: Log
  readonly #skips = new Map<string, Skips>()

  constructor(state: State, log: Log) {
    this.#state = state
    this.#log = log
  }

  /** The position of a cursor that has to be there. */
  need(name: string): Position {
    const position = this.#state.cursors.get(name)
    if (position !== undefined) return position
    const known = [...this.#state.cursors.keys()].join(", ") || "none"
    const message = `The store has no cursor "${name}" (it has: ${known}). Add it with addCursor()`
    throw new StoreError("UNKNOWN_CURSOR", message)
  }

  async add(name: string, from: "start" | "end", at?: number): Promise<void> {
    if (typeof name !== "string" || name === "") {
      throw new TypeError("The name of a cursor must be a string that is not empty")
    }
    if (this.#state.cursors.has(name)) return
    await this.#state.setCursors({ [name]: (from === "end" ? this.#log.durable : this.#log.first) - 1 }, at)
  }

  async remove(name: string, at?: number): Promise<void> {
    this.need(name)
    await this.#state.setCursors({ [name]: null }, at)
    this.#skips.delete(name)
  }

  /** What a cursor need not see. */
  skips(name: string): Skips {
    let skips = this.#skips.get(name)
    if (skips === undefined) {
      skips = new Skips()
      this.#skips.set(name, skips)
    }
    return skips
  }

  /** Moves a cursor on. False if it was there already. */
  async commit(name: string, position: Position, note?: string, at?: number): Promise<boolean> {
    const before = this.need(name)
    if (!Number.isSafeInteger(position) || position >= this.#log.durable) {
      throw new RangeError(`Cursor "${name}" cannot be at ${position}: the last position is ${this.#log.durable - 1}`)
    }
    const until = this.skips(name).extend(position)
    const isNew = note !== undefined && note !== this.#state.noteOf(name)
    if (until <= before && !isNew) return false
    await this.#state.pass(name, until, note, at)
    return until > before
  }

  /** Moves a cursor to where it was, as far as there are entries. */
  async rewind(name: string, position: Position, at?: number): Promise<void> {
    this.need(name)
    const last = this.#log.durable - 1
    await this.#state.setCursors({ [name]: Math.max(Math.min(position, last), this.#log.first - 1) }, at)
  }

  stats(more: (cursor: { name: string }) => Pick<CursorStats, "dead" | "dropped">): Record<string, CursorStats> {
    const cursors: Record<string, CursorStats> = {}
    const last = this.#log.durable - 1
    for (const [name, position] of this.#state.cursors) {
      const note = this.#state.noteOf(name)
      cursors[name] = {
        position,
        waiting: last - Math.max(position, this.#log.first - 1),
        ...more({ name }),
        ...(note !== undefined && { note }),
      }
    }
    return cursors
  }
}
