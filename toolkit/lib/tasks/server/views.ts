// Tasks, named queues and workers as callers see them.

import type { Values } from "../journal/index.js"
import {
  type Counts,
  isEnd,
  type QueueSettings,
  type Seat,
  type Task,
  type TaskProgress,
  type TaskQueue,
  type TaskState,
} from "../queue/index.js"

/** A task as lists show it. Times are in milliseconds since 1970. */
export interface TaskView {
  /** Its id, unique among the tasks that are known. */
  id: string
  /** Its number: it rises with each task. */
  seq: number
  /** The named queue that it is in. */
  queue: string
  /** Where it is in its life. */
  state: TaskState
  /** Tasks with the same key run in order. */
  key?: string
  /** The batch that it was submitted with. */
  batch?: string
  /** How urgent it is. */
  priority: number
  /** How often it was started. */
  attempt: number
  /** How often it is started, at most. */
  attempts: number
  /** The authenticated user who submitted it. */
  user?: string
  /** When it was submitted, in milliseconds since 1970, as all times here. */
  submitted: number
  /** Before when it was not to be started. */
  runAt?: number
  /** When it ends as expired, if it has not ended before. */
  expires?: number
  /** When it may be started next. */
  notBefore?: number
  /** When it was last started. */
  started?: number
  /** When it ended. */
  ended?: number
  /** The last worker. */
  worker?: string
  /** The last lease. 0 if there was none. */
  lease: number
  /** Why it failed, waits for another attempt, expired or was cancelled. */
  reason?: string
  /** Whether it is being cancelled. */
  cancelling?: boolean
  /** How far it is, as its worker says. */
  progress?: TaskProgress
}

/** A task with its input, and its result if it has ended. */
export interface TaskResult extends TaskView {
  /** What was submitted. */
  input: unknown
  /** What the handler returned. Absent if the task has not ended, or ended without one. */
  result?: unknown
}

/** Leaves out what is undefined: it would be in the way of whoever prints it. */
const present = <T extends object>(view: { [Name in keyof T]: T[Name] | undefined }): T => {
  for (const name in view) if (view[name] === undefined) delete view[name]
  return view as T
}

export function viewOf(task: Task): TaskView {
  const { id, seq, queue, state, key, batch, options, attempt, user, submitted, runAt, expires, notBefore } = task
  const { started, ended, worker, lease, reason, cancelling, progress } = task
  return present<TaskView>({
    id,
    seq,
    queue,
    state,
    key,
    batch,
    priority: options.priority,
    attempt,
    attempts: options.attempts,
    user,
    submitted,
    runAt: runAt || undefined,
    expires: expires || undefined,
    notBefore: state === "scheduled" ? notBefore : undefined,
    started,
    ended,
    worker,
    lease,
    reason,
    cancelling: cancelling || undefined,
    progress,
  })
}

/** The JSON of a task with its input and result, which are JSON already. */
export function resultText(task: Task, values: Values | undefined): string {
  const head = JSON.stringify(viewOf(task)).slice(0, -1)
  const input = task.input === "" ? (values?.input ?? "null") : task.input
  const result = isEnd(task.state) && values?.result !== undefined ? `,"result":${values.result}` : ""
  return `${head},"input":${input}${result}}`
}

/** A named queue. */
export interface QueueView {
  /** The name of the queue. */
  name: string
  /** How many of its tasks are in each state. */
  counts: Counts
  /** How it is run. */
  settings: QueueSettings
}

/** A worker that is connected. */
export interface WorkerView {
  /** Its name. */
  name: string
  /** The authenticated user. */
  user?: string
  /** The named queue that it works for. */
  queue: string
  /** How many tasks it can have at a time. */
  credit: number
  /** How many it has. */
  running: number
}

/** The state of the whole queue, for a page. */
export interface TasksSnapshot {
  /** How many tasks are in each state. */
  counts: Counts
  /** The named queues. */
  queues: QueueView[]
  /** The workers that are connected. */
  workers: WorkerView[]
  /** How many batches are known. */
  batches: number
  /** The schedules. `every` is in milliseconds; `next` is the time of the next task in milliseconds since 1970, and `last` the id of the last one. */
  schedules: { id: string; every: number; next: number; last?: string }[]
  /** Characters of JSON of the inputs in memory. */
  inputSize: number
}

const workerOf = ({ name, user, queue, credit, held }: Seat): WorkerView =>
  present<WorkerView>({ name, user, queue, credit, running: held })

export function snapshotOf(queue: TaskQueue): TasksSnapshot {
  return {
    counts: { ...queue.book.counts },
    queues: [...queue.book.queues.values()].map(({ name, counts, settings }) => ({
      name,
      counts: { ...counts },
      settings,
    })),
    workers: [...queue.workers].map(workerOf),
    batches: queue.book.batches.size,
    schedules: [...queue.schedules.values()].map(({ id, every, next, last }) => present({ id, every, next, last })),
    inputSize: queue.book.inputSize,
  }
}
