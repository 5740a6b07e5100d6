// Who works on what.

import type { Moment } from "./limits.js"
import { ownerOf, type Seat } from "./seats.js"
import type { Task } from "./task.js"
import type { TaskBook } from "./task-book.js"

/** Leases that are out, and the workers that are connected. */
export class Leases {
  readonly #book: TaskBook
  readonly #tasks = new Map<number, Task>()
  readonly #byConnection = new Map<string, Seat>()
  readonly #byOwner = new Map<string, Seat>()
  /** The last number that was given. */
  last = 0

  constructor(book: TaskBook) {
    this.#book = book
  }

  get size(): number {
    return this.#tasks.size
  }

  get(lease: number): Task | undefined {
    return this.#tasks.get(lease)
  }

  /** The tasks that run. */
  tasks(): IterableIterator<Task> {
    return this.#tasks.values()
  }

  /** The workers that are connected. */
  seats(): IterableIterator<Seat> {
    return this.#byConnection.values()
  }

  seatAt(connection: string): Seat | undefined {
    return this.#byConnection.get(connection)
  }

  /** The worker that owns a lease, if it is connected. */
  seatOf({ owner }: Task): Seat | undefined {
    return owner === undefined ? undefined : this.#byOwner.get(owner)
  }

  /** The tasks of an owner. */
  of(owner: string): Task[] {
    return [...this.#tasks.values()].filter((task) => task.owner === owner)
  }

  /** Seats a worker, in the place of its last connection if there was one. */
  seat(worker: Omit<Seat, "owner" | "held" | "isListed" | "hasLeft">): Seat {
    const owner = ownerOf(worker.user, worker.instance)
    const before = this.#byOwner.get(owner)
    if (before) this.#unseat(before)
    const seat: Seat = { ...worker, owner, held: this.of(owner).length, isListed: false, hasLeft: false }
    this.#byOwner.set(owner, seat)
    this.#byConnection.set(seat.connection, seat)
    this.offer(seat)
    return seat
  }

  /** A connection is gone. The leases stay: the worker may be back. */
  leave(connection: string): void {
    const seat = this.#byConnection.get(connection)
    if (seat) this.#unseat(seat)
  }

  /** Lets a worker wait for leases, if it has credit. */
  offer(seat: Seat): void {
    this.#book.queue(seat.queue).seats.offer(seat)
  }

  /** Gives a worker the next lease of a task. */
  give(task: Task, seat: Seat, { wall, steady }: Moment, duration: number): void {
    this.last++
    task.lease = this.last
    task.attempt++
    task.worker = seat.name
    task.owner = seat.owner
    task.started = wall
    task.leasedAt = steady
    task.deadline = steady + duration
    task.progress = undefined
    this.#tasks.set(task.lease, task)
    this.#book.move(task, "running")
    seat.held++
    this.offer(seat)
  }

  /** Notes a lease that was given before the queue was opened. */
  resume(task: Task, steady: number, duration: number): void {
    task.leasedAt = steady
    task.deadline = steady + duration
    this.#tasks.set(task.lease, task)
  }

  /** A lease is over. */
  end(task: Task): void {
    this.#tasks.delete(task.lease)
    const seat = this.seatOf(task)
    if (!seat) return
    seat.held--
    this.offer(seat)
  }

  #unseat(seat: Seat): void {
    seat.hasLeft = true
    this.#byConnection.delete(seat.connection)
    if (this.#byOwner.get(seat.owner) === seat) this.#byOwner.delete(seat.owner)
  }
}
