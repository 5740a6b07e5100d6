// One named queue: what is started next, and how many tasks are where.

import { RateLimit } from "../../config/index.js"
import { Heap } from "./heap.js"
import { Lane } from "./lane.js"
import type { QueueSettings } from "./records.js"
import { Seats } from "./seats.js"
import { PRIORITY_STEP, states, type Task, type TaskState } from "./task.js"

/** How many tasks are in each state. */
export type Counts = Record<TaskState, number>

export const noCounts = (): Counts => Object.fromEntries(states.map((state) => [state, 0])) as Counts

export const defaultSettings: QueueSettings = { paused: false, draining: false, perKey: 1 }

/** A named queue. */
export class NamedQueue {
  readonly name: string
  readonly counts = noCounts()
  readonly seats = new Seats()
  /** It may still have tasks that are gone, or whose key has no turn. */
  readonly #ready = new Heap<Task>((one, other) =>
    one.rank === other.rank ? one.seq < other.seq : one.rank < other.rank,
  )
  readonly #lanes = new Map<string, Lane>()
  #settings = defaultSettings
  #rate: RateLimit | undefined

  constructor(name: string) {
    this.name = name
  }

  get settings(): QueueSettings {
    return this.#settings
  }

  set settings(settings: QueueSettings) {
    this.#settings = settings
    const { rate } = settings
    const next = rate && new RateLimit(rate.count, rate.per)
    // What was started before the change counts, unless the limit is another one.
    if (!next || !this.#rate?.equals(next)) this.#rate = next
    for (const lane of this.#lanes.values()) this.#offerHead(lane)
  }

  /** When a start is possible again by the rate, by the steady clock. Undefined if it is now, or nothing is ready. */
  rateWait(steady: number): number | undefined {
    const freeAt = this.#rate?.freeAt ?? Number.NEGATIVE_INFINITY
    return freeAt > steady && this.counts.ready > 0 ? freeAt : undefined
  }

  /** A task is ready, or waits for its next attempt in the lane of its key. */
  add(task: Task): void {
    task.rank = Math.max(task.notBefore, task.submitted) - task.options.priority * PRIORITY_STEP
    if (task.key === undefined) {
      if (task.state === "ready") this.#offer(task)
      return
    }
    const lane = this.#lane(task.key)
    lane.add(task)
    this.#offerHead(lane)
  }

  /** A task that was ready or waited has ended: the next one of its key may have its turn. */
  drop(task: Task): void {
    task.isInLane = false
    if (task.key !== undefined) this.#settle(task.key)
  }

  /** A task has a lease again, after the queue was opened. */
  resume(task: Task): void {
    if (task.key !== undefined) this.#lane(task.key).running++
  }

  /** A task runs no more. */
  stopped({ key }: Task): void {
    if (key === undefined) return
    this.#lane(key).running--
    this.#settle(key)
  }

  /** The next task that may be started. It counts as started. */
  start(steady: number): Task | undefined {
    const { paused, concurrency } = this.#settings
    if (paused || (concurrency !== undefined && this.counts.running >= concurrency)) return undefined
    for (;;) {
      const task = this.#ready.peek()
      if (task === undefined) return undefined
      const lane = task.key === undefined ? undefined : this.#lanes.get(task.key)
      const mayStart =
        task.state === "ready" && (task.key === undefined || (lane !== undefined && this.#mayStart(lane, task)))
      if (mayStart && this.#rate && !this.#rate.passes(steady)) return undefined
      this.#ready.pop()
      task.isOffered = false
      if (!mayStart) continue
      if (lane) {
        lane.shift()
        lane.running++
        this.#offerHead(lane)
      }
      return task
    }
  }

  #lane(key: string): Lane {
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = new Lane()
      this.#lanes.set(key, lane)
    }
    return lane
  }

  #mayStart(lane: Lane, task: Task): boolean {
    return lane.head === task && lane.running < this.#settings.perKey
  }

  #settle(key: string): void {
    const lane = this.#lanes.get(key)
    if (lane === undefined) return
    if (lane.isEmpty) this.#lanes.delete(key)
    else this.#offerHead(lane)
  }

  #offerHead(lane: Lane): void {
    const { head } = lane
    if (head?.state === "ready" && lane.running < this.#settings.perKey) this.#offer(head)
  }

  #offer(task: Task): void {
    if (task.isOffered) return
    task.isOffered = true
    this.#ready.push(task)
  }
}
