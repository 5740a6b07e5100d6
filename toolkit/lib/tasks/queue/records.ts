// What the journal keeps: each change of the queue is a record, and the queue is what its records make of it.

import type { EndState, NewTask, Task, TaskData } from "./task.js"

/** How a named queue is run. */
export interface QueueSettings {
  /** Whether nothing is started. */
  paused: boolean
  /** Whether nothing is taken in. */
  draining: boolean
  /** At most `count` starts in any `per` milliseconds. */
  rate?: { count: number; per: number } | undefined
  /** At most so many tasks run at a time. */
  concurrency?: number | undefined
  /** At most so many tasks of one key run at a time. 1 keeps their order. */
  perKey: number
}

/** A task that is submitted again and again. */
export interface Schedule {
  id: string
  /** In milliseconds. */
  every: number
  /** When the next task is due, in milliseconds since 1970. */
  next: number
  /** The last task. */
  last?: string | undefined
  /** What is submitted. */
  task: Pick<NewTask, "queue" | "options" | "key" | "batch"> & { user: string | undefined }
  /** JSON. */
  input: string
}

/** A lease that is given. */
export interface Grant {
  id: string
  lease: number
  worker: string
  owner: string
}

/**
 * A record that has all of a task: it came in, it has ended, or it was copied (`task.kept`) so that the space of older records can be freed.
 */
export interface WholeTask {
  type: "task.submitted" | "task.kept" | `task.${EndState}`
  task: Task
  data: TaskData
  /** JSON. */
  input: string
  /** JSON. Of a task that has ended. */
  result?: string | undefined
}

/** A change of the queue. */
export type TaskRecord =
  | WholeTask
  /** A process has opened the queue. Later records of older epochs do not count. */
  | { type: "task.opened"; epoch: number }
  /** The process is there, though it has nothing to write. */
  | { type: "task.alive" }
  | { type: "task.leased"; leases: readonly Grant[]; time: number }
  /** Leases that were given back unused: they count for no attempt. */
  | { type: "task.returned"; ids: readonly string[] }
  /** An attempt has failed, and there will be another one. */
  | {
      type: "task.retried"
      id: string
      attempt: number
      reason: string
      notBefore: number
      worker?: string | undefined
    }
  | { type: "task.cancelling"; id: string; reason: string }
  /** Dead letters that are to be tried again. */
  | { type: "task.reopened"; ids: readonly string[] }
  /** Tasks that have ended, and are forgotten. */
  | { type: "task.removed"; ids: readonly string[] }
  | { type: "task.configured"; queue: string; settings: QueueSettings }
  | { type: "task.scheduled"; schedule: Schedule }
  | { type: "task.unscheduled"; id: string }
  /** All that is not a task, so that the space of older records can be freed. */
  | { type: "task.state"; lease: number; seq: number; queues: Record<string, QueueSettings>; schedules: Schedule[] }
