// Changes that an operator asks for.

import {
  checkInteger,
  checkMembers,
  checkName,
  checkQueueName,
  checkTask,
  type QueueSettings,
  type Task,
  TaskError,
  type TaskInit,
  type TaskQueue,
  taskNames,
} from "../queue/index.js"
import { checkSelection, requireKnown, select } from "./selection.js"

/** How many tasks one request changes, at most. The answer says whether there are more. */
export const MAX_CHANGED = 10_000
const DAY = 86_400_000
/** The name of a scheduled task is that of its schedule with a time behind it. */
const MAX_SCHEDULE_NAME = 150

/** Settings to change. What is not passed stays; null removes a limit. */
export interface SettingsChange {
  /** Whether no task is started. False in a new queue. */
  paused?: boolean
  /** Whether new tasks are refused. False in a new queue. */
  draining?: boolean
  /** Start at most `count` tasks in `per` milliseconds. No limit in a new queue. */
  rate?: { count: number; per: number } | null
  /** Run at most this many tasks at a time. No limit in a new queue. */
  concurrency?: number | null
  /** Run at most this many tasks with the same key at a time. 1 in a new queue. */
  perKey?: number
}

/** A schedule. */
export interface ScheduleInit {
  /** Its name. The tasks are called ID@TIME. */
  id: string
  /** How often, in milliseconds; at least 1,000. */
  every: number
  /** The first time, in milliseconds since 1970. Now by default. */
  first?: number | undefined
  /** What is submitted each time. It cannot have `id`, `runAt`, `expires` and `after`. */
  task: Omit<TaskInit, "id" | "runAt" | "expires" | "after">
}

function checkSettings(value: unknown): Partial<QueueSettings> {
  const names = ["paused", "draining", "rate", "concurrency", "perKey"]
  const { rate, concurrency, perKey, ...flags } = checkMembers("the settings", value, names) as SettingsChange
  for (const [name, flag] of Object.entries(flags))
    if (typeof flag !== "boolean")
      throw new TaskError("INVALID", `Expected ${name} to be true or false but received ${typeof flag}`)
  const change: Partial<QueueSettings> = { ...flags }
  if (rate === null) change.rate = undefined
  else if (rate !== undefined) {
    const { count, per } = checkMembers("rate", rate, ["count", "per"]) as { count: number; per: number }
    change.rate = { count: checkInteger("count", count, 1, 1_000_000), per: checkInteger("per", per, 1, DAY) }
  }
  if (concurrency === null) change.concurrency = undefined
  else if (concurrency !== undefined) change.concurrency = checkInteger("concurrency", concurrency, 1, 1_000_000)
  if (perKey !== undefined) change.perKey = checkInteger("perKey", perKey, 1, 1_000_000)
  return change
}

function schedule(queue: TaskQueue, body: Record<string, unknown>, wall: number, user: string | undefined): void {
  const init = checkMembers("the schedule", body, ["do", "id", "every", "first", "task"]) as ScheduleInit
  const id = checkName("id", init.id)
  if (id.length > MAX_SCHEDULE_NAME)
    throw new TaskError("INVALID", `Expected id to have at most ${MAX_SCHEDULE_NAME} characters`)
  const every = checkInteger("every", init.every, 1000, 366 * DAY)
  const next = init.first === undefined ? wall : checkInteger("first", init.first, 0, 8.64e15)
  const allowed = taskNames.filter((name) => !["id", "runAt", "expires", "after"].includes(name))
  const {
    input,
    queue: name,
    options,
    key,
    batch,
  } = checkTask({ ...checkMembers("the task of a schedule", init.task, allowed), id }, queue.limits.maxValue)
  queue.schedule({ id, every, next, task: { queue: name, options, key, batch, user }, input })
}

/** The first tasks of a selection that may be changed, and whether there are more. */
export function changeable(
  queue: TaskQueue,
  value: unknown,
  may: (task: Task) => boolean,
): { tasks: Task[]; more: boolean } {
  const selection = checkSelection(value)
  requireKnown(queue, selection)
  const tasks: Task[] = []
  for (const task of select(queue, selection)) {
    if (!may(task)) continue
    if (tasks.length === MAX_CHANGED) return { tasks, more: true }
    tasks.push(task)
  }
  return { tasks, more: false }
}

/** Does what an operator asks for, and returns the answer. */
export function control(
  queue: TaskQueue,
  body: Record<string, unknown>,
  wall: number,
  user: string | undefined,
): object {
  const action = body.do
  switch (action) {
    case "retry": {
      const { tasks, more } = changeable(queue, body.select, ({ state }) => state === "failed")
      return { count: queue.retry(tasks, wall), more }
    }
    case "discard": {
      const { tasks, more } = changeable(queue, body.select, ({ hasEnded }) => hasEnded)
      return { count: queue.discard(tasks), more }
    }
    case "configure":
      return { settings: queue.configure(checkQueueName(body.queue), checkSettings(body.settings)) }
    case "schedule":
      schedule(queue, body, wall, user)
      return {}
    case "unschedule":
      queue.unschedule(checkName("id", body.id))
      return {}
    default:
      throw new TaskError("INVALID", "Expected do to be one of retry, discard, configure, schedule, unschedule")
  }
}
