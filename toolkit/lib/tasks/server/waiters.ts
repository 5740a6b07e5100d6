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

  /** Answers once the tasks have ended, perhaps at once. */
  add(name: string, queue: TaskQueue, selection: TaskSelection, answer: () => void): void {
    const { ids } = selection
    const open = ids && new Set(ids.filter((id) => queue.book.get(id)?.hasEnded === false))
    const waiter = { open, selection, answer }
    if (isOver(queue, waiter)) answer()
    else this.#waiting.set(name, waiter)
  }

  /** Tasks have ended. */
  ended(queue: TaskQueue, tasks: readonly Task[]): void {
    for (const [name, waiter] of this.#waiting) {
      if (waiter.open) for (const { id } of tasks) waiter.open.delete(id)
      if (!isOver(queue, waiter)) continue
      this.#waiting.delete(name)
      waiter.answer()
    }
  }

  /** The queue was made again: what has ended may not be so. */
  renew(queue: TaskQueue): void {
    for (const waiter of this.#waiting.values())
      waiter.open =
        waiter.selection.ids && new Set(waiter.selection.ids.filter((id) => queue.book.get(id)?.hasEnded === false))
  }

  /** A connection is gone. */
  leave(connection: string): void {
    for (const name of this.#waiting.keys()) if (name.startsWith(`${connection} `)) this.#waiting.delete(name)
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
