// The queue: what callers may do with it. It has no clock and no disk: time comes in, records come out.

import { Housekeeping } from "./housekeeping.js"
import type { Moment, QueueLimits } from "./limits.js"
import { Loading } from "./loading.js"
import { defaultSettings } from "./named-queue.js"
import type { QueueSettings, Schedule, TaskRecord } from "./records.js"
import { ownerOf, type Seat } from "./seats.js"
import { dataOf, type NewTask, OptionsPool, Task, type TaskProgress, type TaskState } from "./task.js"
import type { TaskBook } from "./task-book.js"
import { TaskError } from "./task-error.js"
import { type Stop, Transitions } from "./transitions.js"

/** What became of a task that was submitted. */
export interface Submitted {
  /** The id of the task. */
  id: string
  /** `duplicate`: there is a task with this id. It is left alone. */
  status: "stored" | "duplicate" | "refused"
  /** Of the task. Undefined if it was refused. */
  state?: TaskState | undefined
  /** The code of a {@link TaskError}, if it was refused. */
  code?: string | undefined
  /** Why it was refused. */
  reason?: string | undefined
}

/** A worker that says hello, and the leases that it has. */
export interface Joining
  extends Pick<Seat, "connection" | "user" | "instance" | "name" | "queue" | "session" | "credit"> {
  leases: readonly number[]
}

/** The state machine of tasks. Every change is in `take().records`; a queue that is made of them by `load` and `settle` is the same. */
export class TaskQueue {
  readonly #all: Transitions
  readonly #pool = new OptionsPool()
  readonly #loading: Loading
  readonly #house: Housekeeping
  #seq = 0

  constructor(limits: QueueLimits, random: () => number = Math.random) {
    this.#all = new Transitions(limits, random)
    this.#house = new Housekeeping(this.#all, (task, wall, user) => this.#add(task, wall, user))
    this.#loading = new Loading(this.#all, this.#house, this.#pool)
  }

  get limits(): QueueLimits {
    return this.#all.limits
  }

  /** All tasks, to look at. */
  get book(): TaskBook {
    return this.#all.book
  }

  get schedules(): ReadonlyMap<string, Schedule> {
    return this.#house.schedules
  }

  get running(): IterableIterator<Task> {
    return this.#all.leases.tasks()
  }

  get workers(): IterableIterator<Seat> {
    return this.#all.leases.seats()
  }

  /** Applies a record of the journal. Nothing else may be called before `settle`. */
  load(record: TaskRecord, position: number): void {
    this.#loading.apply(record, position)
  }

  /** All records were loaded: puts the tasks where they belong. */
  settle(moment: Moment): void {
    this.#seq = this.#loading.settle(moment)
  }

  /** What has to be kept and told since the last call. */
  take(): { records: TaskRecord[]; ended: Task[]; stops: Stop[] } {
    const { records, ended, stops } = this.#all
    this.#all.records = []
    this.#all.ended = []
    this.#all.stops = []
    this.#house.note(ended)
    return { records, ended, stops }
  }

  /** Takes tasks in. Each is stored, or refused with its reason. */
  submit(tasks: readonly NewTask[], wall: number, user?: string): Submitted[] {
    return tasks.map((task) => {
      const { id } = task
      const known = this.book.get(id)
      if (known) return { id, status: "duplicate", state: known.state }
      try {
        return { id, status: "stored", state: this.#add(task, wall, user).state }
      } catch (error) {
        if (!(error instanceof TaskError)) throw error
        return { id, status: "refused", code: error.code, reason: error.message }
      }
    })
  }

  /** A queue exists from its first task, worker or setting on. */
  #checkQueue(name: string): void {
    const { limits, book } = this.#all
    if (!book.queues.has(name) && book.queues.size >= limits.maxQueues)
      throw new TaskError("FULL", `There are ${limits.maxQueues} named queues, which is the limit`)
  }

  #checkRoom({ queue, after = [], input }: NewTask): void {
    const { limits, book } = this.#all
    this.#checkQueue(queue)
    if (book.queues.get(queue)?.settings.draining)
      throw new TaskError("DRAINING", `The queue "${queue}" is draining: it takes no tasks. Resume it first`)
    const missing = after.find((id) => book.get(id) === undefined)
    if (missing !== undefined)
      throw new TaskError("UNKNOWN", `after names "${missing}", which is not a task. Submit it first`)
    if (book.open >= limits.maxTasks)
      throw new TaskError(
        "FULL",
        `There are ${book.open} tasks that are not done with; the limit is ${limits.maxTasks}`,
      )
    if (book.inputSize + input.length > limits.maxInputs)
      throw new TaskError("FULL", `The inputs in memory would have more than ${limits.maxInputs} characters`)
  }

  #add(init: NewTask, wall: number, user: string | undefined): Task {
    this.#checkRoom(init)
    const { book } = this.#all
    this.#seq++
    const task = new Task({ ...init, options: this.#pool.share(init.options) }, this.#seq, wall, user)
    book.add(task)
    const before = (task.after ?? []).map((id) => book.get(id) as Task)
    const open = before.filter((one) => !one.hasEnded)
    const bad = before.find((one) => one.hasEnded && one.state !== "finished")
    if (bad === undefined) {
      book.await(
        task,
        open.map(({ id }) => id),
      )
      this.#all.place(task, wall)
    }
    this.#all.keep({ type: "task.submitted", task, data: dataOf(task), input: task.input })
    if (bad) this.#all.end(task, "cancelled", wall, `It was to follow ${bad.id}, which has not finished: ${bad.state}`)
    return task
  }

  /**
   * Seats a worker. Leases that it should have and does not know are given back: they were lost with its last connection.
   *
   * @returns The leases that it must give up.
   */
  join(worker: Joining, { wall, steady }: Moment): number[] {
    this.#checkQueue(worker.queue)
    const { leases, limits } = this.#all
    const { leases: known, ...rest } = worker
    const seat = leases.seatAt(worker.connection)
    const isSame =
      seat &&
      seat.user === worker.user &&
      seat.instance === worker.instance &&
      seat.queue === worker.queue &&
      seat.session === worker.session
    if (isSame) {
      seat.credit = worker.credit
      leases.offer(seat)
      return []
    }
    if (seat) leases.leave(worker.connection)
    const owner = ownerOf(worker.user, worker.instance)
    const held = new Set(known)
    for (const task of leases.of(owner)) {
      if (held.has(task.lease)) task.deadline = steady + limits.lease
      else this.#all.giveBack(task, wall)
    }
    leases.seat(rest)
    return known.filter((lease) => leases.get(lease)?.owner !== owner)
  }

  /** A connection is gone. Its leases are kept until they expire. */
  leave(connection: string): void {
    this.#all.leases.leave(connection)
  }

  /** A worker goes, and gives all its leases back. */
  bye(connection: string, user: string | undefined, wall: number): void {
    const { leases } = this.#all
    const seat = leases.seatAt(connection)
    // Routing ids can be chosen: this could be another user than the one that has joined.
    if (!seat || seat.user !== user) return
    leases.leave(connection)
    for (const task of leases.of(seat.owner)) this.#all.giveBack(task, wall)
  }

  /** Gives tasks that are ready to workers with credit. */
  assign(moment: Moment): [Seat, Task][] {
    const given: [Seat, Task][] = []
    const { leases, limits, book, records } = this.#all
    for (const queue of book.queues.values()) {
      while (queue.seats.hasAny) {
        const task = queue.start(moment.steady)
        if (task === undefined) break
        const seat = queue.seats.take()
        leases.give(task, seat, moment, limits.lease)
        given.push([seat, task])
      }
    }
    if (given.length > 0) {
      const grants = given.map(([seat, { id, lease, owner = "" }]) => ({ id, lease, worker: seat.name, owner }))
      records.push({ type: "task.leased", leases: grants, time: moment.wall })
    }
    return given
  }

  /** A worker still has these leases. Returns those that it has lost. */
  heartbeat(owner: string, numbers: readonly number[], { steady }: Moment): number[] {
    const { leases, limits } = this.#all
    return numbers.filter((lease) => {
      const task = leases.get(lease)
      if (task?.owner !== owner) return true
      task.deadline = Math.max(task.deadline, steady + limits.lease)
      return false
    })
  }

  /** The task of a lease that is the last one. */
  #held(owner: string, id: string, lease: number): Task {
    const task = this.book.get(id)
    if (!task) throw new TaskError("UNKNOWN", `There is no task "${id}"`)
    if (task.lease !== lease || task.owner !== owner)
      throw new TaskError("STALE", `Lease ${lease} of task "${id}" is over: the task was given to another worker`)
    return task
  }

  #running(owner: string, id: string, lease: number): Task {
    const task = this.#held(owner, id, lease)
    if (task.state !== "running")
      throw new TaskError("STALE", `Lease ${lease} of task "${id}" is over: it is ${task.state}`)
    return task
  }

  /** A worker has done a task. To say it twice is no error. Returns whether this was the first time. */
  finish(owner: string, id: string, lease: number, result: string, wall: number): boolean {
    if (this.#held(owner, id, lease).state === "finished") return false
    this.#all.end(this.#running(owner, id, lease), "finished", wall, undefined, result)
    return true
  }

  /** An attempt has failed. To say it twice is no error. */
  fail(owner: string, id: string, lease: number, how: Parameters<Transitions["fail"]>[2], wall: number): void {
    const task = this.#held(owner, id, lease)
    if (task.state === "running") this.#all.fail(task, wall, how)
  }

  /** A worker gives a lease back that it has not used, or has stopped using. */
  release(owner: string, id: string, lease: number, wall: number): void {
    const task = this.#held(owner, id, lease)
    if (task.state === "running") this.#all.giveBack(task, wall)
  }

  /** Keeps a lease for so long, without heartbeats. */
  extend(owner: string, id: string, lease: number, time: number, { steady }: Moment): void {
    const task = this.#running(owner, id, lease)
    task.deadline = Math.max(task.deadline, steady + time)
  }

  /** Notes how far a task is. It is not kept. */
  progress(owner: string, id: string, lease: number, progress: TaskProgress): void {
    this.#running(owner, id, lease).progress = progress
  }

  /** Cancels a task. If it runs, its worker is told to stop it, and the task ends when it has. */
  cancel(id: string, reason: string, wall: number): Task {
    const task = this.book.get(id)
    if (!task) throw new TaskError("UNKNOWN", `There is no task "${id}"`)
    if (task.isWaiting) this.#all.end(task, "cancelled", wall, reason)
    else if (task.state === "running") {
      const { lease } = task
      const seat = this.#all.leases.seatOf(task)
      if (seat) this.#all.stops.push({ task, lease, connection: seat.connection, reason })
      if (!task.cancelling) {
        task.cancelling = true
        task.reason = reason
        this.#all.records.push({ type: "task.cancelling", id, reason })
      }
    }
    return task
  }

  /** Tries dead letters again, as if they were new. Returns how many. */
  retry(tasks: readonly Task[], wall: number): number {
    const failed = tasks.filter(({ state }) => state === "failed")
    if (failed.length === 0) return 0
    this.#all.records.push({ type: "task.reopened", ids: failed.map(({ id }) => id) })
    for (const task of failed) {
      task.attempt = 0
      task.notBefore = 0
      task.reason = undefined
      task.ended = undefined
      this.#all.place(task, wall)
    }
    return failed.length
  }

  /** Forgets tasks that have ended. Returns how many. */
  discard(tasks: readonly Task[]): number {
    return this.#house.remove(tasks.filter(({ hasEnded }) => hasEnded))
  }

  /** Changes how a named queue is run. What is not passed stays. */
  configure(name: string, change: Partial<QueueSettings>): QueueSettings {
    this.#checkQueue(name)
    const queue = this.book.queue(name)
    const settings = { ...defaultSettings, ...queue.settings, ...change }
    queue.settings = settings
    this.#all.records.push({ type: "task.configured", queue: name, settings })
    return settings
  }

  /** Adds or replaces a schedule. */
  schedule(schedule: Schedule): void {
    this.#house.setSchedule(schedule)
  }

  /** Removes a schedule. Its tasks stay. */
  unschedule(id: string): void {
    this.#house.removeSchedule(id)
  }

  /** Does what is due: tasks whose time has come, leases that have expired, schedules, and what need not be kept. */
  tick(moment: Moment): void {
    this.#house.tick(moment)
  }

  /** How long nothing is due, at most, in milliseconds. */
  idle(moment: Moment): number {
    return this.#house.idle(moment)
  }

  /** Notes all that is not a task once more, so that older records of it are not needed. */
  copyState(): void {
    this.#all.records.push(this.#house.stateRecord(this.#seq))
  }

  /** Notes a task once more, so that older records of it are not needed. */
  copy(task: Task, input: string, result?: string): void {
    this.#all.keep({ type: "task.kept", task, data: dataOf(task), input, result })
  }
}
