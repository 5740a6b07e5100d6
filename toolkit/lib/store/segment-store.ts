// The store in files of its own: docs/store.md has their layout, and why it is not a database.

import { join } from "node:path"
import { clearInterval, setInterval } from "node:timers"
import { Cursors } from "./cursors.js"
import { DeadLetters } from "./dead-letters.js"
import { gapOf, noted, plain, sizeOf } from "./drafts.js"
import { StoreError } from "./log/errors.js"
import { Log } from "./log/log.js"
import { type Draft, kinds, type Position, type Stored } from "./log/record.js"
import { backupStore, checkStore } from "./maintenance.js"
import { pruningInterval, type StoreOptions } from "./options.js"
import type { Owner } from "./owner.js"
import { Room } from "./room.js"
import { State } from "./state.js"
import type { Base, CursorOwner, Seen } from "./state-values.js"
import type {
  AppendOptions,
  CheckReport,
  DeadLetter,
  Entry,
  Gap,
  NewEvent,
  ReadOptions,
  Selection,
  Store,
  StoreStats,
} from "./store.js"
import { type StreamEnd, Streams } from "./streams.js"
import { Bell, type EntryMeta, parseMeta, subscribe } from "./subscription.js"
import { Turns } from "./turns.js"
import { checkEvents } from "./validation.js"

/** How a command of a replicated log is applied: once, though it may be given again after a crash. */
export interface Applied {
  /** The number of the command, which is kept in the same write as what it does. */
  at?: number
}

/** The last commands that are on disk, in each of the three logs, and how far all of them are. */
export interface AppliedTo {
  readonly events: number
  readonly dead: number
  readonly state: number
  readonly seen: Seen
  /** With what the log began. Undefined if this is not the copy of a replicated store. */
  readonly base: Base | undefined
}

/** The store in the segments of a folder. */
export class SegmentStore implements Store {
  readonly #folder: string
  readonly #owner: Owner
  readonly #log: Log
  readonly #state: State
  readonly #dead: DeadLetters
  readonly #streams = new Streams()
  readonly #turns = new Turns()
  readonly #room: Room
  readonly #cursors: Cursors
  readonly #bell = new Bell()
  readonly #clock: NodeJS.Timeout
  readonly #replayed: Position[]
  #refused = 0
  #at = 0
  #closing: Promise<void> | undefined

  constructor(folder: string, owner: Owner, options: Required<StoreOptions>) {
    this.#folder = folder
    this.#owner = owner
    const replayed: Position[] = []
    const logs: { close(): Promise<void> }[] = []
    try {
      this.#state = new State(folder)
      logs.push(this.#state)
      this.#dead = new DeadLetters(folder, this.#state, options.maxDeadBytes, options.segmentBytes)
      logs.push(this.#dead)
      this.#log = new Log({
        folder: join(folder, "log"),
        segmentBytes: options.segmentBytes,
        segmentEntries: options.segmentEntries,
        carry: () => JSON.stringify({ streams: this.#streams, ...(this.#at > 0 && { at: this.#at }) }),
        visit: (record) => this.#visit(record, replayed),
        rolledBack: () => this.#streams.rollBack(),
        grown: () => this.#bell.ring(),
        written: options.onWrite,
      })
    } catch (error) {
      for (const log of logs) log.close().catch(() => {})
      throw error
    }
    this.#cursors = new Cursors(this.#state, this.#log)
    this.#room = new Room(this.#log, options, () => this.#state.cursors)
    // Their replay is on disk, and the process ended before they were removed.
    this.#replayed = replayed.filter((id) => this.#dead.isWaiting(id))
    this.#clock = setInterval(() => this.#tick(), pruningInterval(options))
    this.#clock.unref()
    this.#state.fillReserve()
  }

  /** Ends replays during which the process ended. */
  finishReplays(): Promise<void> {
    return this.#dead.finish(this.#replayed)
  }

  #visit({ kind, meta }: Stored, replayed: Position[]): void {
    if (kind === kinds.carry) {
      const { streams = {}, at = 0 } = JSON.parse(meta || "{}")
      for (const [name, last] of Object.entries(streams))
        this.#streams.confirm(name, ...([last as number | StreamEnd].flat() as StreamEnd))
      this.#at = at
      return
    }
    const { stream, dead, at = 0 } = parseMeta(meta)
    this.#at = Math.max(this.#at, at)
    if (stream !== undefined) this.#streams.confirm(...stream)
    if (dead !== undefined) replayed.push(dead)
  }

  #tick(): void {
    if (this.#closing) return
    this.#room.prune(false)
    const dropped = this.#room.expire()
    if (!dropped) return
    this.#room.noteGaps(this.#log.accepted, [dropped])
    this.#write([gapOf({ reason: "expired", ...dropped })]).catch(() => {})
  }

  #open(): void {
    if (this.#closing) throw new StoreError("CLOSED", "The store is closed")
  }

  #write(drafts: readonly Draft[], then?: () => void, at = 0): Promise<Position> {
    const last = drafts.at(-1)
    if (at > 0 && last) last.meta = JSON.stringify({ ...parseMeta(last.meta), at } satisfies EntryMeta)
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#at = Math.max(this.#at, at)
        then?.()
        resolve(first + drafts.length - 1)
      }
      const first = this.#log.append(drafts, done, reject)
    })
  }

  /** How far a replicated log was applied. */
  get applied(): AppliedTo {
    return {
      events: this.#at,
      dead: this.#dead.at,
      state: this.#state.at,
      seen: this.#state.seen,
      base: this.#state.base,
    }
  }

  /** Makes this the copy of a replicated store, or a store of its own. */
  setBase(base: Base | null): Promise<void> {
    return this.#state.setBase(base)
  }

  /** Bytes on disk of the log. */
  get bytes(): number {
    return this.#log.bytes
  }

  /** The last durable position. */
  get last(): Position {
    return this.#log.durable - 1
  }

  /** Who serves the cursors of a replicated store. */
  get owners(): ReadonlyMap<string, CursorOwner> {
    return this.#state.owners
  }

  /** Notes who serves a cursor. */
  setOwner(cursor: string, owner: CursorOwner, at: number): Promise<void> {
    return this.#state.setOwner(cursor, owner, at)
  }

  /** Notes that all up to there is on disk. */
  setSeen(seen: Seen): Promise<void> {
    return this.#state.setSeen(seen)
  }

  /** Stores a gap record, and moves cursors over what is missing. */
  async skipLost(gap: Gap, at: number): Promise<void> {
    if (at > this.#at) await this.#write([gapOf(gap)], undefined, at)
    for (const [name, lost] of Object.entries(gap.cursors ?? {})) {
      this.#room.dropped.set(name, (this.#room.dropped.get(name) ?? 0) + lost)
      await this.#cursors.commit(name, gap.to, undefined, at)
    }
    await this.#passed()
  }

  async append(events: readonly NewEvent[], options: AppendOptions & Applied = {}): Promise<Position> {
    this.#open()
    checkEvents(events, options)
    if (this.#state.isShort) await this.#state.refuse()
    const drafts = events.map(plain)
    const { stream } = options
    const isFirst = stream === undefined || this.#turns.isFree(stream)
    if (isFirst && this.#hasRoom(drafts, options)) return this.#store(drafts, [], options)
    const enter = () => this.#enter(drafts, options)
    const { written } = await (stream === undefined ? enter() : this.#turns.take(stream, enter))
    return written
  }

  #hasRoom(drafts: readonly Draft[], { whenFull }: AppendOptions): boolean {
    if (drafts.length === 0) return true
    return !(whenFull === "wait" && this.#room.waiting > 0) && this.#room.has(sizeOf(drafts), drafts.length)
  }

  /** Resolves once there was room, and the events have their positions. */
  async #enter(drafts: Draft[], options: AppendOptions & Applied): Promise<{ written: Promise<Position> }> {
    if (this.#hasRoom(drafts, options)) return { written: this.#store(drafts, [], options) }
    // What was stored before needs no room, and its sender waits for that answer.
    if (options.stream !== undefined && this.#place(options, drafts).known === drafts.length)
      return { written: this.#last() }
    const bytes = sizeOf(drafts)
    try {
      const dropped = await this.#room.make(bytes, drafts.length, options.whenFull ?? "refuse", options.signal)
      // From here on to the append nothing else runs.
      this.#room.release(bytes, drafts.length)
      const gaps = dropped.map((one) => gapOf({ reason: "dropped", ...one }))
      this.#room.noteGaps(this.#log.accepted, dropped)
      return { written: this.#store(drafts, gaps, options) }
    } catch (error) {
      if (error instanceof StoreError && error.code === "FULL") this.#refused++
      throw error
    }
  }

  #place({ stream = "", sequence = 1, allowGap, skip, after }: AppendOptions, drafts: readonly Draft[]) {
    const place = { sequence, count: drafts.length, after }
    return this.#streams.place(stream, place, allowGap === true || skip === true)
  }

  async #store(drafts: Draft[], gaps: Draft[], options: AppendOptions & Applied): Promise<Position> {
    const { stream, sequence = 1, lost, mark, at } = options
    if (stream === undefined) {
      const all = gaps.concat(drafts)
      return all.length === 0 ? this.#last() : this.#write(all, undefined, at)
    }
    const end = sequence + drafts.length - 1
    if (end <= this.#streams.accepted(stream)) return gaps.length === 0 ? this.#last() : this.#write(gaps)
    const { known, missing } = this.#place(options, drafts)
    const marked: EntryMeta["stream"] = mark === undefined ? [stream, end] : [stream, end, mark]
    const rest = drafts.slice(known)
    const absent = lost ?? (options.skip ? undefined : missing)
    const last = rest.at(-1)
    if (absent) gaps.push(gapOf({ reason: "stream", stream, ...absent }, last ? undefined : marked))
    if (last) last.meta = JSON.stringify({ stream: marked } satisfies EntryMeta)
    else if (!absent) rest.push(noted({ stream: marked, silent: true }))
    const written = this.#write(gaps.concat(rest), () => this.#streams.confirm(...marked), at)
    this.#streams.accept(stream, end)
    return written
  }

  /** The last position, once all that was accepted is on disk. */
  async #last(): Promise<Position> {
    const last = this.#log.accepted - 1
    await this.#log.written()
    return last
  }

  sequenceOf(stream: string): number {
    return this.#streams.durable(stream)
  }

  markOf(stream: string): string | undefined {
    return this.#streams.mark(stream)
  }

  async forgetStream(stream: string, at?: number): Promise<void> {
    this.#open()
    const forget = () => this.#streams.confirm(stream, 0)
    const written = this.#write([noted({ stream: [stream, 0], silent: true })], forget, at)
    this.#streams.accept(stream, 0)
    await written
  }

  async addCursor(name: string, from: "start" | "end" = "start", at?: number): Promise<void> {
    this.#open()
    await this.#cursors.add(name, from, at)
  }

  async removeCursor(name: string, at?: number): Promise<void> {
    this.#open()
    await this.#cursors.remove(name, at)
    await this.#passed()
  }

  read(cursor: string, options: ReadOptions = {}): AsyncIterable<Entry[]> {
    this.#open()
    this.#cursors.need(cursor)
    const store = {
      log: this.#log,
      skips: this.#cursors.skips(cursor),
      committed: () => this.#cursors.need(cursor),
      commit: (position: Position) => this.commit(cursor, position),
      bell: this.#bell,
      isClosed: () => this.#closing !== undefined,
    }
    return subscribe(store, cursor, options)
  }

  async commit(cursor: string, position: Position, note?: string, at?: number): Promise<void> {
    this.#open()
    if (await this.#cursors.commit(cursor, position, note, at)) await this.#passed()
  }

  async rewind(cursor: string, position: Position, at?: number): Promise<void> {
    this.#open()
    await this.#cursors.rewind(cursor, position, at)
  }

  /** A cursor has moved on: there may be something to remove, and room. */
  async #passed(): Promise<void> {
    if (!this.#room.prune(this.#room.waiting > 0)) return this.#room.admit()
    await this.#log.removed
    this.#state.fillReserve()
  }

  async deadLetter(
    cursor: string,
    entry: Entry,
    reason: string,
    applied?: { since: number; at: number },
  ): Promise<void> {
    this.#open()
    this.#cursors.need(cursor)
    if (this.#state.isShort) await this.#state.refuse()
    await this.#dead.add(cursor, entry, reason, applied)
  }

  async *deadLetters(cursor?: string, selection: Selection = {}): AsyncGenerator<DeadLetter> {
    this.#open()
    for await (const letters of this.#dead.batches(cursor, selection)) yield* letters
  }

  async replay(cursor: string, selection: Selection = {}, at?: number): Promise<number> {
    this.#open()
    this.#cursors.need(cursor)
    const write = async (letters: DeadLetter[]) => {
      // They are back already, and the process ended before they were removed.
      if (at !== undefined && at <= this.#at) return
      if (this.#state.isShort) await this.#state.refuse()
      const drafts = letters.map((one) => noted({ only: cursor, dead: one.id, reason: one.reason }, one))
      const bytes = sizeOf(drafts)
      await this.#room.make(bytes, drafts.length, "refuse", undefined)
      this.#room.release(bytes, drafts.length)
      await this.#write(drafts, undefined, at)
    }
    return this.#dead.take(cursor, selection, write, at)
  }

  async discard(cursor: string, selection: Selection = {}, at?: number): Promise<number> {
    this.#open()
    return this.#dead.take(cursor, selection, async () => {}, at)
  }

  stats(): StoreStats {
    const { first } = this.#log
    const cursors = this.#cursors.stats(({ name }) => ({
      dead: this.#dead.waiting(name),
      dropped: this.#room.dropped.get(name) ?? 0,
    }))
    return {
      first,
      last: this.#log.durable - 1,
      bytes: this.#log.bytes,
      neededBytes: this.#room.neededBytes,
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

  async backup(folder: string): Promise<void> {
    await backupStore(this.#folder, folder)
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
    this.#bell.ring()
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
