// The heartbeats of one worker.

import type { Target } from "../client/connection.js"
import { type SharedConnection, share } from "./shared-connection.js"

/** A heartbeat is sent so often while a lease lasts. */
const BEATS_PER_LEASE = 3
/** A lease counts as lost that much of its time before the queue gives the task to another worker. */
const MARGIN = 1 / 6

/** What the worker is told. */
export interface BeatEvents {
  /** Leases are lost, or may be. */
  lost(leases: number[], reason: string): void
  /** It is connected for the first time. */
  ready(): void
}

/** Keeps the leases of a worker, and says which are lost. */
export class Beats {
  readonly #shared: SharedConnection
  readonly #instance: string
  readonly #events: BeatEvents
  /** Until when the queue keeps each lease, at least. */
  readonly #until = new Map<number, number>()
  #time = 30_000
  #timer: NodeJS.Timeout | undefined
  #checks: NodeJS.Timeout | undefined

  constructor(target: Target, instance: string, events: BeatEvents) {
    this.#instance = instance
    this.#events = events
    let isReady = false
    this.#shared = share(target, () => {
      if (!isReady) events.ready()
      isReady = true
      this.#beat()
    })
    this.setTime(this.#time)
  }

  /** How long a lease lasts without a heartbeat, in milliseconds. */
  setTime(time: number): void {
    this.#time = time
    clearInterval(this.#timer)
    clearInterval(this.#checks)
    this.#timer = setInterval(() => this.#beat(), time / BEATS_PER_LEASE)
    this.#checks = setInterval(() => this.#check(), (time * MARGIN) / 2)
  }

  /** Leases were given, and others are over. */
  change(added: readonly number[], removed: readonly number[]): void {
    const until = performance.now() + this.#time
    for (const lease of added) this.#until.set(lease, until)
    for (const lease of removed) this.#until.delete(lease)
  }

  #beat(): void {
    const { connection } = this.#shared
    if (this.#until.size === 0 || !connection.isUp) return
    const leases = [...this.#until.keys()]
    const until = performance.now() + this.#time
    connection.request("heartbeat", { instance: this.#instance, leases }, this.#time).then(
      (answer) => {
        const lost = answer.lost as number[]
        for (const lease of leases) if (this.#until.has(lease)) this.#until.set(lease, until)
        this.#lose(lost, "The queue has given the task to another worker, or it has ended")
      },
      // The next one may get through. If none does, the leases run out.
      () => {},
    )
  }

  #check(): void {
    const now = performance.now() + this.#time * MARGIN
    const lost = [...this.#until].filter(([, until]) => until < now).map(([lease]) => lease)
    this.#lose(lost, `The queue did not answer for ${Math.round(this.#time * (1 - MARGIN))} ms`)
  }

  #lose(leases: number[], reason: string): void {
    if (leases.length === 0) return
    for (const lease of leases) this.#until.delete(lease)
    this.#events.lost(leases, reason)
  }

  close(): void {
    clearInterval(this.#timer)
    clearInterval(this.#checks)
    this.#shared.leave()
  }
}
