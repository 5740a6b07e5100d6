// Makes the queue of the records of its journal.

import type { Housekeeping } from "./housekeeping.js"
import type { Moment } from "./limits.js"
import type { Grant, TaskRecord } from "./records.js"
import { isEnd, type OptionsPool, type Task, type TaskData, taskOf } from "./task.js"
import type { Transitions } from "./transitions.js"

/** Applies records, then puts the tasks where they belong. */
export class Loading {
  readonly #all: Transitions
  readonly #house: Housekeeping
  readonly #pool: OptionsPool
  #seq = 0

  constructor(all: Transitions, house: Housekeeping, pool: OptionsPool) {
    this.#all = all
    this.#house = house
    this.#pool = pool
  }

  /** Records may name tasks that are gone: a later copy of them follows, or they were removed. */
  apply(record: TaskRecord, position: number): void {
    switch (record.type) {
      case "task.opened":
      case "task.alive":
        return
      case "task.leased":
        for (const grant of record.leases) this.#lease(grant, record.time)
        return
      case "task.returned":
        for (const id of record.ids) this.#change(id, (task) => this.#wait(task, task.attempt - 1))
        return
      case "task.retried":
        this.#change(record.id, (task) => {
          task.notBefore = record.notBefore
          task.reason = record.reason
          this.#wait(task, record.attempt)
        })
        return
      case "task.cancelling":
        this.#change(record.id, (task) => Object.assign(task, { cancelling: true, reason: record.reason }))
        return
      case "task.reopened":
        for (const id of record.ids) this.#change(id, (task) => this.#reopen(task))
        return
      case "task.removed":
        for (const id of record.ids) this.#change(id, (task) => this.#all.book.remove(task))
        return
      case "task.configured":
        this.#all.book.queue(record.queue).settings = record.settings
        return
      case "task.scheduled":
        this.#house.schedules.set(record.schedule.id, record.schedule)
        return
      case "task.unscheduled":
        this.#house.schedules.delete(record.id)
        return
      case "task.state":
        this.#state(record)
        return
      default:
        this.#keep(record.data, record.input, position)
    }
  }

  /** @returns The last number of a task. */
  settle({ wall, steady }: Moment): number {
    const { book, leases, limits } = this.#all
    book.sort()
    const ended: Task[] = []
    const waiting: Task[] = []
    for (const task of book.values()) {
      if (task.hasEnded) ended.push(task)
      else waiting.push(task)
    }
    this.#house.note(ended.sort((one, other) => (one.ended ?? 0) - (other.ended ?? 0)))
    for (const task of waiting.sort((one, other) => one.seq - other.seq)) {
      if (task.state === "running") {
        leases.resume(task, steady, limits.lease)
        book.queue(task.queue).resume(task)
        continue
      }
      const open = (task.after ?? []).filter((id) => book.get(id)?.hasEnded === false)
      book.await(task, open)
      this.#all.place(task, wall)
    }
    return this.#seq
  }

  #change(id: string, change: (task: Task) => void): void {
    const task = this.#all.book.get(id)
    if (task) change(task)
  }

  #lease({ id, lease, worker, owner }: Grant, started: number): void {
    this.#all.leases.last = Math.max(this.#all.leases.last, lease)
    this.#change(id, (task) => {
      // A copy of the task may be newer than this record.
      if (task.hasEnded || task.lease >= lease) return
      Object.assign(task, { lease, worker, owner, started, attempt: task.attempt + 1 })
      this.#all.book.move(task, "running")
    })
  }

  #wait(task: Task, attempt: number): void {
    task.attempt = attempt
    this.#all.book.move(task, "ready")
  }

  #reopen(task: Task): void {
    Object.assign(task, { notBefore: 0, reason: undefined, ended: undefined })
    this.#wait(task, 0)
  }

  #keep(data: TaskData, input: string, position: number): void {
    const task = taskOf(data, isEnd(data.state) && data.state !== "failed" ? "" : input, this.#pool)
    task.position = position
    this.#seq = Math.max(this.#seq, task.seq)
    this.#all.leases.last = Math.max(this.#all.leases.last, task.lease)
    this.#all.book.replace(task)
  }

  #state({ lease, seq, queues, schedules }: TaskRecord & { type: "task.state" }): void {
    this.#seq = Math.max(this.#seq, seq)
    this.#all.leases.last = Math.max(this.#all.leases.last, lease)
    for (const [name, settings] of Object.entries(queues)) this.#all.book.queue(name).settings = settings
    this.#house.schedules.clear()
    for (const schedule of schedules) this.#house.schedules.set(schedule.id, schedule)
  }
}
