// A store that several processes share, each with a copy on its own disk: docs/store.md#on-several-machines says how it works. Commands go into a
// stream of NATS JetStream, and each copy carries them out in that order.

import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { clearInterval, setInterval } from "node:timers"
import { setTimeout } from "node:timers/promises"
import { StoreError } from "../log/errors.js"
import type { SegmentStore } from "../segment-store.js"
import type {
  AppendOptions,
  CheckReport,
  DeadLetter,
  Entry,
  NewEvent,
  Position,
  ReadOptions,
  Selection,
  Store,
  StoreStats,
  WhenFull,
} from "../store.js"
import { checkEvents } from "../validation.js"
import { type Command, type Request, requestBytes } from "./command.js"
import { Leases } from "./leases.js"
import { Marks } from "./marks.js"
import { defaults, type ReplicatedOptions } from "./options.js"
import { Parts } from "./parts.js"
import { Replica } from "./replica.js"
import type { LogMessage, LogStream } from "./stream.js"
import { Writer } from "./writer.js"

/** Replays and discards are commands with at most this many dead letters. */
const maxLetters = 256
const retryMs = 500
const tidyMs = 60_000

/** Whether the copy cannot go on. */
const isBroken = (error: unknown): error is StoreError =>
  error instanceof StoreError && ["FAILED", "READ_ONLY"].includes(error.code)

/** A store on JetStream, and this process's part in it. */
export class ReplicatedStore implements Store {
  readonly #local: SegmentStore
  readonly #replica: Replica
  readonly #stream: LogStream
  readonly #writer: Writer
  readonly #options: Required<Pick<ReplicatedOptions, "maxBytes" | "maxDeadBytes" | "history" | "onProblem">>
  readonly #id = randomUUID()
  readonly #stopped = new AbortController()
  readonly #parts = new Parts()
  readonly #marks = new Marks()
  readonly #clock: NodeJS.Timeout
  readonly #roomWaits = new Set<() => void>()
  /** Serves cursors, one process at a time. */
  readonly leases: Leases
  /** The last message that was read. */
  #last: number
  #following: Promise<void> = Promise.resolve()
  #caughtUp: ((error?: Error) => void) | undefined
  #goal = 0
  #refused = 0
  #failure: StoreError | undefined
  #lag: string | undefined
  #isClosed = false
  #closing: Promise<void> | undefined

  /** @internal */
  constructor(local: SegmentStore, stream: LogStream, copy: string, options: ReplicatedOptions) {
    const { maxBytes = Number.POSITIVE_INFINITY, timeout = defaults.timeout, name = hostname() } = options
    const { maxDeadBytes = maxBytes / 4, history = 86_400_000, onProblem = () => {} } = options
    this.#local = local
    this.#stream = stream
    this.#options = { maxBytes, maxDeadBytes, history, onProblem }
    this.leases = new Leases({
      id: this.#id,
      name,
      copy,
      ownerOf: (cursor) => local.owners.get(cursor),
      send: (command) => this.#tell(command),
    })
    this.#replica = new Replica(local, {
      alive: (from, name) => this.leases.heard(from, name),
      owned: () => this.leases.changed(),
    })
    this.#last = this.#replica.sequence
    this.#writer = new Writer(this.#id, stream, timeout, (number) => this.#replica.has(this.#id, number))
    this.#clock = setInterval(() => this.#tidy().catch(() => {}), tidyMs)
    this.#clock.unref()
  }

  /** Follows the log. Resolves once what is in it now was carried out. @internal */
  async start(): Promise<void> {
    const { first, last } = await this.#stream.state()
    const next = this.#replica.sequence + 1
    if (first > next && first <= last)
      throw new StoreError(
        "UNKNOWN_FORMAT",
        `This copy has the log up to message ${next - 1}, and the stream begins at ${first}: it was away for too long, or is new. Put a copy of another machine there (ohmq store backup), then start again`,
      )
    if (last < this.#replica.sequence)
      throw new StoreError(
        "UNKNOWN_FORMAT",
        `This copy has the log up to message ${this.#replica.sequence}, and the stream ends at ${last}: it is another stream, or was restored. Take another folder, or another stream`,
      )
    this.#goal = last
    const caughtUp = new Promise<void>((resolve, reject) => {
      this.#caughtUp = (error) => (error ? reject(error) : resolve())
    })
    if (this.#last >= last) this.#caughtUp?.()
    this.#following = this.#follow()
    await caughtUp
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      try {
        for await (const message of this.#stream.messages(this.#replica.sequence + 1, signal)) {
          this.#lag = undefined
          if (message.sequence <= this.#last) continue
          await this.#take(message)
          // Not how far the copy is: a batch may have been left half sent, and is waited for by nobody.
          if (this.#last >= this.#goal) this.#caughtUp?.()
        }
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof StoreError) return this.#fail(error)
        this.#lag = `JetStream does not send: ${(error as Error).message}`
        this.#options.onProblem(this.#lag)
        this.#parts.clear()
        this.#last = this.#replica.sequence
        await setTimeout(retryMs, undefined, { signal }).catch(() => {})
      }
    }
  }

  async #take(message: LogMessage): Promise<void> {
    const { sequence, time } = message
    const next = this.#last + 1
    if (sequence !== next)
      throw new StoreError(
        "DAMAGED",
        `Message ${next} of the stream is missing: the next one is ${sequence}. This copy cannot go on. Put a copy of another machine there`,
      )
    this.#last = sequence
    const batch = this.#parts.take(message)
    const restart = this.#parts.restartAt(sequence)
    if (batch === undefined) return this.#replica.pass(restart)
    this.#marks.add({ sequence, time, position: this.#local.last })
    const results = await this.#replica.apply(batch, sequence, restart)
    if (results !== undefined && batch.from === this.#id) this.#writer.done(batch.number, results)
    for (const result of results ?? []) if (result.status === "rejected" && isBroken(result.reason)) throw result.reason
    for (const wake of this.#roomWaits) wake()
  }

  /** Nothing is carried out any more. */
  #fail(error: StoreError): void {
    this.#failure = error
    this.#options.onProblem(error.message)
    this.#caughtUp?.(error)
    for (const wake of this.#roomWaits) wake()
  }

  /** A command with its events. Their time is a part of it, so that it is the same in all copies. */
  #request(command: Command, events: readonly NewEvent[] = []): Request {
    const now = Date.now()
    return { command, events: events.map((event) => ({ ...event, time: event.time ?? now })) }
  }

  async #send(request: Request, bytes = requestBytes(request)): Promise<unknown> {
    if (this.#isClosed) throw new StoreError("CLOSED", "The store is closed")
    if (this.#failure) throw this.#failure
    return this.#writer.send(request, bytes)
  }

  /** Sends a command that has no events. */
  #tell(command: Command): Promise<unknown> {
    return this.#send({ command, events: [] })
  }

  async append(events: readonly NewEvent[], options: AppendOptions = {}): Promise<Position> {
    checkEvents(events, options)
    const { whenFull = "refuse", signal, serving: cursor, ...rest } = options
    const serving = cursor === undefined ? undefined : { cursor, epoch: this.#epochOf(cursor) }
    const request = this.#request({ op: "append", events: events.length, ...rest, serving }, events)
    const bytes = requestBytes(request)
    if (events.length > 0 && !this.#hasRoom(bytes)) await this.#makeRoom(bytes, whenFull, signal)
    return (await this.#send(request, bytes)) as Position
  }

  /** In which epoch this process serves a cursor. Undefined if no process ever has claimed it. */
  #epochOf(cursor: string): number | undefined {
    const epoch = this.leases.epochOf(cursor)
    if (epoch === undefined && this.#local.owners.has(cursor))
      throw new StoreError(
        "NOT_OWNER",
        `Cursor "${cursor}" is served by ${this.leases.ownerOf(cursor) ?? "nobody"} now`,
      )
    return epoch
  }

  #hasRoom(bytes: number): boolean {
    return this.#local.bytes + this.#writer.queuedBytes + bytes <= this.#options.maxBytes
  }

  async #makeRoom(bytes: number, whenFull: WhenFull, signal: AbortSignal | undefined): Promise<void> {
    const { maxBytes } = this.#options
    if (bytes > maxBytes)
      throw new StoreError("FULL", `The append has ${bytes} bytes, which is more than the store may ever hold`)
    for (;;) {
      if (this.#isClosed) throw new StoreError("CLOSED", "The store was closed while the append waited for room")
      if (this.#failure) throw this.#failure
      await this.#local.compact()
      if (this.#hasRoom(bytes)) return
      if (whenFull === "drop-oldest") await this.#dropOldest()
      else if (whenFull === "wait") await this.#change(signal)
      else {
        this.#refused++
        const { cursors, last, bytes: used } = this.#local.stats()
        const [slowest] = Object.entries(cursors).sort(([, a], [, b]) => a.position - b.position)
        const hint = slowest
          ? `Cursor "${slowest[0]}" has not passed ${last - slowest[1].position} of its entries`
          : "It has no cursor"
        throw new StoreError("FULL", `The store is full: it has ${used} of ${maxBytes} bytes. ${hint}`)
      }
    }
  }

  /** Gives up an eighth of what some cursor has not passed. */
  async #dropOldest(): Promise<void> {
    const { cursors, last } = this.#local.stats()
    const first = Math.min(last, ...Object.values(cursors).map(({ position }) => position)) + 1
    const until = first + Math.max(1, Math.ceil((last - first + 1) / 8))
    await this.#tell({ op: "drop", until: Math.min(until, last + 1), reason: "dropped" })
  }

  /** Waits until something was carried out. */
  #change(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#roomWaits.delete(end)
        signal?.removeEventListener("abort", end)
        if (signal?.aborted) reject(signal.reason)
        else resolve()
      }
      this.#roomWaits.add(end)
      signal?.addEventListener("abort", end, { once: true })
    })
  }

  sequenceOf(stream: string): number {
    return this.#local.sequenceOf(stream)
  }

  markOf(stream: string): string | undefined {
    return this.#local.markOf(stream)
  }

  async forgetStream(stream: string): Promise<void> {
    await this.#tell({ op: "forget-stream", stream })
  }

  async addCursor(cursor: string, from: "start" | "end" = "start"): Promise<void> {
    if (typeof cursor !== "string" || cursor === "")
      throw new TypeError("The name of a cursor must be a string that is not empty")
    if (Object.hasOwn(this.#local.stats().cursors, cursor)) return
    await this.#tell({ op: "add-cursor", cursor, from })
  }

  async removeCursor(cursor: string): Promise<void> {
    await this.#tell({ op: "remove-cursor", cursor })
  }

  read(cursor: string, options: ReadOptions = {}): AsyncIterable<Entry[]> {
    return this.#local.read(cursor, options)
  }

  async commit(cursor: string, position: Position, note?: string): Promise<void> {
    const { last, cursors } = this.#local.stats()
    if (!Number.isSafeInteger(position) || position > last)
      throw new RangeError(`Cursor "${cursor}" cannot be at ${position}: the last position is ${last}`)
    const known = cursors[cursor]
    if (known !== undefined && position <= known.position && (note === undefined || note === known.note)) return
    await this.#tell({ op: "commit", cursor, position, note, epoch: this.leases.epochOf(cursor) })
  }

  async rewind(cursor: string, position: Position): Promise<void> {
    await this.#tell({ op: "rewind", cursor, position })
  }

  async deadLetter(cursor: string, { position, frames, sender, time }: Entry, reason: string): Promise<void> {
    const { deadBytes } = this.#local.stats()
    const { maxDeadBytes } = this.#options
    const epoch = this.leases.epochOf(cursor)
    const since = Date.now()
    const request = this.#request({ op: "dead", events: 1, cursor, reason, position, since, epoch }, [
      { frames, sender, time },
    ])
    const bytes = requestBytes(request)
    if (deadBytes + bytes > maxDeadBytes)
      throw new StoreError(
        "FULL",
        `The dead letters take ${deadBytes} bytes of ${maxDeadBytes} (maxDeadBytes). Replay or discard some`,
      )
    await this.#send(request, bytes)
  }

  deadLetters(cursor?: string, selection?: Selection): AsyncIterable<DeadLetter> {
    return this.#local.deadLetters(cursor, selection)
  }

  replay(cursor: string, selection: Selection = {}): Promise<number> {
    return this.#takeLetters("replay", cursor, selection)
  }

  discard(cursor: string, selection: Selection = {}): Promise<number> {
    return this.#takeLetters("discard", cursor, selection)
  }

  async #takeLetters(op: "replay" | "discard", cursor: string, selection: Selection): Promise<number> {
    const ids: Position[] = []
    for await (const { id } of this.#local.deadLetters(cursor, selection)) ids.push(id)
    let count = 0
    for (let at = 0; at < ids.length; at += maxLetters) {
      const some = ids.slice(at, at + maxLetters)
      count += Number(await this.#tell({ op, cursor, ids: some }))
    }
    return count
  }

  stats(): StoreStats {
    const problem = this.#failure?.message ?? this.#replica.problem ?? this.#writer.problem ?? this.#lag
    return {
      ...this.#local.stats(),
      refused: this.#refused,
      waitingForRoom: this.#roomWaits.size,
      ...(problem !== undefined && { problem }),
    }
  }

  check(): Promise<CheckReport> {
    return this.#local.check()
  }

  backup(folder: string): Promise<void> {
    return this.#local.backup(folder)
  }

  compact(): Promise<number> {
    return this.#local.compact()
  }

  /** Cuts from the stream what all cursors have passed, and what no copy that was away needs. */
  async #tidy(): Promise<void> {
    await this.#replica.note()
    const { cursors, first } = this.#local.stats()
    const needed = Math.min(...Object.values(cursors).map(({ position }) => position + 1), Number.POSITIVE_INFINITY)
    const done = Number.isFinite(needed) ? needed : first
    const sequence = this.#marks.before(Date.now() - this.#options.history, done)
    if (sequence === undefined) return
    await this.#stream.removeBefore(sequence)
    this.#marks.cut(sequence)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#clock)
    await this.leases.close()
    this.#isClosed = true
    for (const wake of this.#roomWaits) wake()
    await this.#writer.close()
    this.#stopped.abort()
    await this.#following
    await this.#stream.close()
    await this.#replica.note().catch(() => {})
    await this.#local.close()
  }

  /** Closes it, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
