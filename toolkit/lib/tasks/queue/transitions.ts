// The ways of a task from one state to another, each with its record.

import { Heap } from "./heap.js"
import { Leases } from "./leases.js"
import type { Moment, QueueLimits } from "./limits.js"
import type { TaskRecord, WholeTask } from "./records.js"
import { dataOf, type EndState, type Task } from "./task.js"
import { TaskBook } from "./task-book.js"

/** A task that has to be looked at, at a time. */
interface Due {
  at: number
  task: Task
}

/** A lease that its worker has to give up. */
export interface Stop {
  task: Task
  lease: number
  /** The connection of the worker. */
  connection: string
  reason: string
}

/** Moves tasks, and notes what has to be kept and told. */
export class Transitions {
  readonly book = new TaskBook()
  readonly leases = new Leases(this.book)
  readonly limits: QueueLimits
  readonly #random: () => number
  readonly #dues = new Heap<Due>((one, other) => one.at < other.at)
  /** What has to be kept. */
  records: TaskRecord[] = []
  /** What has ended. */
  ended: Task[] = []
  stops: Stop[] = []

  constructor(limits: QueueLimits, random: () => number) {
    this.limits = limits
    this.#random = random
  }

  /** A task has to be looked at, at this time. */
  remind(task: Task, at: number): void {
    this.#dues.push({ at, task })
  }

  /** The time of the next task that has to be looked at. */
  get nextDue(): number | undefined {
    return this.#dues.peek()?.at
  }

  /** A task that had to be looked at by now. */
  takeDue(wall: number): Task | undefined {
    const due = this.#dues.peek()
    return due && due.at <= wall ? this.#dues.pop()?.task : undefined
  }

  /** Puts a task that waits where it belongs. */
  place(task: Task, wall: number): void {
    if (task.expires > 0) this.remind(task, task.expires)
    const queue = this.book.queue(task.queue)
    if (task.waitsFor > 0) {
      this.book.move(task, "blocked")
      return
    }
    if (task.notBefore <= wall) {
      this.book.move(task, "ready")
      queue.add(task)
      return
    }
    this.book.move(task, "scheduled")
    this.remind(task, task.notBefore)
    // It keeps its turn among those of its key.
    if (task.attempt > 0) queue.add(task)
  }

  /** A task runs no more. */
  stopped(task: Task): void {
    this.leases.end(task)
    this.book.queue(task.queue).stopped(task)
  }

  /** Ends a task, and what waits for it if it did not finish. */
  end(task: Task, state: EndState, wall: number, reason?: string, result?: string): void {
    const todo: [Task, EndState, string | undefined, string | undefined][] = [[task, state, reason, result]]
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const [one, how, why, what] = next
      this.#endOne(one, how, wall, why, what)
      for (const dependent of this.book.takeDependents(one.id)) {
        if (!dependent.isWaiting) continue
        if (how === "finished") {
          dependent.waitsFor--
          if (dependent.waitsFor === 0) this.place(dependent, wall)
        } else
          todo.push([dependent, "cancelled", `It was to follow ${one.id}, which has not finished: ${how}`, undefined])
      }
    }
  }

  #endOne(task: Task, state: EndState, wall: number, reason?: string, result?: string): void {
    const { input, state: before } = task
    task.reason = reason
    task.ended = wall
    task.cancelling = false
    task.progress = undefined
    this.book.move(task, state)
    if (before === "running") this.stopped(task)
    else this.book.queue(task.queue).drop(task)
    this.keep({ type: `task.${state}`, task, data: dataOf(task), input, result })
    this.ended.push(task)
  }

  /** Notes a record that has all of a task. From now on the store has it there, and nowhere else. */
  keep(record: WholeTask): void {
    record.task.setPending(record)
    this.records.push(record)
  }

  /** An attempt has failed. */
  fail(task: Task, wall: number, how: { reason: string; retry: boolean; delay?: number; result?: string }): void {
    const { reason, retry, result } = how
    const { attempts, backoff } = task.options
    if (task.cancelling) {
      this.end(task, "cancelled", wall, task.reason, result)
      return
    }
    if (!retry || task.attempt >= attempts) {
      this.end(task, "failed", wall, reason, result)
      return
    }
    // Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    const longest = Math.min(backoff * 2 ** (task.attempt - 1), this.limits.maxBackoff)
    task.notBefore = Math.ceil(wall + (how.delay ?? longest * this.#random()))
    task.reason = reason
    const { id, attempt, notBefore, worker } = task
    this.records.push({ type: "task.retried", id, attempt, reason, notBefore, worker })
    this.#wait(task, wall)
  }

  /** A lease was not used. It counts for no attempt. */
  giveBack(task: Task, wall: number): void {
    if (task.cancelling) {
      this.end(task, "cancelled", wall, task.reason)
      return
    }
    task.attempt--
    const last = this.records.at(-1)
    if (last?.type === "task.returned") (last.ids as string[]).push(task.id)
    else this.records.push({ type: "task.returned", ids: [task.id] })
    this.#wait(task, wall)
  }

  /** A task that ran waits again. */
  #wait(task: Task, wall: number): void {
    // Placed first: with one of its key behind it, it must have its turn before that.
    const queue = this.book.queue(task.queue)
    this.leases.end(task)
    this.place(task, wall)
    queue.stopped(task)
  }

  /** Takes the lease of a worker away that was silent or slow for too long. */
  expireLease(task: Task, { wall }: Moment, reason: string): void {
    const seat = this.leases.seatOf(task)
    const { lease } = task
    if (seat) this.stops.push({ task, lease, connection: seat.connection, reason })
    this.fail(task, wall, { reason, retry: true })
  }
}
