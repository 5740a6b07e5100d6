// The audit log: entries go to a journal, which is on disk before anyone hears of it, and from there into the tree.

import type { Buffer } from "node:buffer"
import { performance } from "node:perf_hooks"
import { clearTimeout, setTimeout } from "node:timers"
import { Log } from "../../store/log/log.js"
import { LogReader } from "../../store/log/reader.js"
import { kinds } from "../../store/log/record.js"
import { AuditError, auditError } from "../error.js"
import type { Checkpoint } from "../notes/checkpoint.js"
import { entryBytes } from "../tree/layout.js"
import type { Cosigning } from "../witness/cosigning.js"
import type { Previous } from "./folder.js"
import type { Publication } from "./publication.js"
import { isReserved, type RecordFields, recordLine, recordTime } from "./record.js"
import type { Seal } from "./seal.js"

const SEGMENT_BYTES = 16 << 20
/** Appends resolve later while the tree is this many bytes behind the journal: memory is bounded. */
const MAX_BEHIND = 64 << 20
/** How long the log waits after a failure to write the tree, in milliseconds. */
const RETRY = 1000
/** The least time between two checkpoints that are made without being asked for, in milliseconds. */
const PAUSE = 20
const READ_AT_ONCE = 1000

/** What the log is made of. */
export interface AuditLogParts {
  folder: string
  journal: string
  /** How long after an entry the checkpoint is made, in milliseconds. */
  delay: number
  /** How far the time of a record may be ahead of the clock, in milliseconds. */
  maxAhead: number
  publication: Publication
  cosigning: Cosigning
  seal: Seal
  onProblem: (message: string) => void
  /** Lets other processes have the log. */
  release(): Promise<void>
}

interface Waiting {
  size: number
  resolve(checkpoint: Checkpoint): void
  reject(error: AuditError): void
}

/** An append-only log of entries in a Merkle tree. `openAuditLog` opens one. */
export class AuditLog implements AsyncDisposable {
  readonly #parts: AuditLogParts
  readonly #publication: Publication
  readonly #journal: Log
  /** Entries that are in the journal, or on the way there, and not in the tree. */
  #pending: Buffer[] = []
  #pendingBytes = 0
  #lastTime: number
  #announced: readonly string[]
  #timer: NodeJS.Timeout | undefined
  #publishing: Promise<void> | undefined
  #waiting: Waiting[] = []
  #slowed: (() => void)[] = []
  #failure: AuditError | undefined
  /** Why the last checkpoint could not be made. */
  #stuck: AuditError | undefined
  #closing: Promise<void> | undefined

  private constructor(parts: AuditLogParts) {
    this.#parts = parts
    this.#publication = parts.publication
    this.#lastTime = parts.publication.head.time
    this.#announced = parts.publication.head.keys
    this.#journal = new Log({
      folder: parts.journal,
      segmentBytes: SEGMENT_BYTES,
      carry: () => "{}",
      visit: () => {},
      rolledBack: () => this.#rollBack(),
    })
  }

  /** @internal */
  static async open(parts: AuditLogParts): Promise<AuditLog> {
    const log = new AuditLog(parts)
    try {
      await log.#recover()
      return log
    } catch (error) {
      await log.#journal.close()
      throw auditError(error, parts.folder)
    }
  }

  /** Takes over what was in the journal, and in no checkpoint, when the process ended. */
  async #recover(): Promise<void> {
    const { folder, publication, cosigning } = this.#parts
    const { size } = publication.head
    const end = this.#journal.durable - 1
    if (end < size)
      throw new AuditError(
        "ROLLED_BACK",
        `The journal of ${folder} ends after ${end} entries, but ${size} are signed: the folder, or a part of it, is an old copy. Restore the newest one as a whole`,
      )
    if (this.#journal.first - 1 > size)
      throw new AuditError(
        "ROLLED_BACK",
        `The tree of ${folder} has ${size} entries, and the journal begins after ${this.#journal.first - 1}: the folder, or a part of it, is an old copy. Restore the newest one as a whole`,
      )
    const reader = new LogReader(this.#journal, size + 1)
    try {
      for (;;) {
        const records = await reader.next(READ_AT_ONCE)
        if (records.length === 0) break
        for (const { frames } of records) this.#accept(entryBytes(frames[0] as Buffer))
        await this.#publishAll()
      }
    } finally {
      await reader.close()
    }
    await publication.publish()
    const refusal = await cosigning.ask(publication)
    if (refusal !== undefined) throw refusal
  }

  /** The name of the log, which its checkpoints begin with. */
  get origin(): string {
    return this.#publication.head.origin
  }

  /** How many entries are on disk. */
  get size(): number {
    return this.#journal.durable - 1
  }

  /** How many entries the last checkpoint covers. */
  get covered(): number {
    return this.#publication.checkpoint.size
  }

  /** The public keys that sign its checkpoints. */
  get keys(): readonly string[] {
    return this.#parts.publication.keys
  }

  /**
   * Appends an entry: text, which is written as UTF-8, or bytes; at least one and at most 65,535 bytes. Entries get their indices in the order of the calls.
   *
   * Resolves to the index of the entry, from 0, once it is on disk. It is in a checkpoint within a second.
   *
   * @throws AuditError `INVALID`, `TOO_LARGE`, `BACK_DATED`, `SEALED`, `DISK_FULL`, `FAILED`, `ROLLED_BACK`, `FORKED` or `CLOSED`. Nothing was appended.
   */
  async append(entry: Uint8Array | string): Promise<{ index: number }> {
    this.#parts.seal.refuse()
    const bytes = entryBytes(entry)
    if (isReserved(bytes))
      throw new AuditError(
        "INVALID",
        'Records whose type begins with "audit.key." or "audit.log." are written by the log itself. Use another type',
      )
    const time = recordTime(bytes)
    // One record of the future would make the log refuse all records until then.
    if (time !== undefined && time > Date.now() + this.#parts.maxAhead)
      throw new AuditError(
        "INVALID",
        `The record is of ${new Date(time).toISOString()}, which is ahead of this machine's clock. Let the log set the time: use record()`,
      )
    if (time !== undefined && time < this.#lastTime)
      throw new AuditError(
        "BACK_DATED",
        `The record is of ${new Date(time).toISOString()}, but the log has one of ${new Date(this.#lastTime).toISOString()} already. Let the log set the time: use record()`,
      )
    return this.#write(bytes)
  }

  /**
   * Appends a record: a line of JSON that begins with the time, in UTC with milliseconds (RFC 3339). The time is never earlier than that of the record before, even if
   * the clock was set back.
   *
   * @throws AuditError as `append` does.
   */
  async record(fields: RecordFields): Promise<{ index: number; time: string }> {
    this.#parts.seal.refuse()
    const bytes = this.#recordBytes(fields)
    if (isReserved(bytes))
      throw new AuditError(
        "INVALID",
        `The type ${fields.type} is for records of the log itself: those that begin with "audit.key." or "audit.log.". Use another one`,
      )
    return { ...(await this.#write(bytes)), time: new Date(recordTime(bytes) ?? 0).toISOString() }
  }

  #recordBytes(fields: RecordFields): Buffer {
    return entryBytes(recordLine(fields, Math.max(Date.now(), this.#lastTime)))
  }

  async #write(bytes: Buffer): Promise<{ index: number }> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#closing !== undefined) throw new AuditError("CLOSED", "The audit log is closed")
    // The journal grows on, but the tree cannot.
    if (this.#pendingBytes > MAX_BEHIND && this.#stuck !== undefined) throw this.#stuck
    const draft = { kind: kinds.entry, time: 0, span: 1, sender: "", meta: "", frames: [bytes] }
    try {
      const index = await new Promise<number>((resolve, reject) => {
        const position: number = this.#journal.append([draft], () => resolve(position - 1), reject)
        this.#accept(bytes)
      })
      this.#schedule()
      if (this.#pendingBytes > MAX_BEHIND) await new Promise<void>((resolve) => this.#slowed.push(resolve))
      return { index }
    } catch (error) {
      const failure = auditError(error, this.#parts.folder)
      if (failure.code !== "DISK_FULL" && failure.code !== "CLOSED") this.#failure = failure
      throw failure
    }
  }

  #accept(bytes: Buffer): void {
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    this.#lastTime = recordTime(bytes) ?? this.#lastTime
  }

  /** What could not be written to the journal is not in the log. */
  #rollBack(): void {
    const kept = this.#journal.durable - 1 - this.#publication.head.size
    for (const gone of this.#pending.splice(kept)) this.#pendingBytes -= gone.length
    this.#lastTime = this.#pending.reduce((last, bytes) => recordTime(bytes) ?? last, this.#publication.head.time)
  }

  #schedule(delay = this.#parts.delay): void {
    if (this.#timer !== undefined || this.#publishing !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      const begin = performance.now()
      this.#publishing = this.#publishSoon().finally(() => {
        this.#publishing = undefined
        // What came meanwhile has waited already: on a slow disk, too, it waits for two checkpoints at most.
        const waited = performance.now() - begin
        if (this.#hasMore && this.#closing === undefined) this.#schedule(Math.max(PAUSE, this.#parts.delay - waited))
      })
    }, delay)
  }

  get #hasMore(): boolean {
    return this.#journal.durable - 1 > this.#publication.checkpoint.size
  }

  /** Publishes, and waits a little if that fails: what is in the journal is safe, and is tried again. */
  async #publishSoon(): Promise<void> {
    try {
      await this.#publishAll()
    } catch (error) {
      const failure = auditError(error, this.#parts.folder)
      this.#parts.onProblem(`The checkpoint could not be written, and is tried again: ${failure.message}`)
      this.#stuck = failure
      for (const { reject } of this.#waiting.splice(0)) reject(failure)
      for (const resolve of this.#slowed.splice(0)) resolve()
      if (this.#closing === undefined) await new Promise((resolve) => setTimeout(resolve, RETRY).unref())
    }
  }

  /** Brings all that is durable into the tree and under a checkpoint. */
  async #publishAll(): Promise<void> {
    const publication = this.#publication
    const count = this.#journal.durable - 1 - publication.head.size
    if (count > 0) {
      const entries = this.#pending.slice(0, count)
      const time = entries.reduce((last, bytes) => recordTime(bytes) ?? last, publication.head.time)
      await publication.add(entries, time, this.#announced)
      for (const done of this.#pending.splice(0, count)) this.#pendingBytes -= done.length
      if (this.#pendingBytes <= MAX_BEHIND) for (const resolve of this.#slowed.splice(0)) resolve()
    }
    await publication.publish((checkpoint) =>
      this.#parts.cosigning.collect(checkpoint, publication, (refusal) => {
        this.#failure ??= refusal
        this.#parts.onProblem(refusal.message)
      }),
    )
    this.#stuck = undefined
    const { checkpoint } = publication
    this.#journal.dropBefore(checkpoint.size + 1)
    const due = this.#waiting.filter(({ size }) => size <= checkpoint.size)
    this.#waiting = this.#waiting.filter(({ size }) => size > checkpoint.size)
    for (const { resolve } of due) resolve(checkpoint)
  }

  /**
   * Resolves to a checkpoint that covers all entries that were on disk at the time of the call, once it is on disk itself.
   *
   * @throws AuditError `DISK_FULL`, `FAILED` or `CLOSED`.
   */
  async checkpoint(): Promise<Checkpoint> {
    const { checkpoint } = this.#publication
    if (checkpoint.size >= this.size) return checkpoint
    if (this.#closing !== undefined) throw new AuditError("CLOSED", "The audit log is closed")
    const size = this.size
    const due = new Promise<Checkpoint>((resolve, reject) => this.#waiting.push({ size, resolve, reject }))
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#schedule(0)
    return due
  }

  /** Announces the keys that sign: entries say when a key was added and when it was retired. */
  async announce(): Promise<void> {
    if (this.#parts.seal.isSet) return
    const { keys } = this
    const known = this.#announced
    const added = keys.filter((key) => !known.includes(key)).map((key) => ({ type: "audit.key.added", key }))
    const retired = known.filter((key) => !keys.includes(key)).map((key) => ({ type: "audit.key.retired", key }))
    for (const fields of [...added, ...retired]) await this.#write(this.#recordBytes(fields))
    // After a crash before this is in the head, they are announced once more.
    this.#announced = keys
  }

  /**
   * Appends the first entry of a log that goes on where another one was sealed.
   *
   * @internal
   */
  async begin(previous: Previous): Promise<void> {
    await this.#write(this.#recordBytes({ type: "audit.log.begun", previous }))
  }

  /**
   * Seals the log: a last entry, a last checkpoint, and the file `sealed`. It takes no more entries, also after it is opened again. Its tiles may then
   * be archived or deleted.
   */
  async seal(): Promise<Checkpoint> {
    const { seal } = this.#parts
    return seal.set(async () => {
      await this.#write(this.#recordBytes({ type: "audit.log.sealed" }))
      return this.checkpoint()
    })
  }

  /** Makes a last checkpoint and closes the log. What was appended before is on disk. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { folder, cosigning, release } = this.#parts
    try {
      clearTimeout(this.#timer)
      await this.#publishing
      await this.#journal.written().catch(() => {})
      if (this.#hasMore) await this.#publishAll()
      await cosigning.close()
    } catch (error) {
      throw auditError(error, folder)
    } finally {
      const failure = new AuditError("CLOSED", "The audit log was closed before the checkpoint was made")
      for (const { reject } of this.#waiting.splice(0)) reject(failure)
      for (const resolve of this.#slowed.splice(0)) resolve()
      await this.#journal.close()
      await release()
    }
  }

  /** Closes it, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
