// Tells many denials of one source as one, so that nobody fills a log at the speed of handshakes.

import { clearTimeout, setTimeout, type Timer } from "../../base/timers.js"
import type { AuditEvent } from "./audit.js"

interface Record {
  told: number
  /** What is not told yet. */
  held: AuditEvent | undefined
  timer: Timer
}

/** As many are remembered; of more than these, the oldest is told of before its time. */
const MOST = 10_000

export class Repeats {
  readonly #limit: number
  readonly #window: number
  readonly #tell: (event: AuditEvent) => void
  /** By source and reason. */
  readonly #records = new Map<string, Record>()

  /** Within `window` milliseconds, the first `limit` denials of a source for one reason are told at once, the others as one at its end. */
  constructor(limit: number, window: number, tell: (event: AuditEvent) => void) {
    this.#limit = limit
    this.#window = window
    this.#tell = tell
  }

  /** Tells a denial, now or later. @param known Whether it says by itself that there were many like it: then one is enough. */
  add(source: string, event: AuditEvent, known = false): void {
    const key = `${source}\n${event.reason}`
    let record = this.#records.get(key)
    if (record === undefined) {
      const timer = setTimeout(() => this.#finish(key), this.#window).unref()
      record = { told: 0, held: undefined, timer }
      this.#records.set(key, record)
      if (this.#records.size > MOST) this.#finish(this.#records.keys().next().value as string)
    }
    if (record.told < (known ? 1 : this.#limit)) {
      record.told += 1
      this.#tell(event)
    } else {
      const { count = 0, first = event.first } = record.held ?? {}
      record.held = { ...event, count: count + 1, first }
    }
  }

  /** Tells all that was not told yet. */
  flush(): void {
    for (const key of this.#records.keys()) this.#finish(key)
  }

  #finish(key: string): void {
    const { held, timer } = this.#records.get(key) as Record
    clearTimeout(timer)
    this.#records.delete(key)
    if (held !== undefined) this.#tell(held)
  }
}
