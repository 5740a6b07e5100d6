// The journal: records of the queue as events in a store. One process writes it at a time.

import { type Entry, type NewEvent, type Position, type Store, StoreError } from "../../store/index.js"
import { TaskError, type TaskRecord } from "../queue/index.js"
import { decodeRecord, encodeRecord, type ReadRecord, type Writer } from "./record-event.js"

/** The cursor of the journal: the space of what it has passed can be freed. */
export const CURSOR = "tasks"

/** In a store that several processes share, only the one that serves the cursor writes, if they take turns. */
const serving = { serving: CURSOR }

/** How many entries are read at a time. */
const CHUNK = 1000

/** What is in the store at a position. */
export interface StoredRecord extends ReadRecord {
  position: Position
}

const takenOver = (error?: Error) =>
  new TaskError("TAKEN_OVER", "Another process has opened the queue in this store", { cause: error })

/** Why something could not be stored. */
function failure(error: Error): TaskError {
  if (error instanceof StoreError && error.code === "NOT_OWNER") return takenOver(error)
  return new TaskError("STORE", `The store failed: ${error.message}`, { cause: error })
}

/** Appends records, and reads them again. */
export class Journal {
  readonly #store: Store
  #writer: Writer
  /** The last position that is known: what comes next should follow it. */
  #last: Position = 0
  /** Appends are confirmed in order. */
  #tail: Promise<void> = Promise.resolve()
  #committed: Position = 0
  /** Entries that the store has lost. */
  readonly #gaps = new Map<Position, number>()

  private constructor(store: Store, source: string) {
    this.#store = store
    this.#writer = { source, epoch: 0, count: 0 }
  }

  /**
   * Opens the journal, which takes it over from a process that has it open: that one can acknowledge nothing any more.
   *
   * @param load Gets all records that count.
   */
  static async open(
    store: Store,
    source: string,
    load: (record: TaskRecord, position: Position) => void,
  ): Promise<Journal> {
    const journal = new Journal(store, source)
    await store.addCursor(CURSOR, "start")
    let epoch = 0
    const apply = ({ record, epoch: written, position }: StoredRecord) => {
      // It was written by a process that did not know that another one had taken over, and was not acknowledged.
      if (written < epoch) return
      epoch = written
      load(record, position)
    }
    journal.#committed = store.stats().cursors[CURSOR]?.position ?? 0
    journal.#last = journal.#committed
    for (;;) {
      await journal.#readTo(Number.POSITIVE_INFINITY, apply)
      const mine = epoch + 1
      journal.#writer = { source, epoch: mine, count: 0 }
      const position = await store.append([journal.#event({ type: "task.opened", epoch: mine })], serving)
      await journal.#readTo(position - 1, apply)
      journal.#last = position
      // Another process may have done the same at the same time. The last one has it.
      if (epoch < mine) return journal
    }
  }

  /** Which process this is: the number rises with each that opens the journal. */
  get epoch(): number {
    return this.#writer.epoch
  }

  /** How many entries the store has lost, and says so: it was damaged and repaired. */
  get missing(): number {
    return [...this.#gaps.values()].reduce((sum, count) => sum + count, 0)
  }

  /** How many entries of the store the journal needs. */
  get length(): number {
    return this.#last - this.#committed
  }

  #event(record: TaskRecord, time = Date.now()): NewEvent {
    return { frames: encodeRecord(record, this.#writer, time), time }
  }

  /**
   * Stores records, and events that belong to them, all or none. Resolves once they are on disk, and in the order of the calls.
   *
   * @throws TaskError `STORE` or `TAKEN_OVER`. Then nothing of the journal can be used any more: open it again.
   */
  append(records: readonly TaskRecord[], events: readonly NewEvent[] = []): Promise<void> {
    const time = Date.now()
    const drafts = records.map((record) => this.#event(record, time))
    const written =
      drafts.length + events.length === 0 ? undefined : this.#store.append([...drafts, ...events], serving)
    // It is waited for below, but perhaps not at once.
    written?.catch(() => {})
    const before = this.#tail
    this.#tail = this.#confirm(before, written, records, drafts.length + events.length)
    this.#tail.catch(() => {})
    return this.#tail
  }

  async #confirm(
    before: Promise<void>,
    written: Promise<Position> | undefined,
    records: readonly TaskRecord[],
    count: number,
  ): Promise<void> {
    await before
    if (written === undefined) return
    let last: Position
    try {
      last = await written
    } catch (error) {
      throw failure(error as Error)
    }
    const first = last - count + 1
    if (first !== this.#last + 1) await this.#checkOwner(first - 1)
    this.#last = last
    for (const [index, record] of records.entries()) {
      // A later record may have all of the task, too.
      if (!("data" in record) || record.task.pending !== record) continue
      record.task.position = first + index
      record.task.pending = undefined
    }
  }

  /** Others have written to the store. Whether one of them has taken the queue over: then nothing may be acknowledged. */
  async #checkOwner(to: Position): Promise<void> {
    await this.#readTo(to, ({ record }) => {
      if (record.type === "task.opened" && record.epoch >= this.epoch) throw takenOver()
    })
  }

  async #readTo(to: Position, apply: (stored: StoredRecord) => void): Promise<void> {
    if (to <= this.#last) return
    for await (const entries of this.#entries(this.#last + 1)) {
      // One at a time: a chunk of them, decoded, is many times as large as its bytes.
      for (const entry of entries) {
        if (entry.position > to) return
        const stored = this.#decode(entry)
        if (stored) apply(stored)
      }
    }
    this.#last = Math.max(this.#last, Math.min(to, this.#store.stats().last))
  }

  /** Reads records from a position on, until there are no more. */
  async *read(from: Position): AsyncGenerator<StoredRecord[], void> {
    for await (const entries of this.#entries(from))
      yield entries.map((entry) => this.#decode(entry)).filter((stored) => stored !== undefined)
  }

  #entries(from: Position): AsyncIterable<Entry[]> {
    return this.#store.read(CURSOR, { from, follow: false, reuse: true, max: CHUNK })
  }

  #decode({ frames, position, gap }: Entry): StoredRecord | undefined {
    if (gap) this.#gaps.set(position, gap.to - gap.from + 1)
    const read = decodeRecord(frames, this.#writer.source)
    return read && { record: read.record, epoch: read.epoch, position }
  }

  /** The position of the first entry that the journal needs. */
  get first(): Position {
    return this.#committed + 1
  }

  /** Frees the space of all up to a position. */
  async commit(position: Position): Promise<void> {
    try {
      await this.#store.commit(CURSOR, position)
    } catch (error) {
      throw failure(error as Error)
    }
    this.#committed = Math.max(this.#committed, position)
  }
}
