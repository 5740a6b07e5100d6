// Whether a sink works. Once it has failed for some time, its circuit is open: one event at a time is tried, until one gets through.

import type { Logger } from "pino"
import type { Clock } from "../clock.js"

/** Why a sink does not work, and since when. */
export interface Failing {
  /** In milliseconds since 1970. */
  readonly since: number
  readonly reason: string
  readonly isOpen: boolean
  /** A person must change something first. */
  readonly isHeld: boolean
}

/** The circuit of a sink. */
export class Circuit {
  readonly #openAfter: number
  readonly #clock: Clock
  readonly #log: Logger
  readonly #sink: string
  #begun = 0
  #failing: { -readonly [Key in keyof Failing]: Failing[Key] } | undefined

  /** @param openAfter In milliseconds. */
  constructor(sink: string, openAfter: number, clock: Clock, log: Logger) {
    this.#sink = sink
    this.#openAfter = openAfter
    this.#clock = clock
    this.#log = log
  }

  get failing(): Failing | undefined {
    return this.#failing
  }

  get isOpen(): boolean {
    return this.#failing?.isOpen === true
  }

  /** Notes a failure. The first in a row is logged, and that the circuit opens. */
  fail(reason: string, isHeld = false): void {
    const sink = this.#sink
    if (this.#failing === undefined) {
      this.#begun = this.#clock.now()
      this.#failing = { since: Date.now(), reason, isOpen: false, isHeld }
      this.#log.warn({ sink, reason }, "The sink fails; its events wait in the store")
    }
    this.#failing.reason = reason
    this.#failing.isHeld = isHeld
    if (this.#failing.isOpen || this.#clock.now() - this.#begun < this.#openAfter) return
    this.#failing.isOpen = true
    const since = new Date(this.#failing.since).toISOString()
    this.#log.error(
      { sink, since, reason },
      "The circuit of the sink is open: one event at a time tries whether it works",
    )
  }

  /** Notes that the other side has taken or refused an event: it is there. */
  succeed(): void {
    if (this.#failing === undefined) return
    const since = new Date(this.#failing.since).toISOString()
    this.#failing = undefined
    this.#log.info({ sink: this.#sink, since }, "The sink works again")
  }
}
