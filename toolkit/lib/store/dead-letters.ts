// Dead letters: a log of their own, so that they hold up nothing.

import { join } from "node:path"
import { Line } from "./line.js"
import { StoreError } from "./log/errors.js"
import { Log } from "./log/log.js"
import { LogReader } from "./log/reader.js"
import { kinds, type Position, recordLength, type Stored } from "./log/record.js"
import type { State } from "./state.js"
import type { DeadLetter, Entry, Selection } from "./store.js"

interface Meta {
  cursor: string
  reason: string
  position: Position
  since: number
  /** The command of a replicated log that brought it. */
  at?: number
}

/** The dead letters of all cursors. */
export class DeadLetters {
  readonly #log: Log
  readonly #state: State
  readonly #maxBytes: number
  readonly #line = new Line()
  /** How many a cursor has got, ever. */
  readonly #added = new Map<string, number>()
  /** The last command of a replicated log that brought one. */
  at = 0

  constructor(folder: string, state: State, maxBytes: number, segmentBytes: number) {
    this.#state = state
    this.#maxBytes = maxBytes
    this.#log = new Log({
      folder: join(folder, "dead"),
      segmentBytes,
      carry: () => JSON.stringify({ added: Object.fromEntries(this.#added), ...(this.at > 0 && { at: this.at }) }),
      visit: (record) => this.#visit(record),
    })
  }

  #visit({ kind, meta }: Stored): void {
    if (kind === kinds.gap) return
    const { added, cursor, at = 0 } = JSON.parse(meta || "{}")
    this.at = Math.max(this.at, at)
    if (kind === kinds.carry) {
      for (const [name, count] of Object.entries(added ?? {})) this.#added.set(name, count as number)
    } else this.#count(cursor)
  }

  #count(cursor: string): void {
    this.#added.set(cursor, (this.#added.get(cursor) ?? 0) + 1)
  }

  get bytes(): number {
    return this.#log.bytes
  }

  /** How many dead letters of a cursor are waiting. */
  waiting(cursor: string): number {
    return (this.#added.get(cursor) ?? 0) - this.#state.goneOf(cursor)
  }

  isWaiting(id: Position): boolean {
    return id >= this.#log.first && id < this.#log.durable && !this.#state.gone.has(id)
  }

  /** Keeps an event. */
  add(
    cursor: string,
    { position, time, sender, frames }: Entry,
    reason: string,
    { since = Date.now(), at }: { since?: number; at?: number } = {},
  ): Promise<void> {
    const meta: Meta = { cursor, reason, position, since, ...(at !== undefined && { at }) }
    const draft = { kind: kinds.entry, time, span: 1, sender: sender ?? "", meta: JSON.stringify(meta), frames }
    if (this.#log.bytes + recordLength(draft) > this.#maxBytes) {
      const message = `The dead letters take ${this.#log.bytes} bytes of ${this.#maxBytes} (maxDeadBytes). Replay or discard some`
      return Promise.reject(new StoreError("FULL", message))
    }
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#count(cursor)
        this.at = Math.max(this.at, at ?? 0)
        resolve()
      }
      this.#log.append([draft], done, reject)
    })
  }

  /** Those that are waiting, in batches. */
  async *batches(
    cursor: string | undefined,
    { ids, after = 0, since = 0, until = Number.POSITIVE_INFINITY, max }: Selection,
  ) {
    const wanted = ids === undefined ? undefined : new Set(ids)
    const end = this.#log.durable
    // Not Math.min(...ids): there may be more than a call can have arguments.
    const least = ids?.reduce((low, id) => Math.min(low, id), end) ?? this.#log.first
    const reader = new LogReader(this.#log, Math.max(least, after + 1))
    let left = max ?? Number.POSITIVE_INFINITY
    try {
      while (left > 0) {
        const batch: DeadLetter[] = []
        const records = await reader.next(256)
        if (records.length === 0) return
        for (const { kind, position: id, time, sender, meta, frames } of records) {
          if (id >= end) return
          if (kind !== kinds.entry || id <= after || this.#state.gone.has(id)) continue
          if (wanted !== undefined && !wanted.has(id)) continue
          const { at: _, ...letter }: Meta = JSON.parse(meta)
          if ((cursor !== undefined && letter.cursor !== cursor) || letter.since < since || letter.since >= until)
            continue
          if (batch.length < left) batch.push({ id, ...letter, time, sender: sender || undefined, frames })
        }
        left -= batch.length
        if (batch.length > 0) yield batch
      }
    } finally {
      await reader.close()
    }
  }

  /** Calls a function with batches of them and deletes each after that. Only one such call runs at a time. Resolves to how many. */
  take(
    cursor: string,
    selection: Selection,
    use: (letters: DeadLetter[]) => Promise<unknown>,
    at?: number,
  ): Promise<number> {
    return this.#line.serve(undefined, async () => {
      let count = 0
      for await (const letters of this.batches(cursor, selection)) {
        await use(letters)
        await this.remove(
          cursor,
          letters.map(({ id }) => id),
          at,
        )
        count += letters.length
      }
      return count
    })
  }

  /** Deletes some of a cursor's, and the files whose dead letters are all gone. */
  async remove(cursor: string, ids: Position[], at?: number): Promise<void> {
    await this.#state.removeDead(cursor, ids, at)
    await this.#drop()
  }

  /** Deletes those that are back in the log already. */
  async finish(ids: readonly Position[]): Promise<void> {
    if (ids.length === 0) return
    for await (const letters of this.batches(undefined, { ids })) {
      for (const { cursor, id } of letters) await this.remove(cursor, [id])
    }
  }

  async #drop(): Promise<void> {
    const { gone } = this.#state
    const isGone = (from: Position, to: Position) => {
      for (let id = from; id < to; id++) if (!gone.has(id)) return false
      return true
    }
    const segments = this.#log.segments
    const active = segments.at(-1)?.first ?? 1
    if (
      this.#log.durable > active &&
      gone.size >= this.#log.durable - this.#log.first &&
      isGone(this.#log.first, this.#log.durable)
    ) {
      await this.#log.roll()
    }
    let keep = this.#log.first
    for (let i = 0; i + 1 < segments.length; i++) {
      const end = segments[i + 1]?.first as Position
      if (!isGone(keep, end)) break
      keep = end
    }
    if (this.#log.dropBefore(keep) > 0) this.#state.forgetDead(this.#log.first)
  }

  close(): Promise<void> {
    return this.#log.close()
  }
}
