// A copy of the store on this machine. It carries out the commands of the replicated log in order, each once: after a crash it goes on where it
// was, because the number of a command is in the same write as what the command does.

import { setTimeout } from "node:timers/promises"
import { StoreError } from "../log/errors.js"
import type { AppliedTo, SegmentStore } from "../segment-store.js"
import type { CursorOwner } from "../state-values.js"
import type { Position } from "../store.js"
import type { Command, CommandBatch, Request, Serving } from "./command.js"

/** More commands than this are not in one batch. */
export const maxCommands = 4096

/** A full disk is tried again after this many milliseconds. */
const retryMs = 500
/** After so many messages it is noted how far they were carried out. */
const noteEvery = 256

/** Commands that depend on what others have written, and wait for them. */
const readers: ReadonlySet<Command["op"]> = new Set([
  "add-cursor",
  "remove-cursor",
  "rewind",
  "replay",
  "discard",
  "drop",
  "claim",
  "release",
])
/** What decides about the commands that follow it. */
const owning: ReadonlySet<Command["op"]> = new Set(["claim", "release"])

/** What came of a command. */
export type Result = PromiseSettledResult<unknown>

/** What else wants to know of commands. */
export interface Observer {
  /** A writer works. */
  alive(from: string, name: string): void
  /** Somebody else serves a cursor now. */
  owned(cursor: string, owner: CursorOwner): void
}

/** The copy. */
export class Replica {
  readonly local: SegmentStore
  readonly #observer: Observer
  /** What was on disk when it was opened. Commands up to there are not carried out again. */
  readonly #base: AppliedTo
  /** The last batch of each writer. A writer that does not know whether a batch arrived sends it again. */
  readonly #batches: Map<string, number>
  readonly #offset: number
  #sequence: number
  #noted: number
  /** Why nothing is carried out. */
  problem: string | undefined

  constructor(local: SegmentStore, observer: Observer) {
    this.local = local
    this.#observer = observer
    this.#base = local.applied
    this.#offset = this.#base.base?.offset ?? 0
    this.#sequence = this.#base.seen.sequence
    this.#noted = this.#sequence
    this.#batches = new Map(Object.entries(this.#base.seen.batches))
  }

  /** The message after which the next one is to come: all before it are carried out. */
  get sequence(): number {
    return this.#sequence
  }

  /** Whether a batch was carried out. */
  has(from: string, number: number): boolean {
    return (this.#batches.get(from) ?? 0) >= number
  }

  /**
   * Carries out a batch, and resolves to what came of its commands once all is on disk. `undefined` if it was carried out before.
   *
   * @param sequence The number of its last message.
   * @param restart The number of the message from which to go on after a crash: not within a batch.
   */
  async apply(
    { from, number, requests }: CommandBatch,
    sequence: number,
    restart: number,
  ): Promise<Result[] | undefined> {
    if (this.has(from, number)) {
      this.pass(restart)
      return undefined
    }
    const results: Promise<unknown>[] = []
    for (const [index, request] of requests.entries()) {
      const at = (this.#offset + sequence) * maxCommands + index
      if (readers.has(request.command.op)) await Promise.allSettled(results)
      results.push(this.#untilDone(from, request, at))
      if (owning.has(request.command.op)) await Promise.allSettled(results)
    }
    const settled = await Promise.allSettled(results)
    // In the order of their last batch, so that the writers of long ago are forgotten.
    this.#batches.delete(from)
    this.#batches.set(from, number)
    const [oldest] = this.#batches.keys()
    if (this.#batches.size > 256 && oldest !== undefined) this.#batches.delete(oldest)
    this.pass(restart)
    if (restart - this.#noted >= noteEvery) await this.note()
    return settled
  }

  /** Passes messages that do nothing. */
  pass(restart: number): void {
    this.#sequence = restart
  }

  /** Notes how far the log was carried out. */
  async note(): Promise<void> {
    if (this.#noted === this.#sequence) return
    this.#noted = this.#sequence
    await this.local.setSeen({ sequence: this.#sequence, batches: Object.fromEntries(this.#batches) })
  }

  /** A full disk is waited for: to leave a command out would make this copy differ from the others. */
  async #untilDone(from: string, request: Request, at: number): Promise<unknown> {
    for (;;) {
      try {
        const result = await this.#perform(from, request, at)
        this.problem = undefined
        return result
      } catch (error) {
        const { code, message } = error as StoreError
        if (code !== "DISK_FULL") throw error
        this.problem = message
        await setTimeout(retryMs)
      }
    }
  }

  #perform(from: string, { command, events }: Request, at: number): Promise<unknown> {
    const { local } = this
    const isKnown = at <= this.#base.state
    switch (command.op) {
      case "append": {
        if (at <= this.#base.events) return Promise.resolve()
        const { op: _, events: __, serving, ...options } = command
        const append = () => local.append(events, { ...options, at })
        return serving === undefined ? append() : this.#ifOwned(serving, append)
      }
      case "forget-stream":
        return at <= this.#base.events ? Promise.resolve() : local.forgetStream(command.stream, at)
      case "add-cursor":
        return isKnown ? Promise.resolve() : local.addCursor(command.cursor, command.from, at)
      case "remove-cursor":
        return isKnown ? Promise.resolve() : local.removeCursor(command.cursor, at)
      case "commit":
        if (isKnown) return Promise.resolve()
        return this.#ifOwned(command, () => local.commit(command.cursor, command.position, command.note, at))
      case "rewind":
        return isKnown ? Promise.resolve() : local.rewind(command.cursor, command.position, at)
      case "dead": {
        if (at <= this.#base.dead) return Promise.resolve()
        const { cursor, reason, position, since } = command
        const { frames = [], sender, time = since } = events[0] ?? {}
        const entry = { position, time, sender, frames: frames as Uint8Array[] }
        return this.#ifOwned(command, () => local.deadLetter(cursor, entry, reason, { since, at }))
      }
      case "replay":
        return local.replay(command.cursor, { ids: command.ids }, at)
      case "discard":
        return local.discard(command.cursor, { ids: command.ids }, at)
      case "drop":
        return this.#drop(command.until, command.reason, at)
      case "alive":
        this.#observer.alive(from, command.name)
        return Promise.resolve()
      case "claim": {
        const { cursor, name, copy, epoch } = command
        return isKnown ? Promise.resolve() : this.#own(cursor, epoch, { epoch: epoch + 1, id: from, name, copy }, at)
      }
      case "release":
        return isKnown ? Promise.resolve() : this.#own(command.cursor, command.epoch, { epoch: command.epoch + 1 }, at)
    }
  }

  /** Who served a cursor once must not move it, nor write for it, after somebody else has taken over. */
  #ifOwned<T>({ cursor, epoch }: Serving, perform: () => Promise<T>): Promise<T> {
    const owner = this.local.owners.get(cursor)
    if (epoch === undefined || owner === undefined || owner.epoch === epoch) return perform()
    const message = `Cursor "${cursor}" is served by ${owner.name ?? "nobody"} now`
    return Promise.reject(new StoreError("NOT_OWNER", message))
  }

  async #own(cursor: string, epoch: number, owner: CursorOwner, at: number): Promise<boolean> {
    if ((this.local.owners.get(cursor)?.epoch ?? 0) !== epoch) return false
    await this.local.setOwner(cursor, owner, at)
    this.#observer.owned(cursor, owner)
    return true
  }

  /** Moves the cursors that are behind to what comes after the dropped events. */
  async #drop(until: Position, reason: "dropped" | "expired" | "damaged" | "stream", at: number): Promise<void> {
    const positions = Object.entries(this.local.stats().cursors).map(([name, { position }]) => ({ name, position }))
    const behind = positions.filter(({ position }) => position < until - 1)
    if (behind.length === 0) return
    const from = Math.min(...behind.map(({ position }) => position)) + 1
    const cursors = Object.fromEntries(behind.map(({ name, position }) => [name, until - 1 - position]))
    await this.local.skipLost({ reason, from, to: until - 1, cursors }, at)
  }
}
