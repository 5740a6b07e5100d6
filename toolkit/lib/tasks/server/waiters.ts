// Requests that are answered when tasks have ended.

import { type Counts, type Task, TaskError, type TaskQueue } from "../queue/index.js"
import type { TaskSelection } from "./selection.js"

/** A request that waits. */
interface Waiter {
  /** Ids that have not ended. Undefined if it waits for a batch or a named queue. */
  open: Set<string> | undefined
  selection: TaskSelection
  answer(): void
}

const activeIn = ({ scheduled, blocked, ready, running }: Readonly<Counts>): number =>
  scheduled + blocked + ready + running

/** Waits for tasks, a batch, a named queue or all. */
export class Waiters {
  /** By connection and request: the same request again takes the place of the first one. */
  readonly #waiting = new Map<string, Waiter>()
  /** Those that wait for a task, by its id. */
  readonly #byTask = new Map<string, Set<string>>()

  /** Answers once the tasks have ended, perhaps at once. */
  add(name: string, queue: TaskQueue, selection: TaskSelection, answer: () => void): void {
    const { ids } = selection
    const open = ids && new Set(ids.filter((id) => queue.book.get(id)?.hasEnded === false))
    const waiter = { open, selection, answer }
    this.#remove(name)
    if (isOver(queue, waiter)) {
      answer()
      return
    }
    this.#waiting.set(name, waiter)
    for (const id of open ?? []) {
      const names = this.#byTask.get(id)
      if (names) names.add(name)
      else this.#byTask.set(id, new Set([name]))
    }
  }

  /** Tasks have ended. */
  ended(queue: TaskQueue, tasks: readonly Task[]): void {
    if (this.#waiting.size === 0) return
    const names = new Set<string>()
    for (const { id } of tasks) {
      for (const name of this.#byTask.get(id) ?? []) {
        this.#waiting.get(name)?.open?.delete(id)
        names.add(name)
      }
      this.#byTask.delete(id)
    }
    for (const [name, { open }] of this.#waiting) if (open === undefined) names.add(name)
    for (const name of names) {
      const waiter = this.#waiting.get(name)
      if (!waiter || !isOver(queue, waiter)) continue
      this.#remove(name)
      waiter.answer()
    }
  }

  /** The queue was made again: what has ended may not be so. */
  renew(queue: TaskQueue): void {
    for (const [name, { selection, answer }] of [...this.#waiting]) this.add(name, queue, selection, answer)
  }

  /** A connection is gone. */
  leave(connection: string): void {
    for (const name of [...this.#waiting.keys()]) if (name.startsWith(`${connection} `)) this.#remove(name)
  }

  #remove(name: string): void {
    for (const id of this.#waiting.get(name)?.open ?? []) {
      const names = this.#byTask.get(id)
      names?.delete(name)
      if (names?.size === 0) this.#byTask.delete(id)
    }
    this.#waiting.delete(name)
  }
}

function isOver(queue: TaskQueue, { open, selection }: Waiter): boolean {
  if (open) return open.size === 0
  return activeIn(countsOf(queue, selection)) === 0
}

/** How many tasks of a batch, of a named queue, or of all are in each state. */
export function countsOf(queue: TaskQueue, { batch, queue: name }: TaskSelection): Readonly<Counts> {
  if (batch !== undefined && name !== undefined)
    throw new TaskError("INVALID", "Expected either a batch or a queue, not both")
  if (batch !== undefined) return queue.book.batches.get(batch) ?? noCounts
  if (name !== undefined) return queue.book.queues.get(name)?.counts ?? noCounts
  return queue.book.counts
}

const noCounts: Readonly<Counts> = {
  scheduled: 0,
  blocked: 0,
  ready: 0,
  running: 0,
  finished: 0,
  failed: 0,
  expired: 0,
  cancelled: 0,
}
