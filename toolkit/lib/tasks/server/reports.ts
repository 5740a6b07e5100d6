// What workers say of their leases.

import { encode, fromSarif } from "../../events/index.js"
import type { NewEvent } from "../../store/index.js"
import {
  checkInteger,
  checkMembers,
  checkName,
  checkValue,
  type Moment,
  TaskError,
  type TaskProgress,
  type TaskQueue,
} from "../queue/index.js"

/** What a worker says of a lease. Times are in milliseconds. */
export type Report = { id: string; lease: number } & (
  | { do: "finish"; result?: unknown }
  | { do: "fail"; reason: string; retry?: boolean | undefined; delay?: number | undefined; result?: unknown }
  | { do: "release" }
  | { do: "extend"; time: number }
  | ({ do: "progress" } & TaskProgress)
)

const common = ["do", "id", "lease"]
const members: Record<Report["do"], ReadonlySet<string>> = {
  finish: new Set([...common, "result"]),
  fail: new Set([...common, "reason", "retry", "delay", "result"]),
  release: new Set(common),
  extend: new Set([...common, "time"]),
  progress: new Set([...common, "done", "total", "text"]),
}

const MAX_REASON = 2000
const DAY = 86_400_000

function checkText(what: string, value: unknown): string {
  if (typeof value === "string") return value.slice(0, MAX_REASON)
  throw new TaskError("INVALID", `Expected ${what} to be text but received ${typeof value}`)
}

/** Checks a report that came in. */
function check(value: unknown): Report {
  const kind = (value as Partial<Report> | null)?.do
  if (typeof kind !== "string" || !Object.hasOwn(members, kind))
    throw new TaskError("INVALID", `Expected do to be one of ${Object.keys(members).join(", ")}`)
  const report = checkMembers("a report", value, members[kind]) as Report
  checkName("id", report.id)
  checkInteger("lease", report.lease, 1, Number.MAX_SAFE_INTEGER)
  return report
}

function progressOf({ done, total, text }: Report & { do: "progress" }): TaskProgress {
  for (const [name, number] of Object.entries({ done, total }))
    if (number !== undefined && !(typeof number === "number" && Number.isFinite(number)))
      throw new TaskError("INVALID", `Expected ${name} to be a number but received ${typeof number}`)
  if (done === undefined) throw new TaskError("INVALID", "Expected done to be a number but received undefined")
  return { done, ...(total !== undefined && { total }), ...(text !== undefined && { text: checkText("text", text) }) }
}

/** Events of the findings in the `sarif` of a result. */
function findingsOf(result: unknown, sender: string | undefined): NewEvent[] {
  const sarif = (result as { sarif?: unknown } | null | undefined)?.sarif
  if (sarif === undefined) return []
  try {
    return fromSarif(sarif).map((event) => ({ frames: encode(event), sender }))
  } catch (error) {
    throw new TaskError("INVALID", `The sarif of the result is not a SARIF log: ${(error as Error).message}`)
  }
}

/**
 * Does what a report says.
 *
 * @returns Events that belong to it.
 * @throws TaskError `STALE`, `UNKNOWN` or `INVALID`
 */
export function applyReport(
  queue: TaskQueue,
  owner: string,
  user: string | undefined,
  value: unknown,
  moment: Moment,
): NewEvent[] {
  const report = check(value)
  const { id, lease } = report
  const { wall } = moment
  const { maxValue } = queue.limits
  switch (report.do) {
    case "finish": {
      const result = checkValue("result", report.result, maxValue)
      const findings = findingsOf(report.result, user)
      return queue.finish(owner, id, lease, result, wall) ? findings : []
    }
    case "fail": {
      const { retry = true, delay } = report
      if (typeof retry !== "boolean")
        throw new TaskError("INVALID", `Expected retry to be true or false but received ${typeof retry}`)
      const how = {
        reason: checkText("reason", report.reason),
        retry,
        ...(delay !== undefined && { delay: checkInteger("delay", delay, 0, 30 * DAY) }),
        ...(report.result !== undefined && { result: checkValue("result", report.result, maxValue) }),
      }
      queue.fail(owner, id, lease, how, wall)
      break
    }
    case "release":
      queue.release(owner, id, lease, wall)
      break
    case "extend":
      queue.extend(owner, id, lease, checkInteger("time", report.time, 1, DAY), moment)
      break
    case "progress":
      queue.progress(owner, id, lease, progressOf(report))
  }
  return []
}
