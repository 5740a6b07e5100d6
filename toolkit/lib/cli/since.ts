// Times on the command line.

import { duration } from "../config/index.js"
import { UsageError } from "./usage.js"

/** A time: a date, or a duration before now. In milliseconds since 1970. */
export function timeOf(text: string, option = "--since"): number {
  const ago = duration().safeParse(text)
  if (ago.success) return Date.now() - ago.data
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time))
    throw new UsageError(
      `${option}: Expected a time such as 2026-11-29T10:00Z, or a duration such as 24h, but received "${text}"`,
    )
  return time
}
