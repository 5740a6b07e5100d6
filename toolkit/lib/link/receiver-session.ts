// One session of a receiver: a stream, on one connection.

import { Buffer } from "node:buffer"
import { accept, EventError } from "../events/index.js"
import type { NewEvent, Store, WhenFull } from "../store/index.js"
import type { Admission, Admitted, SessionInfo } from "./admission.js"
import { LinkError, type RefusalCode } from "./link-error.js"
import {
  EVENT_OVERHEAD,
  type Events,
  encodeAck,
  encodeReady,
  encodeRefuse,
  type Loss,
  MARK_BYTES,
  VERSION,
} from "./protocol.js"

/** What a session needs of its receiver. */
export interface SessionHost {
  store: Store
  whenFull: "wait" | "drop-oldest"
  admission: Admission | undefined
  maxEventBytes: number
  trustsSender: boolean
  /** How many bytes may be unacknowledged. */
  credit(): number
  /** Sends to the peer. False if it is gone. */
  send(message: Buffer): boolean
  /** The session has ended by itself. */
  ended(): void
  /** An event was refused, for `stats` and listeners. */
  refused(code: RefusalCode, reason: string, sequence: number): void
  stored(count: number, position: number): void
  claimed(): void
}

/** A message whose events are on their way to the disk. */
interface Pending {
  /** The sequence of its last event. */
  end: number
  bytes: number
  refusals: Buffer[]
  isDone: boolean
}

/** Some events that can be appended together. */
interface Run {
  sequence: number
  events: NewEvent[]
  whenFull: WhenFull
  before: (() => Promise<unknown>)[]
}

export class ReceiverSession {
  readonly stream: string
  /** The stream's name in the store. Users cannot write to each other's streams. */
  readonly key: string
  readonly user: string | undefined
  readonly instance: Buffer
  readonly #host: SessionHost
  readonly #pending: Pending[] = []
  readonly #end = new AbortController()
  /** The last sequence that came, stored or not. */
  #covered = 0
  /** The last one that was appended. */
  /** What must be on disk before the next append. */
  #prepared: Promise<unknown> | undefined
  #appended = 0
  /** What is done of the messages of this session, which can be less than what is stored. */
  #acknowledged = 0
  #pendingBytes = 0
  #highestCredit = 0
  #answer: NodeJS.Immediate | undefined

  constructor(host: SessionHost, key: string, stream: string, user: string | undefined, instance: Buffer) {
    this.#host = host
    this.key = key
    this.stream = stream
    this.user = user
    this.instance = instance
  }

  get hasEnded(): boolean {
    return this.#end.signal.aborted
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  #credit(): number {
    const credit = this.#host.credit()
    this.#highestCredit = Math.max(this.#highestCredit, credit)
    return credit
  }

  /**
   * Tells the sender where its stream is.
   *
   * @param acknowledged What the sender knows to be done. It repeats what follows, because it may have missed that some of it was refused.
   */
  begin(acknowledged: number): void {
    const { store, maxEventBytes } = this.#host
    const last = store.sequenceOf(this.key)
    const mark = store.markOf(this.key)
    this.#covered = last
    this.#appended = last
    this.#acknowledged = Math.min(last, acknowledged)
    const bytes = mark === undefined ? undefined : Buffer.from(mark, "base64")
    this.#send(encodeReady({ version: VERSION, last, credit: this.#credit(), maxEventBytes, mark: bytes }))
  }

  /** Whether the peer is still there. */
  probe(): boolean {
    return this.#send(encodeAck({ sequence: this.#acknowledged, credit: this.#credit() }))
  }

  #send(message: Buffer): boolean {
    if (this.hasEnded) return false
    if (this.#host.send(message)) return true
    this.stop()
    return false
  }

  /** Ends without a word. */
  stop(): void {
    if (this.hasEnded) return
    this.#end.abort()
    clearImmediate(this.#answer)
    this.#host.ended()
  }

  /** Refuses the session. */
  fail(code: RefusalCode, reason: string): void {
    if (this.hasEnded) return
    this.#host.refused(code, reason, 0)
    this.#send(encodeRefuse({ sequence: 0, code, reason }))
    this.stop()
  }

  #follow(previous: number, sequence: number, bytes: number): boolean {
    if (previous > this.#covered) {
      const reason = `Event ${sequence} follows ${previous}, but the last one that came is ${this.#covered}`
      this.fail("missing-events", reason)
      return false
    }
    // One event may always be under way, whatever its size.
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > this.#highestCredit) {
      this.fail("credit-exceeded", `${this.#pendingBytes + bytes} bytes are under way; ${this.#highestCredit} may be`)
      return false
    }
    return true
  }

  /** Returns whether it is new. */
  loss({ sequence, previous, mark, from, to }: Loss): boolean {
    if (!this.#follow(previous, sequence, EVENT_OVERHEAD)) return false
    const pending = { end: sequence, bytes: EVENT_OVERHEAD, refusals: [], isDone: false }
    if (sequence <= this.#covered) {
      this.#enter(pending, [])
      return false
    }
    const names = this.#host.admission?.losers?.(this.#info)
    const cursors = names && Object.fromEntries(names.map((name) => [name, to - from + 1]))
    const lost = { from, to, ...(cursors && { cursors }) }
    this.#enter(pending, [this.#pass(sequence, mark, lost)])
    return true
  }

  get #info(): SessionInfo {
    return { stream: this.stream, sender: this.user }
  }

  events({ sequence, previous, mark, events }: Events): void {
    let bytes = events.length * EVENT_OVERHEAD
    for (const frames of events) for (const frame of frames) bytes += frame.byteLength
    if (!this.#follow(previous, sequence, bytes)) return
    const end = sequence + events.length - 1
    const pending: Pending = { end, bytes, refusals: [], isDone: false }
    const runs: Run[] = []
    let run: Run | undefined
    events.forEach((frames, i) => {
      const admitted = this.#accept(frames, sequence + i, pending)
      if (admitted === undefined) run = undefined
      else if (run?.whenFull === admitted.whenFull) run.events.push(admitted.event)
      else {
        run = { sequence: sequence + i, events: [admitted.event], whenFull: admitted.whenFull, before: [] }
        runs.push(run)
      }
      if (admitted?.before) run?.before.push(() => admitted.before?.() ?? Promise.resolve())
    })
    // The mark is the last event's. A run that ends before it has none.
    const lastRun = run
    const appended = runs.map((one) => {
      const { sequence, whenFull } = one
      const place = { sequence, whenFull, mark: one === lastRun ? mark.toString("base64", 0, MARK_BYTES) : undefined }
      return this.#append(one.events, place, one.before)
    })
    // The sender may forget the last one, though it is not kept.
    if (lastRun === undefined && end > this.#covered) appended.push(this.#pass(end, mark))
    this.#enter(pending, appended)
  }

  /** What is to be appended of an event, if it is valid, new and wanted. */
  #accept(frames: Uint8Array[], sequence: number, pending: Pending): Admitted | undefined {
    const { maxEventBytes: bytes, trustsSender: trustSender, admission, whenFull } = this.#host
    try {
      const accepted = accept(frames, { bytes, trustSender })
      if (sequence <= this.#covered) return undefined
      if (accepted.claimedSender !== undefined) this.#host.claimed()
      const named = trustSender ? accepted.event.ohmqsender : undefined
      const sender = typeof named === "string" ? named : this.user
      if (admission) return admission.admit({ ...accepted, ...(sender !== undefined && { sender }) }, this.#info)
      return { event: { frames: accepted.frames, sender }, whenFull }
    } catch (error) {
      if (!(error instanceof EventError)) throw error
      // Also if it comes again: the answer was lost, or the sender could not keep it.
      const reason = `${error.code}: ${error.message}`
      this.#host.refused("invalid-event", reason, sequence)
      pending.refusals.push(encodeRefuse({ sequence, code: "invalid-event", reason }))
      return undefined
    }
  }

  /** Notes a sequence without an event. */
  #pass(sequence: number, mark: Buffer, lost?: AppendPlace["lost"]): Promise<void> {
    const place = { sequence: sequence + 1, mark: mark.toString("base64", 0, MARK_BYTES) }
    return this.#append([], { ...place, whenFull: "wait", ...(lost && { lost }) })
  }

  async #append(events: NewEvent[], options: AppendPlace, before: Run["before"] = []): Promise<void> {
    const after = this.#appended
    this.#appended = options.sequence + events.length - 1
    const { signal } = this.#end
    if (before.length > 0 || this.#prepared !== undefined) {
      // In order, and nothing that comes later may overtake it.
      const prepared = before.reduce((done, store) => done.then(store), this.#prepared ?? Promise.resolve())
      this.#prepared = prepared
      await prepared
      if (this.#prepared === prepared) this.#prepared = undefined
    }
    const all = { ...options, stream: this.key, skip: true, after, signal }
    const position = await this.#host.store.append(events, all)
    this.#host.stored(events.length, position)
  }

  #enter(pending: Pending, appended: Promise<unknown>[]): void {
    this.#covered = Math.max(this.#covered, pending.end)
    this.#pendingBytes += pending.bytes
    this.#pending.push(pending)
    const done = () => {
      pending.isDone = true
      this.#answer ??= setImmediate(() => this.#acknowledge())
    }
    Promise.all(appended).then(done, (error: Error) =>
      this.fail("store-failed", error instanceof LinkError ? error.message : `The store failed: ${error.message}`),
    )
  }

  /** Acknowledges what is on disk, in order. */
  #acknowledge(): void {
    this.#answer = undefined
    let count = 0
    for (const { end, bytes, refusals, isDone } of this.#pending) {
      if (!isDone) break
      for (const refusal of refusals) this.#send(refusal)
      this.#acknowledged = end
      this.#pendingBytes -= bytes
      count++
    }
    this.#pending.splice(0, count)
    if (count > 0) this.#send(encodeAck({ sequence: this.#acknowledged, credit: this.#credit() }))
  }
}

interface AppendPlace {
  sequence: number
  whenFull: WhenFull
  mark?: string | undefined
  lost?: { from: number; to: number; cursors?: Record<string, number> }
}
