// Warnings that others can cause as often as they like: each is counted always, and logged only now and then.

import type { Logger } from "pino"

const everyMs = 10_000

interface Last {
  time: number
  unlogged: number
}

/** Logs warnings, the same one at most every ten seconds. */
export class Complaints {
  readonly #log: Logger
  readonly #last = new Map<string, Last>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** `key` says which warnings are the same. There must be few. */
  warn(key: string, details: Record<string, unknown>, message: string): void {
    const now = Date.now()
    const last = this.#last.get(key)
    if (last !== undefined && now - last.time < everyMs) {
      last.unlogged++
      return
    }
    this.#last.set(key, { time: now, unlogged: 0 })
    this.#log.warn({ ...details, ...(last?.unlogged && { unlogged: last.unlogged }) }, message)
  }
}
