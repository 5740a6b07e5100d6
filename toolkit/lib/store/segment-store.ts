// The store in files of its own: docs/store.md has their layout, ARCHITECTURE.md why it is not a database.

import { clearInterval, setInterval } from "node:timers"
import { DeadLetters } from "./dead-letters.js"
import { ensureFormat } from "./format.js"
import { StoreError } from "./log/errors.js"
import { makeFolder, refuseNetworkFileSystem } from "./log/file-system.js"
import { Log } from "./log/log.js"
import { type Draft, kinds, type Position, recordLength, type Stored } from "./log/record.js"
import { backupStore, checkStore } from "./maintenance.js"
import { readOptions, type StoreOptions } from "./options.js"
import { Owner } from "./owner.js"
import { repairFolder } from "./repair.js"
import { Room } from "./room.js"
import { State } from "./state.js"
import type {
  AppendOptions,
  CheckReport,
  CursorStats,
  DeadLetter,
  Entry,
  Gap,
  NewEvent,
  ReadOptions,
  Selection,
  Store,
  StoreStats,
} from "./store.js"
import { Streams } from "./streams.js"
import { type EntryMeta, parseMeta, Skips, subscribe } from "./subscription.js"
import { checkEvents } from "./validation.js"

const draft = (kind: number, meta: EntryMeta, event?: NewEvent): Draft => ({
  kind,
  time: event?.time ?? Date.now(),
  span: 1,
  sender: event?.sender ?? "",
  meta: JSON.stringify(meta),
  frames: event?.frames ?? [],
})

const plain = (event: NewEvent): Draft => ({
  kind: kinds.entry,
  time: event.time ?? Date.now(),
  span: 1,
  sender: event.sender ?? "",
  meta: "",
  frames: event.frames,
})

const sizeOf = (drafts: readonly Draft[]): number => drafts.reduce((sum, one) => sum + recordLength(one), 0)

class SegmentStore implements Store {
  readonly #folder: string
  readonly #owner: Owner
  readonly #log: Log
  readonly #state: State
  readonly #dead: DeadLetters
  readonly #streams = new Streams()
  readonly #room: Room
  readonly #skips = new Map<string, Skips>()
  #onGrown = new Set<() => void>()
  readonly #clock: NodeJS.Timeout
  #refused = 0
  #closing: Promise<void> | undefined

  constructor(folder: string, owner: Owner, options: Required<StoreOptions>) {
    this.#folder = folder
    this.#owner = owner
    this.#state = new State(folder)
    this.#dead = new DeadLetters(folder, this.#state, options.maxDeadBytes, options.segmentBytes)
    const replayed: Position[] = []
    this.#log = new Log({
      folder: `${folder}/log`,
      segmentBytes: options.segmentBytes,
      segmentEntries: options.segmentEntries,
      carry: () => JSON.stringify({ streams: this.#streams }),
      visit: (record) => this.#visit(record, replayed),
      rolledBack: () => this.#streams.rollBack(),
      grown: () => this.#grown(),
      written: options.onWrite,
    })
    this.#room = new Room(this.#log, options, () => this.#state.cursors)
    // Their replay is on disk, and the process ended before they were removed.
    for (const id of replayed) if (this.#dead.isWaiting(id)) this.#unfinished.push(id)
    const { retention, maxAge } = options
    this.#clock = setInterval(
      () => this.#tick(),
      Math.min(Math.max(Math.min(retention || maxAge, maxAge) / 4, 10), 60_000),
    )
    this.#clock.unref()
    this.#state.fillReserve()
  }

  readonly #unfinished: Position[] = []

  async finishReplays(): Promise<void> {
    if (this.#unfinished.length === 0) return
    for await (const letters of this.#dead.batches(undefined, { ids: this.#unfinished })) {
      for (const { cursor, id } of letters) await this.#dead.remove(cursor, [id])
    }
  }

  #visit({ kind, meta }: Stored, replayed: Position[]): void {
    if (kind === kinds.carry) {
      for (const [name, last] of Object.entries(JSON.parse(meta || "{}").streams ?? {}))
        this.#streams.confirm(name, last as number)
      return
    }
    const { stream, dead } = parseMeta(meta)
    if (stream !== undefined) this.#streams.confirm(...stream)
    if (dead !== undefined) replayed.push(dead)
  }

  #grown(): void {
    const callbacks = this.#onGrown
    if (callbacks.size === 0) return
    this.#onGrown = new Set()
    for (const callback of callbacks) callback()
  }

  #tick(): void {
    if (this.#closing) return
    this.#room.prune(false)
    const dropped = this.#room.expire()
    if (dropped) this.#write([draft(kinds.gap, { gap: { reason: "expired", ...dropped } })]).catch(() => {})
  }

  #open(): void {
    if (this.#closing) throw new StoreError("CLOSED", "The store is closed")
  }

  #need(cursor: string): Position {
    const position = this.#state.cursors.get(cursor)
    if (position !== undefined) return position
    const known = [...this.#state.cursors.keys()].join(", ") || "none"
    throw new StoreError(
      "UNKNOWN_CURSOR",
      `The store has no cursor "${cursor}" (it has: ${known}). Add it with addCursor()`,
    )
  }

  #write(drafts: readonly Draft[], then?: () => void): Promise<Position> {
    return new Promise((resolve, reject) => {
      const done = () => {
        then?.()
        resolve(first + drafts.length - 1)
      }
      const first = this.#log.append(drafts, done, reject)
    })
  }

  async append(events: readonly NewEvent[], options: AppendOptions = {}): Promise<Position> {
    this.#open()
    checkEvents(events, options)
    const drafts = events.map(plain)
    const bytes = sizeOf(drafts)
    const { whenFull = "refuse", stream } = options
    let gaps: Draft[] = []
    let isKept = false
    if ((whenFull === "wait" && this.#room.waiting > 0) || !this.#room.has(bytes, drafts.length)) {
      // What was stored before needs no room, and its sender waits for that answer.
      if (stream !== undefined && this.#place(options, drafts).known === drafts.length) return this.#last()
      try {
        const dropped = await this.#room.make(bytes, drafts.length, whenFull, options.signal)
        isKept = true
        gaps = dropped.map((one) => draft(kinds.gap, { gap: { reason: "dropped", ...one } }))
      } catch (error) {
        if (error instanceof StoreError && error.code === "FULL") this.#refused++
        throw error
      }
    }
    // From here on to the append nothing else runs.
    if (isKept) this.#room.release(bytes, drafts.length)
    return this.#store(drafts, gaps, options)
  }

  #place({ stream = "", sequence = 1, allowGap = false }: AppendOptions, drafts: readonly Draft[]) {
    return this.#streams.place(stream, sequence, drafts.length, allowGap)
  }

  #store(drafts: Draft[], gaps: Draft[], options: AppendOptions): Promise<Position> {
    const { stream, sequence = 1 } = options
    if (stream === undefined) return drafts.length + gaps.length === 0 ? this.#last() : this.#write(gaps.concat(drafts))
    const { known, missing } = this.#place(options, drafts)
    if (missing) gaps.push(draft(kinds.gap, { gap: { reason: "stream", stream, ...missing } }))
    const rest = drafts.slice(known)
    const end = sequence + drafts.length - 1
    const last = rest.at(-1)
    if (last === undefined) return gaps.length === 0 ? this.#last() : this.#write(gaps)
    last.meta = JSON.stringify({ stream: [stream, end] } satisfies EntryMeta)
    const written = this.#write(gaps.concat(rest), () => this.#streams.confirm(stream, end))
    this.#streams.accept(stream, end)
    return written
  }

  /** The last position, once all that was accepted is on disk. */
  async #last(): Promise<Position> {
    const last = this.#log.accepted - 1
    if (last >= this.#log.durable) await this.#log.settled()
    if (this.#log.durable <= last)
      throw this.#log.failure ?? new StoreError("DISK_FULL", "The events that came before could not be stored")
    return last
  }

  sequenceOf(stream: string): number {
    return this.#streams.durable(stream)
  }

  async forgetStream(stream: string): Promise<void> {
    this.#open()
    const written = this.#write([draft(kinds.entry, { stream: [stream, 0], silent: true })], () =>
      this.#streams.confirm(stream, 0),
    )
    this.#streams.accept(stream, 0)
    await written
  }

  async addCursor(name: string, from: "start" | "end" = "start"): Promise<void> {
    this.#open()
    if (typeof name !== "string" || name === "")
      throw new TypeError("The name of a cursor must be a string that is not empty")
    if (this.#state.cursors.has(name)) return
    await this.#state.setCursors({ [name]: (from === "end" ? this.#log.durable : this.#log.first) - 1 })
  }

  async removeCursor(name: string): Promise<void> {
    this.#open()
    this.#need(name)
    await this.#state.setCursors({ [name]: null })
    this.#skips.delete(name)
    await this.#passed()
  }

  read(cursor: string, options: ReadOptions = {}): AsyncIterable<Entry[]> {
    this.#open()
    this.#need(cursor)
    const store = {
      log: this.#log,
      skips: this.#skipsOf(cursor),
      committed: () => this.#state.cursors.get(cursor) ?? Number.POSITIVE_INFINITY,
      commit: (position: Position) => this.commit(cursor, position),
      onGrown: (callback: () => void) => {
        this.#onGrown.add(callback)
        return () => this.#onGrown.delete(callback)
      },
      isClosed: () => this.#closing !== undefined,
    }
    return subscribe(store, cursor, options)
  }

  #skipsOf(cursor: string): Skips {
    let skips = this.#skips.get(cursor)
    if (skips === undefined) {
      skips = new Skips()
      this.#skips.set(cursor, skips)
    }
    return skips
  }

  async commit(cursor: string, position: Position): Promise<void> {
    this.#open()
    const before = this.#need(cursor)
    if (!Number.isSafeInteger(position) || position >= this.#log.durable) {
      throw new RangeError(`Cursor "${cursor}" cannot be at ${position}: the last position is ${this.#log.durable - 1}`)
    }
    const until = this.#skipsOf(cursor).extend(position)
    if (until <= before) return
    await this.#state.setCursors({ [cursor]: until })
    await this.#passed()
  }

  async rewind(cursor: string, position: Position): Promise<void> {
    this.#open()
    this.#need(cursor)
    await this.#state.setCursors({ [cursor]: Math.max(Math.min(position, this.#log.durable - 1), this.#log.first - 1) })
  }

  /** A cursor has moved on: there may be something to remove, and room. */
  async #passed(): Promise<void> {
    if (!this.#room.prune(this.#room.waiting > 0)) return this.#room.admit()
    await this.#log.removed
    this.#state.fillReserve()
  }

  async deadLetter(cursor: string, entry: Entry, reason: string): Promise<void> {
    this.#open()
    this.#need(cursor)
    await this.#dead.add(cursor, entry, reason)
  }

  async *deadLetters(cursor?: string, selection: Selection = {}): AsyncGenerator<DeadLetter> {
    this.#open()
    for await (const letters of this.#dead.batches(cursor, selection)) yield* letters
  }

  async replay(cursor: string, selection: Selection = {}): Promise<number> {
    this.#open()
    this.#need(cursor)
    let count = 0
    for await (const letters of this.#dead.batches(cursor, selection)) {
      const drafts = letters.map((letter) =>
        draft(kinds.entry, { only: cursor, dead: letter.id, reason: letter.reason }, letter),
      )
      const bytes = sizeOf(drafts)
      await this.#room.make(bytes, drafts.length, "refuse", undefined)
      this.#room.release(bytes, drafts.length)
      await this.#write(drafts)
      const ids = letters.map(({ id }) => id)
      await this.#dead.remove(cursor, ids)
      count += ids.length
    }
    return count
  }

  async discard(cursor: string, selection: Selection = {}): Promise<number> {
    this.#open()
    let count = 0
    for await (const letters of this.#dead.batches(cursor, selection)) {
      const ids = letters.map(({ id }) => id)
      await this.#dead.remove(cursor, ids)
      count += ids.length
    }
    return count
  }

  stats(): StoreStats {
    const cursors: Record<string, CursorStats> = {}
    const last = this.#log.durable - 1
    const { first } = this.#log
    for (const [name, position] of this.#state.cursors) {
      const waiting = last - Math.max(position, first - 1)
      cursors[name] = { position, waiting, dead: this.#dead.waiting(name), dropped: this.#room.dropped.get(name) ?? 0 }
    }
    return {
      first,
      last,
      bytes: this.#log.bytes,
      deadBytes: this.#dead.bytes,
      segments: this.#log.segments.length,
      streams: this.#streams.size,
      cursors,
      refused: this.#refused,
      waitingForRoom: this.#room.waiting,
    }
  }

  check(): Promise<CheckReport> {
    return checkStore(this.#folder)
  }

  backup(folder: string): Promise<void> {
    return backupStore(this.#folder, folder)
  }

  async compact(): Promise<number> {
    this.#open()
    const before = this.#log.bytes
    if (this.#room.needed() >= this.#log.durable) await this.#log.roll()
    this.#room.prune(true)
    await this.#log.removed
    return Math.max(before - this.#log.bytes, 0)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#clock)
    this.#room.leave()
    this.#grown()
    try {
      await this.#log.close()
      await this.#dead.close()
      await this.#state.close()
    } finally {
      await this.#owner.release()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * Opens the store in a folder, which is created if it is not there. Only one process can have it open.
 *
 * @throws StoreError `LOCKED`, `READ_ONLY`, `NETWORK_FILE_SYSTEM`, `UNKNOWN_FORMAT`, `DISK_FULL` or `DAMAGED`.
 */
export async function openStore(folder: string, options: StoreOptions = {}): Promise<Store> {
  const complete = readOptions(options)
  makeFolder(folder)
  refuseNetworkFileSystem(folder)
  const owner = await Owner.claim(folder)
  try {
    ensureFormat(folder)
    if (complete.repair) await repairFolder(folder)
    const store = new SegmentStore(folder, owner, complete)
    await store.finishReplays()
    return store
  } catch (error) {
    await owner.release()
    throw error
  }
}

export type { Gap }
