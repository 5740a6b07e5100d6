// The log of events: besides them, it has the sequences of streams, records of gaps, and the numbers of commands of a replicated log. It makes room for
// what is appended.

import { join } from "node:path"
import { gapOf, noted, plain, sizeOf } from "./drafts.js"
import { StoreError } from "./log/errors.js"
import { Log } from "./log/log.js"
import { type Draft, kinds, type Position, type Stored } from "./log/record.js"
import type { StoreOptions } from "./options.js"
import { Room } from "./room.js"
import type { AppendOptions, NewEvent } from "./store.js"
import { type StreamEnd, Streams } from "./streams.js"
import { type EntryMeta, parseMeta } from "./subscription.js"
import { Turns } from "./turns.js"

/** How a command of a replicated log is applied: once, though it may be given again after a crash. */
export interface Applied {
  /** The number of the command, which is kept in the same write as what it does. */
  at?: number
}

/** What it needs of the store. */
interface Surroundings {
  /** The positions of the cursors. */
  cursors(): ReadonlyMap<string, Position>
  /** There are more events. */
  grown(): void
}

/** Events in segments of a folder. */
export class EventLog {
  readonly log: Log
  readonly room: Room
  readonly streams = new Streams()
  /** Dead letters that were written again, of those in the log when it was opened. */
  readonly replayed: Position[] = []
  readonly #turns = new Turns()
  #at = 0
  #refused = 0

  constructor(folder: string, options: Required<StoreOptions>, { cursors, grown }: Surroundings) {
    this.log = new Log({
      folder: join(folder, "log"),
      segmentBytes: options.segmentBytes,
      segmentEntries: options.segmentEntries,
      carry: () => JSON.stringify({ streams: this.streams, ...(this.#at > 0 && { at: this.#at }) }),
      visit: (record) => this.#visit(record),
      rolledBack: () => this.streams.rollBack(),
      grown,
      written: options.onWrite,
    })
    this.room = new Room(this.log, options, cursors)
  }

  /** The number of the last command that is on disk. */
  get at(): number {
    return this.#at
  }

  /** How many appends were refused because there was no room. */
  get refused(): number {
    return this.#refused
  }

  #visit({ kind, meta }: Stored): void {
    if (kind === kinds.carry) {
      const { streams = {}, at = 0 } = JSON.parse(meta || "{}")
      for (const [name, last] of Object.entries(streams))
        this.streams.confirm(name, ...([last as number | StreamEnd].flat() as StreamEnd))
      this.#at = at
      return
    }
    const { stream, dead, at = 0 } = parseMeta(meta)
    this.#at = Math.max(this.#at, at)
    if (stream !== undefined) this.streams.confirm(...stream)
    if (dead !== undefined) this.replayed.push(dead)
  }

  /** Writes records that are valid together only. Resolves to the position of the last one, once they are on disk. */
  write(drafts: readonly Draft[], then?: () => void, at = 0): Promise<Position> {
    const last = drafts.at(-1)
    if (at > 0 && last) last.meta = JSON.stringify({ ...parseMeta(last.meta), at } satisfies EntryMeta)
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#at = Math.max(this.#at, at)
        then?.()
        resolve(first + drafts.length - 1)
      }
      const first = this.log.append(drafts, done, reject)
    })
  }

  /** Adds events, or refuses them, as the options say. Resolves to the position of the last one, once they are on disk. */
  async append(events: readonly NewEvent[], options: AppendOptions & Applied): Promise<Position> {
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
    return !(whenFull === "wait" && this.room.waiting > 0) && this.room.has(sizeOf(drafts), drafts.length)
  }

  /** Resolves once there was room, and the events have their positions. */
  async #enter(drafts: Draft[], options: AppendOptions & Applied): Promise<{ written: Promise<Position> }> {
    if (this.#hasRoom(drafts, options)) return { written: this.#store(drafts, [], options) }
    // What was stored before needs no room, and its sender waits for that answer.
    if (options.stream !== undefined && this.#place(options, drafts).known === drafts.length)
      return { written: this.#last() }
    const bytes = sizeOf(drafts)
    try {
      const dropped = await this.room.make(bytes, drafts.length, options.whenFull ?? "refuse", options.signal)
      // From here on to the append nothing else runs.
      this.room.release(bytes, drafts.length)
      const gaps = dropped.map((one) => gapOf({ reason: "dropped", ...one }))
      this.room.noteGaps(this.log.accepted, dropped)
      return { written: this.#store(drafts, gaps, options) }
    } catch (error) {
      if (error instanceof StoreError && error.code === "FULL") this.#refused++
      throw error
    }
  }

  #place({ stream = "", sequence = 1, allowGap, skip, after }: AppendOptions, drafts: readonly Draft[]) {
    const place = { sequence, count: drafts.length, after }
    return this.streams.place(stream, place, allowGap === true || skip === true)
  }

  async #store(drafts: Draft[], gaps: Draft[], options: AppendOptions & Applied): Promise<Position> {
    const { stream, sequence = 1, lost, mark, at } = options
    if (stream === undefined) {
      const all = gaps.concat(drafts)
      return all.length === 0 ? this.#last() : this.write(all, undefined, at)
    }
    const end = sequence + drafts.length - 1
    if (end <= this.streams.accepted(stream)) return gaps.length === 0 ? this.#last() : this.write(gaps)
    const { known, missing } = this.#place(options, drafts)
    const marked: EntryMeta["stream"] = mark === undefined ? [stream, end] : [stream, end, mark]
    const rest = drafts.slice(known)
    const absent = lost ?? (options.skip ? undefined : missing)
    const last = rest.at(-1)
    if (absent) gaps.push(gapOf({ reason: "stream", stream, ...absent }, last ? undefined : marked))
    if (last) last.meta = JSON.stringify({ stream: marked } satisfies EntryMeta)
    else if (!absent) rest.push(noted({ stream: marked, silent: true }))
    const written = this.write(gaps.concat(rest), () => this.streams.confirm(...marked), at)
    this.streams.accept(stream, end)
    return written
  }

  /** The last position, once all that was accepted is on disk. */
  async #last(): Promise<Position> {
    const last = this.log.accepted - 1
    await this.log.written()
    return last
  }

  async forgetStream(stream: string, at?: number): Promise<void> {
    const forget = () => this.streams.confirm(stream, 0)
    const written = this.write([noted({ stream: [stream, 0], silent: true })], forget, at)
    this.streams.accept(stream, 0)
    await written
  }

  /** Writes events again that were dead letters. There must be room for them. */
  async writeAgain(drafts: Draft[], at: number | undefined): Promise<void> {
    const bytes = sizeOf(drafts)
    await this.room.make(bytes, drafts.length, "refuse", undefined)
    this.room.release(bytes, drafts.length)
    await this.write(drafts, undefined, at)
  }

  /** Removes what all cursors have passed, and drops what is too old. */
  tick(): void {
    this.room.prune(false)
    const dropped = this.room.expire()
    if (!dropped) return
    this.room.noteGaps(this.log.accepted, [dropped])
    this.write([gapOf({ reason: "expired", ...dropped })]).catch(() => {})
  }

  /** Removes what all cursors have passed, however young it is. */
  async compact(): Promise<void> {
    if (this.room.needed() >= this.log.durable) await this.log.roll()
    this.room.prune(true)
    await this.log.removed
  }
}
