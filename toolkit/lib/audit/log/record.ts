// Records: the entries that the toolkit writes. A line of JSON that begins with the time, so that back-dating is found without parsing.

import type { Buffer } from "node:buffer"
import { AuditError } from "../error.js"

/** What a record says, beside its time. */
export interface RecordFields {
  /** What happened, such as `response.started`. */
  type: string
  /** Who did it. */
  actor?: string
  /** Anything else that JSON can express. */
  [name: string]: unknown
}

const TIME = /^\{"time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"[,}]/
const KEY_CHANGE = /^\{"time":"[^"]{24}","type":"audit\.key\.(added|retired)","key":"([^"\\]+)"\}$/
const RESERVED = /^\{"time":"[^"]{24}","type":"audit\.(key|log)\./
/** The bytes that may hold the time. */
const PREFIX = 64

/**
 * A record as a line of JSON.
 *
 * @param time Milliseconds since 1970, written as RFC 3339 has it, in UTC.
 * @throws AuditError `INVALID`.
 */
export function recordLine(fields: RecordFields, time: number): string {
  if (typeof fields !== "object" || fields === null || typeof fields.type !== "string" || fields.type === "")
    throw new AuditError(
      "INVALID",
      'Expected a record to be an object with a "type", such as { type: "login", actor: "ada" }',
    )
  if (Object.hasOwn(fields, "time"))
    throw new AuditError(
      "INVALID",
      'A record cannot have a "time" of its own: the log sets it. Use another name for it',
    )
  try {
    return JSON.stringify({ time: new Date(time).toISOString(), ...fields })
  } catch (error) {
    throw new AuditError("INVALID", `The record cannot be written as JSON: ${(error as Error).message}`, error)
  }
}

/** The time of a record in milliseconds since 1970. Undefined for other entries, which claim no time that the log vouches for. */
export function recordTime(entry: Buffer): number | undefined {
  // Most other entries are told apart by one byte.
  if (entry[2] !== 0x74) return undefined
  const time = TIME.exec(entry.toString("latin1", 0, PREFIX))?.[1]
  const value = time === undefined ? Number.NaN : Date.parse(time)
  return Number.isNaN(value) ? undefined : value
}

/** Whether only the log itself may write this: those who follow the keys of a log believe such records. */
export const isReserved = (entry: Buffer): boolean => RESERVED.test(entry.toString("latin1", 0, PREFIX))

/** What a record of the log says of its keys. Only the exact form counts: other entries may look similar. */
export function keyChange(entry: Buffer): { key: string; change: "added" | "retired" } | undefined {
  if (!isReserved(entry)) return undefined
  const [, change, key] = KEY_CHANGE.exec(entry.toString("utf8")) ?? []
  return key === undefined ? undefined : { key, change: change as "added" | "retired" }
}
