// One session of a sender: one connection, from HELLO to its end.

import type { Dealer } from "ohmq"
import { withSender } from "../events/index.js"
import type { Entry, Store } from "../store/index.js"
import { LinkError } from "./link-error.js"
import { markOf } from "./mark.js"
import type { Progress } from "./progress.js"
import {
  decodeFromReceiver,
  EVENT_OVERHEAD,
  encodeBye,
  encodeEvents,
  encodeHello,
  encodeLoss,
  type FromReceiver,
  type Loss,
  MAX_EVENTS,
  type Ready,
  VERSION,
} from "./protocol.js"
import { behind, lossOf, removedBetween, verify } from "./resumption.js"
import type { ReadSenderOptions } from "./sender-options.js"
import { UnderWay } from "./under-way.js"

/** Messages of about this size are large enough to cost little beside their bytes. */
const MESSAGE_BYTES = 1 << 16
const MESSAGE_EVENTS = Math.min(64, MAX_EVENTS)

/** What a session needs of its sender. */
export interface SenderHost {
  store: Store
  options: ReadSenderOptions
  progress: Progress
  instance: Buffer
  /** The receiver has answered. */
  answered(): Promise<void>
  ready(): void
  behind(last: number, acknowledged: number, resentFrom: number): void
  refused(sequence: number, reason: string): void
  sent(events: number): void
  delivered(events: number): void
  lost(events: number): void
}

export class SenderSession {
  readonly #host: SenderHost
  readonly #dealer: Dealer
  readonly #signal: AbortSignal
  readonly underWay = new UnderWay()
  #maxEventBytes = 0
  /** The last sequence that was sent. */
  #previous = 0
  /** The last position that was read, now or before. */
  #seen = 0

  constructor(host: SenderHost, dealer: Dealer, signal: AbortSignal) {
    this.#host = host
    this.#dealer = dealer
    this.#signal = signal
  }

  /** Runs until the signal is aborted or something fails. Always rejects. */
  async run(): Promise<never> {
    const { store, options, progress, instance } = this.#host
    const hello = {
      version: VERSION,
      instance,
      firstHeld: store.stats().first,
      acknowledged: progress.acknowledged,
      stream: options.stream,
    }
    await this.#dealer.send(encodeHello(hello), { signal: this.#signal })
    const ready = this.#opened(await this.#next())
    await this.#host.answered()
    await this.#begin(ready)
    this.#host.ready()
    const reading = new AbortController()
    const sending = this.#sendAll(AbortSignal.any([this.#signal, reading.signal]))
    sending.catch(() => {})
    try {
      return await Promise.race([this.#listen(), sending])
    } finally {
      reading.abort()
      this.underWay.wake()
      await sending.catch(() => {})
    }
  }

  async #next(): Promise<FromReceiver> {
    return decodeFromReceiver(await this.#dealer.receive({ signal: this.#signal }))
  }

  #opened(answer: FromReceiver): Ready {
    if (answer.kind === "ready") return answer
    if (answer.kind === "refuse" && answer.sequence === 0) throw new LinkError("REFUSED", answer.reason, answer.code)
    throw new LinkError("MALFORMED", "The receiver answered HELLO with something else than READY")
  }

  /** Finds where to go on. */
  async #begin({ last, credit, maxEventBytes, mark }: Ready): Promise<void> {
    const { store, options, progress } = this.#host
    this.underWay.credit = credit
    this.#maxEventBytes = maxEventBytes
    try {
      await verify(store, options.cursor, { last, mark })
    } catch (error) {
      await this.#dealer.send(encodeBye("restored"))
      throw error
    }
    // What is stored, and not acknowledged, is sent again: some of it may have been refused, and the answer was lost.
    const { acknowledged, stored } = progress
    this.#previous = Math.min(last, acknowledged)
    this.#seen = Math.max(last, acknowledged)
    if (last >= stored) return
    const isContinued = options.onBehind === "continue"
    const found = behind(store, last, isContinued ? acknowledged : last)
    // What is before belongs to another receiver.
    if (!isContinued) await progress.rewind(found.from - 1, last)
    this.#host.behind(last, stored, found.from)
    if (isContinued) return
    this.#seen = found.from - 1
    if (found.loss) {
      await this.#dealer.send(encodeLoss({ ...found.loss, previous: last }), { signal: this.#signal })
      this.#previous = found.loss.sequence
    }
  }

  async #listen(): Promise<never> {
    for (;;) {
      for (const frames of await this.#dealer.receiveMany({ signal: this.#signal })) {
        const message = decodeFromReceiver(frames)
        if (message.kind === "ack") {
          this.underWay.credit = message.credit
          this.#acknowledge(message.sequence)
        } else if (message.kind === "refuse") {
          if (message.sequence === 0) throw new LinkError("REFUSED", message.reason, message.code)
          this.#refuse(message.sequence, message.reason)
        } else throw new LinkError("MALFORMED", "The receiver sent READY twice")
      }
    }
  }

  #acknowledge(sequence: number): void {
    const { passed, stored, events, lost } = this.underWay.acknowledge(sequence)
    if (passed > 0) this.#host.progress.acknowledge(passed, stored)
    if (events > 0) this.#host.delivered(events)
    if (lost > 0) this.#host.lost(lost)
  }

  #refuse(sequence: number, reason: string): void {
    const entry = this.underWay.refuse(sequence)
    if (entry) this.#keep(entry, reason)
  }

  /** Makes a dead letter of an event. */
  #keep(entry: Entry, reason: string): void {
    this.#host.progress.refuse(entry, reason)
    this.#host.refused(entry.position, reason)
  }

  #pass({ position }: Entry): void {
    this.underWay.pass(position)
    this.#acknowledge(0)
  }

  async #sendAll(signal: AbortSignal): Promise<never> {
    const { store, options, progress } = this.#host
    const from = progress.acknowledged + 1
    for await (const entries of store.read(options.cursor, { from, max: 512, signal })) {
      for (let i = 0; i < entries.length; ) i = await this.#sendSome(entries, i, signal)
    }
    throw new LinkError("CLOSED", "The store is closed")
  }

  /** Sends a message of entries from an index on, and returns the index behind them. */
  async #sendSome(entries: Entry[], index: number, signal: AbortSignal): Promise<number> {
    const start = entries[index] as Entry
    const removed = removedBetween(this.#host.store, this.#seen, start.position)
    if (removed) await this.#announce(removed, signal)
    this.#seen = Math.max(this.#seen, start.position)
    if (start.gap) {
      const loss = lossOf(start, this.#host.options.cursor)
      if (loss) await this.#announce(loss, signal)
      else this.#pass(start)
      return index + 1
    }
    const events: (readonly Uint8Array[])[] = []
    let end = index
    let total = 0
    for (; end < entries.length && events.length < MESSAGE_EVENTS && total < MESSAGE_BYTES; end++) {
      const entry = entries[end] as Entry
      if (entry.gap || entry.position !== start.position + events.length) break
      const frames = this.#framesOf(entry)
      if (frames === undefined) {
        if (events.length > 0) break
        this.#pass(entry)
        return index + 1
      }
      const size = frames.reduce((sum, frame) => sum + frame.byteLength, 0)
      if (size > this.#maxEventBytes) {
        if (events.length > 0) break
        this.#keep(entry, `too-large: The event has ${size} bytes; the receiver's limit is ${this.#maxEventBytes}`)
        this.#pass(entry)
        return index + 1
      }
      const bytes = size + EVENT_OVERHEAD
      if (events.length > 0 && !this.underWay.hasRoom(bytes)) break
      if (events.length === 0) await this.underWay.room(bytes, signal)
      this.underWay.add(entry.position, bytes, entry)
      total += bytes
      events.push(frames)
    }
    const last = entries[end - 1] as Entry
    await this.#send(
      encodeEvents({ sequence: start.position, previous: this.#previous, mark: markOf(last), events }),
      signal,
    )
    this.#previous = last.position
    this.#seen = Math.max(this.#seen, last.position)
    this.#host.sent(events.length)
    return end
  }

  async #announce(loss: Omit<Loss, "kind" | "previous">, signal: AbortSignal): Promise<void> {
    await this.underWay.room(EVENT_OVERHEAD, signal)
    this.underWay.addLoss(loss.sequence, EVENT_OVERHEAD, loss.to - loss.from + 1)
    await this.#send(encodeLoss({ ...loss, previous: this.#previous }), signal)
    this.#previous = loss.sequence
  }

  /** What is sent of an entry, if something is. */
  #framesOf(entry: Entry): readonly Uint8Array[] | undefined {
    const { select, nameSender } = this.#host.options
    const frames = select ? select(entry) : entry.frames
    const { sender } = entry
    if (frames === undefined || sender === undefined || !nameSender) return frames
    try {
      return withSender({ frames, sender })
    } catch {
      // Not an event: the receiver refuses it, and says why.
      return frames
    }
  }

  async #send(message: Uint8Array[], signal: AbortSignal): Promise<void> {
    if (!this.#dealer.trySend(message)) await this.#dealer.send(message, { signal })
  }
}
