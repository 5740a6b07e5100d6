// Which tasks a request is about.

import { MAX_ITEMS } from "../protocol.js"
import {
  checkInteger,
  checkMembers,
  checkName,
  checkQueueName,
  states,
  type Task,
  TaskError,
  type TaskQueue,
  type TaskState,
} from "../queue/index.js"

/** Which tasks. What is not passed does not matter; all of it must fit. */
export interface TaskSelection {
  /** These tasks, at most 10,000. */
  ids?: readonly string[] | undefined
  /** Tasks of a named queue. */
  queue?: string | undefined
  /** Tasks of a batch. */
  batch?: string | undefined
  /** Tasks in one of these states. */
  states?: readonly TaskState[] | undefined
}

/** A page of tasks. */
export interface PageOptions extends TaskSelection {
  /** Only tasks with a greater number: what comes after a page. */
  after?: number | undefined
  /** At most this many. 1,000 by default, and at most. */
  max?: number | undefined
}

const names = ["ids", "queue", "batch", "states"] as const

/** Checks a selection that came in. */
export function checkSelection(value: unknown): TaskSelection {
  const { ids, queue, batch, states: wanted } = checkMembers("the selection", value ?? {}, names) as TaskSelection
  if (ids !== undefined && (!Array.isArray(ids) || ids.length > MAX_ITEMS))
    throw new TaskError("INVALID", `Expected ids to be an array of at most ${MAX_ITEMS} ids`)
  for (const id of ids ?? []) checkName("an id in ids", id)
  if (queue !== undefined) checkQueueName(queue)
  if (batch !== undefined) checkName("batch", batch)
  if (wanted !== undefined && !(Array.isArray(wanted) && wanted.every((one) => states.includes(one))))
    throw new TaskError("INVALID", `Expected states to be an array of ${states.join(", ")}`)
  return { ids, queue, batch, states: wanted }
}

/** Throws if a selection names something that is not there: a typo must not look like "nothing to do". */
export function requireKnown(queue: TaskQueue, { ids, queue: name, batch }: TaskSelection): void {
  const missing = ids?.find((id) => queue.book.get(id) === undefined)
  if (missing !== undefined) throw new TaskError("UNKNOWN", `There is no task "${missing}"`)
  if (name !== undefined && !queue.book.queues.has(name)) throw new TaskError("UNKNOWN", `There is no queue "${name}"`)
  if (batch !== undefined && !queue.book.batches.has(batch))
    throw new TaskError("UNKNOWN", `There is no batch "${batch}"`)
}

const fits = (task: Task, { queue, batch, states }: TaskSelection): boolean =>
  (queue === undefined || task.queue === queue) &&
  (batch === undefined || task.batch === batch) &&
  (states === undefined || states.includes(task.state))

/** The tasks of a selection, in the order in which they were submitted, or in that of the ids. */
export function* select(queue: TaskQueue, selection: TaskSelection, after = 0): Generator<Task> {
  const { ids } = selection
  if (ids) {
    for (const id of ids) {
      const task = queue.book.get(id)
      if (task && fits(task, selection)) yield task
    }
    return
  }
  for (const task of queue.book.after(after)) if (fits(task, selection)) yield task
}

/** Tasks are looked at so many at a time: a queue with a million must not stop for a list of the few that failed. */
const MAX_LOOKED_AT = 50_000

/** A page of a selection. `next` is where the following one begins; undefined if there is none. */
export function pageOf(queue: TaskQueue, options: PageOptions): { tasks: Task[]; next?: number } {
  const { after = 0, max = 1000 } = options
  checkInteger("after", after, 0, Number.MAX_SAFE_INTEGER)
  checkInteger("max", max, 1, 1000)
  if (options.ids) return { tasks: [...select(queue, options)] }
  const tasks: Task[] = []
  let looked = 0
  for (const task of queue.book.after(after)) {
    if (fits(task, options)) tasks.push(task)
    looked++
    if (tasks.length === max || looked === MAX_LOOKED_AT) return { tasks, next: task.seq }
  }
  return { tasks }
}
