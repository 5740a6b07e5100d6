// What is submitted, checked at the border.

import { suggestion } from "../../config/index.js"
import type { NewTask, TaskOptions } from "./task.js"
import { TaskError } from "./task-error.js"

/** A task to submit. Times are in milliseconds, points of time in milliseconds since 1970. */
export interface TaskInit {
  /** Identifies it: a second task with this id is a duplicate, and is not stored. 1 to 200 characters. By default, the client chooses one. */
  id?: string | undefined
  /** What the worker gets: any JSON value. Null by default. */
  input?: unknown
  /** The named queue. "default" by default. */
  queue?: string | undefined
  /** Tasks with the same key are started in order, one at a time unless the named queue allows more. 1 to 200 characters. */
  key?: string | undefined
  /** -10 to 10; what has more is started earlier. 0 by default. */
  priority?: number | undefined
  /** Not before this time. */
  runAt?: number | undefined
  /** Ends as expired if it was not started by this time. */
  expires?: number | undefined
  /** It is started at most so many times. 3 by default. */
  attempts?: number | undefined
  /** The longest wait before the second attempt; it doubles each time, and the wait is a random part of it. 1,000 by default. */
  backoff?: number | undefined
  /** How long an attempt may take. No limit by default. */
  timeout?: number | undefined
  /** The ids of tasks that must have finished before. If one ends otherwise, this one is cancelled. */
  after?: readonly string[] | undefined
  /** The batch that it belongs to, whose progress can be asked for. 1 to 200 characters. */
  batch?: string | undefined
}

export const taskNames = [
  "id",
  "input",
  "queue",
  "key",
  "priority",
  "runAt",
  "expires",
  "attempts",
  "backoff",
  "timeout",
  "after",
  "batch",
] as const satisfies readonly (keyof TaskInit)[]
const known: ReadonlySet<string> = new Set(taskNames)

const MAX_AFTER = 1000
const MAX_TIME = 8.64e15
const DAY = 86_400_000

const invalid = (message: string) => new TaskError("INVALID", message)
const describe = (value: unknown): string => {
  const text = typeof value === "string" || typeof value === "number" ? JSON.stringify(value) : typeof value
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** Checks text that names something. */
export function checkName(what: string, value: unknown): string {
  // Printable, so that it can stand in a line, and in an attribute of an event.
  if (typeof value === "string" && value.length <= 200 && /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+$/u.test(value)) return value
  throw invalid(`Expected ${what} to be 1 to 200 printable characters without spaces but received ${describe(value)}`)
}

/** Checks the name of a named queue. */
export function checkQueueName(value: unknown): string {
  if (typeof value === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value)) return value
  throw invalid(
    `Expected queue to be 1 to 64 of the characters A-Z a-z 0-9 . _ - (not first) but received ${describe(value)}`,
  )
}

/** Checks an integer. */
export function checkInteger(what: string, value: unknown, least: number, most: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw invalid(`Expected ${what} to be an integer from ${least} to ${most} but received ${describe(value)}`)
}

const integer = (what: string, value: unknown, least: number, most: number, usual: number): number =>
  value === undefined ? usual : checkInteger(what, value, least, most)

function checkAfter(after: unknown): readonly string[] | undefined {
  if (after === undefined) return undefined
  if (!Array.isArray(after) || after.length > MAX_AFTER)
    throw invalid(`Expected after to be an array of at most ${MAX_AFTER} ids but received ${describe(after)}`)
  const ids = [...new Set(after.map((id) => checkName("an id in after", id)))]
  return ids.length === 0 ? undefined : ids
}

/** A value as JSON, not longer than the limit. */
export function checkValue(what: string, value: unknown, most: number): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value ?? null)
  } catch (error) {
    throw invalid(`Expected ${what} to be a JSON value: ${(error as Error).message}`)
  }
  if (text === undefined) throw invalid(`Expected ${what} to be a JSON value but received ${describe(value)}`)
  if (text.length > most)
    throw invalid(
      `The ${what} has ${text.length} characters of JSON; the limit is ${most}. Pass a reference to it instead`,
    )
  return text
}

/** Throws if an object has members that are not known. */
export function checkMembers(what: string, value: unknown, names: readonly string[] | ReadonlySet<string>): object {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(
      `Expected ${what} to be an object but received ${Array.isArray(value) ? "an array" : describe(value)}`,
    )
  const set = names instanceof Set ? names : new Set(names as string[])
  for (const name in value)
    if (!set.has(name)) throw invalid(`Unknown option "${name}" of ${what}.${suggestion(name, [...set])}`)
  return value
}

/** The options of attempts. */
function optionsOf(init: TaskInit): TaskOptions {
  return {
    priority: integer("priority", init.priority, -10, 10, 0),
    attempts: integer("attempts", init.attempts, 1, 1000, 3),
    backoff: integer("backoff", init.backoff, 0, 30 * DAY, 1000),
    timeout: integer("timeout", init.timeout, 0, 365 * DAY, 0),
  }
}

/**
 * Checks a task, and adds the defaults.
 *
 * @throws TaskError `INVALID`
 */
export function checkTask(value: unknown, maxValue: number): NewTask {
  const init = checkMembers("a task", value, known) as TaskInit
  return {
    id: checkName("id", init.id),
    queue: init.queue === undefined ? "default" : checkQueueName(init.queue),
    input: checkValue("input", init.input, maxValue),
    options: optionsOf(init),
    key: init.key === undefined ? undefined : checkName("key", init.key),
    batch: init.batch === undefined ? undefined : checkName("batch", init.batch),
    after: checkAfter(init.after),
    runAt: integer("runAt", init.runAt, 0, MAX_TIME, 0),
    expires: integer("expires", init.expires, 0, MAX_TIME, 0),
  }
}
