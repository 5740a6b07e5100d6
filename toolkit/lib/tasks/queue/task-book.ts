// All tasks that are known, and the counts of them.

import { type Counts, NamedQueue, noCounts } from "./named-queue.js"
import { isEnd, type Task, type TaskState } from "./task.js"

/** Tasks by id and in order, by named queue and by batch. It knows where they are, and decides nothing. */
export class TaskBook {
  readonly #tasks = new Map<string, Task>()
  /** In the order in which they were submitted. It may have tasks that are gone. */
  #ordered: Task[] = []
  #gone = 0
  readonly #queues = new Map<string, NamedQueue>()
  readonly #batches = new Map<string, Counts>()
  /** What waits for a task. */
  readonly #dependents = new Map<string, Task[]>()
  /** Characters of the inputs in memory. */
  inputSize = 0
  readonly counts = noCounts()

  get size(): number {
    return this.#tasks.size
  }

  /** How many tasks have not been done with: those that have not ended, and dead letters. */
  get open(): number {
    const { scheduled, blocked, ready, running, failed } = this.counts
    return scheduled + blocked + ready + running + failed
  }

  get(id: string): Task | undefined {
    return this.#tasks.get(id)
  }

  values(): IterableIterator<Task> {
    return this.#tasks.values()
  }

  get queues(): ReadonlyMap<string, NamedQueue> {
    return this.#queues
  }

  get batches(): ReadonlyMap<string, Readonly<Counts>> {
    return this.#batches
  }

  queue(name: string): NamedQueue {
    let queue = this.#queues.get(name)
    if (queue === undefined) {
      queue = new NamedQueue(name)
      this.#queues.set(name, queue)
    }
    return queue
  }

  add(task: Task): void {
    this.#tasks.set(task.id, task)
    this.#ordered.push(task)
    this.inputSize += task.input.length
    this.#count(task, task.state, 1)
  }

  /** Moves a task to another state. The input of one that is done with is not needed in memory any more. */
  move(task: Task, state: TaskState): void {
    this.#count(task, task.state, -1)
    task.state = state
    this.#count(task, state, 1)
    if (!isEnd(state) || state === "failed") return
    this.inputSize -= task.input.length
    task.input = ""
  }

  remove(task: Task): void {
    this.#tasks.delete(task.id)
    this.inputSize -= task.input.length
    this.#count(task, task.state, -1)
    this.#gone++
    if (task.batch !== undefined && isEmpty(this.#batches.get(task.batch))) this.#batches.delete(task.batch)
    if (this.#gone < 1024 || this.#gone * 2 < this.#ordered.length) return
    this.#ordered = this.#ordered.filter((one) => this.#tasks.get(one.id) === one)
    this.#gone = 0
  }

  /** Replaces a task by what a later record knows of it. */
  replace(task: Task): void {
    const before = this.#tasks.get(task.id)
    if (before) this.remove(before)
    this.add(task)
  }

  /** Puts tasks in order after they were read from records. */
  sort(): void {
    this.#ordered = [...this.#tasks.values()].sort((one, other) => one.seq - other.seq)
    this.#gone = 0
  }

  /** Tasks in the order in which they were submitted, behind a number. */
  *after(seq: number): IterableIterator<Task> {
    // The list is replaced, never reordered: tasks may go meanwhile.
    const ordered = this.#ordered
    let [low, high] = [0, ordered.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ordered[middle] as Task).seq <= seq) low = middle + 1
      else high = middle
    }
    for (let at = low; at < ordered.length; at++) {
      const task = ordered[at] as Task
      if (this.#tasks.get(task.id) === task) yield task
    }
  }

  /** Notes that a task waits for others. */
  await(task: Task, ids: readonly string[]): void {
    task.waitsFor = ids.length
    for (const id of ids) {
      const waiting = this.#dependents.get(id)
      if (waiting) waiting.push(task)
      else this.#dependents.set(id, [task])
    }
  }

  /** What waits for a task, which has ended: it is not asked for again. */
  takeDependents(id: string): readonly Task[] {
    const waiting = this.#dependents.get(id) ?? []
    this.#dependents.delete(id)
    return waiting
  }

  #count({ queue, batch }: Task, state: TaskState, change: 1 | -1): void {
    this.counts[state] += change
    this.queue(queue).counts[state] += change
    if (batch === undefined) return
    let counts = this.#batches.get(batch)
    if (counts === undefined) {
      counts = noCounts()
      this.#batches.set(batch, counts)
    }
    counts[state] += change
  }
}

const isEmpty = (counts: Counts | undefined): boolean =>
  counts !== undefined && Object.values(counts).every((count) => count === 0)
