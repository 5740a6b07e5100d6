// The tasks of one key: they are started in the order in which they were submitted.

import { Heap } from "./heap.js"
import type { Task } from "./task.js"

/** The tasks of a key that are ready or wait for another attempt, and how many of them run. */
export class Lane {
  /** It may still have tasks that are gone. */
  readonly #tasks = new Heap<Task>((one, other) => one.seq < other.seq)
  running = 0

  add(task: Task): void {
    if (task.isInLane) return
    task.isInLane = true
    this.#tasks.push(task)
  }

  /** The task that has its turn. While it waits for its next attempt, all others wait with it. */
  get head(): Task | undefined {
    for (;;) {
      const task = this.#tasks.peek()
      if (task === undefined || task.isInLane) return task
      this.#tasks.pop()
    }
  }

  /** The head has been started. */
  shift(): void {
    const task = this.#tasks.pop()
    if (task) task.isInLane = false
  }

  get isEmpty(): boolean {
    return this.running === 0 && this.head === undefined
  }
}
