// Reading the log for one cursor.

import type { Log } from "./log/log.js"
import { LogReader } from "./log/reader.js"
import { kinds, type Position, type Stored } from "./log/record.js"
import type { Entry, ReadOptions } from "./store.js"
import type { StreamEnd } from "./streams.js"

/** What an entry's record says beside its bytes. */
export interface EntryMeta {
  /** The gap that this record stands for. */
  gap?: Entry["gap"]
  /** The only cursor that reads it: it was replayed. */
  only?: string
  /** The dead letter that it was replayed from, and why it was one. */
  dead?: Position
  reason?: string
  /** Its stream, the sequence of the last event of its append, and the mark of that. 0 forgets the stream. */
  stream?: [name: string, ...end: StreamEnd]
  /** It is no event, and nobody reads it. */
  silent?: true
  /** The command of a replicated log that brought it. */
  at?: number
}

export const parseMeta = (meta: string): EntryMeta => (meta === "" ? {} : JSON.parse(meta))

/** The entry in a record, unless it is none for this cursor. */
function entryOf({ kind, position, span, time, sender, meta, frames }: Stored, cursor: string): Entry | undefined {
  const { gap, only, reason, silent } = parseMeta(meta)
  if (silent || (only !== undefined && only !== cursor)) return undefined
  // It takes all positions of the damaged entries: done with it is done with the last.
  const entry: Entry = { position: position + span - 1, time, sender: sender || undefined, frames }
  if (kind === kinds.gap && gap) entry.gap = gap
  if (reason !== undefined) entry.replayed = reason
  return entry
}

/**
 * Positions that a cursor need not see. A cursor that is done with the entry before them is done with them too; else the last of them would
 * wait for as long as nothing follows.
 */
export class Skips {
  readonly #after = new Map<Position, Position>()

  /** Position `to` needs nothing, and neither does what is between it and `from`. */
  add(from: Position, to: Position): void {
    this.#after.set(from, to)
  }

  /** The last position that is done if this one is. */
  extend(position: Position): Position {
    const until = this.#after.get(position) ?? position
    for (const from of this.#after.keys()) if (from <= position) this.#after.delete(from)
    return until
  }
}

/** Rings when there may be more to read. */
export class Bell {
  #waiting = new Set<() => void>()

  /** Calls back at the next ring. Returns what cancels that. */
  once(callback: () => void): () => void {
    this.#waiting.add(callback)
    return () => this.#waiting.delete(callback)
  }

  ring(): void {
    if (this.#waiting.size === 0) return
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const callback of waiting) callback()
  }
}

/** What a subscription needs of the store. */
export interface Subscribed {
  log: Log
  skips: Skips
  /** The position that the cursor has committed. */
  committed(): Position
  commit(position: Position): Promise<void>
  /** It rings after each group, and when the store closes. */
  bell: Bell
  isClosed(): boolean
}

/** Reads entries in order, and waits for more at the end. */
export async function* subscribe(store: Subscribed, cursor: string, options: ReadOptions): AsyncGenerator<Entry[]> {
  const { from = store.committed() + 1, max = 256, follow = true, reuse, signal } = options
  const { log } = store
  const reader = new LogReader(log, from, { reuse })
  let last = from - 1
  try {
    while (!store.isClosed() && !signal?.aborted) {
      const seen = log.durable
      const records = await reader.next(max)
      if (records.length === 0) {
        if (!follow) return
        if (log.durable === seen) await grown(store, signal)
        continue
      }
      const entries: Entry[] = []
      for (const record of records) {
        const entry = entryOf(record, cursor)
        const end = record.position + record.span - 1
        if (entry === undefined) store.skips.add(last, end)
        else {
          entries.push(entry)
          last = entry.position
        }
      }
      if (last <= store.committed()) await store.commit(store.skips.extend(store.committed()))
      if (entries.length > 0) yield entries
    }
  } finally {
    await reader.close()
  }
}

function grown(store: Subscribed, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel()
      signal?.removeEventListener("abort", done)
      resolve()
    }
    const cancel = store.bell.once(done)
    signal?.addEventListener("abort", done, { once: true })
    if (signal?.aborted || store.isClosed()) done()
  })
}
