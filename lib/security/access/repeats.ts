// Reports many denials of one source as one event, so that an attacker cannot fill a log at the speed of handshakes.

import { clearTimeout, setTimeout, type Timer } from "../../base/timers.js"
import type { AuditEvent } from "./audit.js"

interface Denials {
  reported: number
  /** The denials that were not reported yet, as one event. */
  held: AuditEvent | undefined
  timer: Timer
}

/** How many sources and reasons are remembered. Past that, the oldest is reported early. */
const MOST = 10_000

export class Repeats {
  readonly #limit: number
  readonly #window: number
  readonly #report: (event: AuditEvent) => void
  /** By source and reason. */
  readonly #denials = new Map<string, Denials>()

  /** Within `window` milliseconds, reports the first `limit` denials of a source and reason at once, and the others as one event at its end. */
  constructor(limit: number, window: number, report: (event: AuditEvent) => void) {
    this.#limit = limit
    this.#window = window
    this.#report = report
  }

  /** Reports a denial, now or later. @param once Reports only the first at once, because its reason already says that there are many. */
  add(source: string, event: AuditEvent, once = false): void {
    const key = `${source}\n${event.reason}`
    let denials = this.#denials.get(key)
    if (denials === undefined) {
      const timer = setTimeout(() => this.#finish(key), this.#window).unref()
      denials = { reported: 0, held: undefined, timer }
      this.#denials.set(key, denials)
      if (this.#denials.size > MOST) this.#finish(this.#denials.keys().next().value as string)
    }
    if (denials.reported < (once ? 1 : this.#limit)) {
      denials.reported += 1
      this.#report(event)
    } else {
      const { count = 0, first = event.first } = denials.held ?? {}
      denials.held = { ...event, count: count + 1, first }
    }
  }

  /** Reports everything that is held back. */
  flush(): void {
    for (const key of this.#denials.keys()) this.#finish(key)
  }

  #finish(key: string): void {
    const { held, timer } = this.#denials.get(key) as Denials
    clearTimeout(timer)
    this.#denials.delete(key)
    if (held !== undefined) this.#report(held)
  }
}
