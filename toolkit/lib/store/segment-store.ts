// The store in files of its own: docs/store.md has their layout, and why it is not a database.

import { clearInterval, setInterval } from "node:timers"
import { Cursors } from "./cursors.js"
import { DeadLetters } from "./dead-letters.js"
import { gapOf, noted } from "./drafts.js"
import { type Applied, EventLog } from "./event-log.js"
import { StoreError } from "./log/errors.js"
import type { Position } from "./log/record.js"
import { backupStore, checkStore } from "./maintenance.js"
import { pruningInterval, type StoreOptions } from "./options.js"
import type { Owner } from "./owner.js"
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
import { Bell, subscribe } from "./subscription.js"
import { checkEvents } from "./validation.js"

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
  readonly #state: State
  readonly #dead: DeadLetters
  readonly #events: EventLog
  readonly #cursors: Cursors
  readonly #bell = new Bell()
  readonly #clock: NodeJS.Timeout
  readonly #replayed: Position[]
  #closing: Promise<void> | undefined

  constructor(folder: string, owner: Owner, options: Required<StoreOptions>) {
    this.#folder = folder
    this.#owner = owner
    const logs: { close(): Promise<void> }[] = []
    try {
      this.#state = new State(folder)
      logs.push(this.#state)
      this.#dead = new DeadLetters(folder, this.#state, options.maxDeadBytes, options.segmentBytes)
      logs.push(this.#dead)
      this.#events = new EventLog(folder, options, {
        cursors: () => this.#state.cursors,
        grown: () => this.#bell.ring(),
      })
    } catch (error) {
      for (const log of logs) log.close().catch(() => {})
      throw error
    }
    this.#cursors = new Cursors(this.#state, this.#events.log)
    // Their replay is on disk, and the process ended before they were removed.
    this.#replayed = this.#events.replayed.filter((id) => this.#dead.isWaiting(id))
    this.#clock = setInterval(() => this.#closing ?? this.#events.tick(), pruningInterval(options))
    this.#clock.unref()
    this.#state.fillReserve()
  }

  /** Ends replays during which the process ended. */
  finishReplays(): Promise<void> {
    return this.#dead.finish(this.#replayed)
  }

  #open(): void {
    if (this.#closing) throw new StoreError("CLOSED", "The store is closed")
  }

  /** How far a replicated log was applied. */
  get applied(): AppliedTo {
    return {
      events: this.#events.at,
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
    return this.#events.log.bytes
  }

  /** The last durable position. */
  get last(): Position {
    return this.#events.log.durable - 1
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
    if (at > this.#events.at) await this.#events.write([gapOf(gap)], undefined, at)
    for (const [name, lost] of Object.entries(gap.cursors ?? {})) {
      const { dropped } = this.#events.room
      dropped.set(name, (dropped.get(name) ?? 0) + lost)
      await this.#cursors.commit(name, gap.to, undefined, at)
    }
    await this.#passed()
  }

  async append(events: readonly NewEvent[], options: AppendOptions & Applied = {}): Promise<Position> {
    this.#open()
    checkEvents(events, options)
    if (this.#state.isShort) await this.#state.refuse()
    return this.#events.append(events, options)
  }

  sequenceOf(stream: string): number {
    return this.#events.streams.durable(stream)
  }

  markOf(stream: string): string | undefined {
    return this.#events.streams.mark(stream)
  }

  async forgetStream(stream: string, at?: number): Promise<void> {
    this.#open()
    await this.#events.forgetStream(stream, at)
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
      log: this.#events.log,
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
    if (!this.#events.room.prune(this.#events.room.waiting > 0)) return this.#events.room.admit()
    await this.#events.log.removed
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
      if (at !== undefined && at <= this.#events.at) return
      if (this.#state.isShort) await this.#state.refuse()
      const again = letters.map((one) => noted({ only: cursor, dead: one.id, reason: one.reason }, one))
      await this.#events.writeAgain(again, at)
    }
    return this.#dead.take(cursor, selection, write, at)
  }

  async discard(cursor: string, selection: Selection = {}, at?: number): Promise<number> {
    this.#open()
    return this.#dead.take(cursor, selection, async () => {}, at)
  }

  stats(): StoreStats {
    const { log, room, streams, refused } = this.#events
    const cursors = this.#cursors.stats(({ name }) => ({
      dead: this.#dead.waiting(name),
      dropped: room.dropped.get(name) ?? 0,
    }))
    return {
      first: log.first,
      last: log.durable - 1,
      bytes: log.bytes,
      neededBytes: room.neededBytes,
      deadBytes: this.#dead.bytes,
      segments: log.segments.length,
      streams: streams.size,
      cursors,
      refused,
      waitingForRoom: room.waiting,
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
    const before = this.#events.log.bytes
    await this.#events.compact()
    return Math.max(before - this.#events.log.bytes, 0)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#clock)
    this.#events.room.leave()
    this.#bell.ring()
    try {
      await this.#events.log.close()
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
