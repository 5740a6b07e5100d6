// What a sender has sent and the receiver has not acknowledged, and the credit that it takes.

import type { Entry } from "../store/index.js"

/** An entry of the store, in order. */
interface Item {
  position: number
  bytes: number
  /** The event, unless it is a loss or nothing is sent of it. */
  entry?: Entry | undefined
  /** How many events are missing here. */
  lost?: number
  /** It needs no acknowledgement. */
  isPassed?: true
}

/** What an acknowledgement brings. */
export interface Acknowledged {
  /** Everything up to here is done. 0 if nothing is new. */
  passed: number
  /** The last sequence of it that the receiver has. 0 if there is none. */
  stored: number
  /** How many events were taken. */
  events: number
  /** How many the receiver knows to be lost. */
  lost: number
}

export class UnderWay {
  /** Those before `#first` are done. */
  #items: Item[] = []
  #first = 0
  #bytes = 0
  #credit = 0
  #room: (() => void) | undefined
  /** How often there was no credit. */
  waits = 0

  get length(): number {
    return this.#items.length - this.#first
  }

  get bytes(): number {
    return this.#bytes
  }

  /** When the oldest event was received. */
  get oldest(): number | undefined {
    return this.#items[this.#first]?.entry?.time
  }

  set credit(bytes: number) {
    this.#credit = bytes
    this.#room?.()
  }

  /** Whether there is credit for more bytes. One event may always be under way. */
  hasRoom(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#credit
  }

  add(position: number, bytes: number, entry?: Entry): void {
    this.#items.push({ position, bytes, entry })
    this.#bytes += bytes
  }

  addLoss(position: number, bytes: number, lost: number): void {
    this.#items.push({ position, bytes, lost })
    this.#bytes += bytes
  }

  /** An entry of which nothing is sent. It is done when those before it are. */
  pass(position: number): void {
    const last = this.#items.at(-1)
    // There may be millions of them behind one event.
    if (this.length > 0 && last?.isPassed) last.position = position
    else this.#items.push({ position, bytes: 0, isPassed: true })
  }

  /** Takes out the event of a sequence, which the receiver has refused. */
  refuse(sequence: number): Entry | undefined {
    for (let i = this.#first; i < this.#items.length; i++) {
      const item = this.#items[i] as Item
      if (item.position !== sequence) continue
      const { entry } = item
      item.entry = undefined
      return entry
    }
    return undefined
  }

  acknowledge(sequence: number): Acknowledged {
    const done: Acknowledged = { passed: 0, stored: 0, events: 0, lost: 0 }
    while (this.#first < this.#items.length) {
      const { position, bytes, entry, lost = 0, isPassed } = this.#items[this.#first] as Item
      if (position > sequence && !isPassed) break
      done.passed = position
      if (!isPassed) done.stored = position
      if (entry) done.events++
      done.lost += lost
      this.#bytes -= bytes
      this.#first++
    }
    if (this.#first > 1024 && this.#first * 2 > this.#items.length) {
      this.#items.splice(0, this.#first)
      this.#first = 0
    }
    this.#room?.()
    return done
  }

  /** Waits for credit. */
  async room(bytes: number, signal: AbortSignal): Promise<void> {
    if (!this.hasRoom(bytes)) this.waits++
    while (!this.hasRoom(bytes) && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#room = resolve
      })
      this.#room = undefined
    }
    signal.throwIfAborted()
  }

  /** Ends the wait for credit, so that its signal is looked at. */
  wake(): void {
    this.#room?.()
  }
}
