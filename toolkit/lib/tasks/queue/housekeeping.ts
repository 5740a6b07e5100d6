// What the queue does by itself when its time has come.

import type { Moment } from "./limits.js"
import { defaultSettings } from "./named-queue.js"
import type { Schedule, TaskRecord } from "./records.js"
import type { NewTask, Task } from "./task.js"
import { TaskError } from "./task-error.js"
import type { Transitions } from "./transitions.js"

/** Leases are looked at so often while they last. */
const SWEEPS_PER_LEASE = 20
/** How long nothing is looked at, at most. */
const LONGEST_IDLE = 60_000

/** Schedules, leases that expire, and tasks that need not be kept. */
export class Housekeeping {
  readonly schedules = new Map<string, Schedule>()
  readonly #all: Transitions
  readonly #add: (task: NewTask, wall: number, user: string | undefined) => Task
  /** Tasks that have ended and are not dead letters, in order. */
  #done: Task[] = []
  #firstDone = 0
  #sweptAt = Number.NEGATIVE_INFINITY

  constructor(all: Transitions, add: (task: NewTask, wall: number, user: string | undefined) => Task) {
    this.#all = all
    this.#add = add
  }

  /** Tasks have ended: they are kept for some time. */
  note(ended: readonly Task[]): void {
    for (const task of ended) if (task.state !== "failed") this.#done.push(task)
  }

  /** Forgets tasks. */
  remove(tasks: readonly Task[]): number {
    if (tasks.length === 0) return 0
    for (const task of tasks) this.#all.book.remove(task)
    this.#all.records.push({ type: "task.removed", ids: tasks.map(({ id }) => id) })
    return tasks.length
  }

  setSchedule(schedule: Schedule): void {
    const { maxSchedules } = this.#all.limits
    if (this.schedules.size >= maxSchedules && !this.schedules.has(schedule.id))
      throw new TaskError("FULL", `There are ${maxSchedules} schedules, which is the limit`)
    this.#noteSchedule(schedule)
  }

  #noteSchedule(schedule: Schedule): void {
    this.schedules.set(schedule.id, schedule)
    this.#all.records.push({ type: "task.scheduled", schedule })
  }

  removeSchedule(id: string): void {
    if (!this.schedules.delete(id)) throw new TaskError("UNKNOWN", `There is no schedule "${id}"`)
    this.#all.records.push({ type: "task.unscheduled", id })
  }

  stateRecord(seq: number): TaskRecord {
    const queues = Object.fromEntries(
      [...this.#all.book.queues]
        .filter(([, { settings }]) => settings !== defaultSettings)
        .map(([name, { settings }]) => [name, settings]),
    )
    return { type: "task.state", lease: this.#all.leases.last, seq, queues, schedules: [...this.schedules.values()] }
  }

  tick(moment: Moment): void {
    const { wall, steady } = moment
    if (steady - this.#sweptAt >= this.#all.limits.lease / SWEEPS_PER_LEASE) this.#sweep(moment)
    for (let task = this.#all.takeDue(wall); task !== undefined; task = this.#all.takeDue(wall)) this.#look(task, wall)
    for (const schedule of this.schedules.values()) if (schedule.next <= wall) this.#submit(schedule, wall)
    this.#forget(wall)
  }

  idle({ wall, steady }: Moment): number {
    const times = [LONGEST_IDLE]
    const due = this.#all.nextDue
    if (due !== undefined) times.push(due - wall)
    if (this.#all.leases.size > 0) times.push(this.#all.limits.lease / SWEEPS_PER_LEASE)
    for (const { next } of this.schedules.values()) times.push(next - wall)
    for (const queue of this.#all.book.queues.values()) {
      const freeAt = queue.rateWait(steady)
      if (freeAt !== undefined) times.push(freeAt - steady)
    }
    return Math.max(Math.min(...times), 0)
  }

  #look(task: Task, wall: number): void {
    if (!task.isWaiting || this.#all.book.get(task.id) !== task) return
    if (task.expires > 0 && task.expires <= wall)
      this.#all.end(task, "expired", wall, `It was not started by ${new Date(task.expires).toISOString()}`)
    else if (task.state === "scheduled" && task.notBefore <= wall) this.#all.place(task, wall)
  }

  #sweep(moment: Moment): void {
    const { leases, limits } = this.#all
    this.#sweptAt = moment.steady
    for (const task of [...leases.tasks()]) {
      const { timeout } = task.options
      if (task.deadline <= moment.steady)
        this.#all.expireLease(task, moment, `Its worker ${task.worker} was silent for ${limits.lease} ms`)
      // The worker stops it. If that does not work, the task is taken from it.
      else if (timeout > 0 && moment.steady - task.leasedAt > timeout + limits.lease)
        this.#all.expireLease(task, moment, `It took longer than ${timeout} ms, and its worker did not stop it`)
    }
  }

  /** Submits the task of a schedule that is due: one, however many times were missed, and none while the last one is not done. */
  #submit(schedule: Schedule, wall: number): void {
    const { id, every, next, last, task, input } = schedule
    const due = next + Math.floor((wall - next) / every) * every
    const before = last === undefined ? undefined : this.#all.book.get(last)
    let submitted = last
    if (before === undefined || before.hasEnded) {
      const { user, ...rest } = task
      const name = `${id}@${new Date(due).toISOString()}`
      try {
        if (this.#all.book.get(name) === undefined)
          this.#add({ ...rest, id: name, input, runAt: 0, expires: 0 }, wall, user)
        submitted = name
      } catch (error) {
        // There is no room. The next one may have it.
        if (!(error instanceof TaskError)) throw error
      }
    }
    this.#noteSchedule({ ...schedule, next: due + every, last: submitted })
  }

  #forget(wall: number): void {
    const { keep, keepCount } = this.#all.limits
    const { finished, expired, cancelled } = this.#all.book.counts
    let surplus = finished + expired + cancelled - keepCount
    const old: Task[] = []
    for (; this.#firstDone < this.#done.length; this.#firstDone++) {
      const task = this.#done[this.#firstDone] as Task
      if (this.#all.book.get(task.id) === task && task.hasEnded) {
        if (surplus <= 0 && (task.ended ?? 0) > wall - keep) break
        old.push(task)
        surplus--
      }
    }
    this.remove(old)
    if (this.#firstDone < 1024 || this.#firstDone * 2 < this.#done.length) return
    this.#done = this.#done.slice(this.#firstDone)
    this.#firstDone = 0
  }
}
