// Reading a segment beyond damage, to say what is lost and to keep the rest.

import type { Buffer } from "node:buffer"
import { setImmediate } from "node:timers/promises"
import type { Damage } from "./errors.js"
import { claimedLength, isPlausible, kinds, type Position, readRecord, type Stored } from "./record.js"
import { headerProblem, SEGMENT_HEADER } from "./segment.js"

/** Intact records, one behind the other. */
export interface Intact {
  from: number
  to: number
}

/** Positions without a record. */
export interface Lost {
  first: Position
  /** Undefined if nobody knows. */
  last: Position | undefined
}

/** What is in a segment. */
export interface Inspection {
  /** In the order of the file. */
  parts: (Intact | Lost)[]
  damage: Omit<Damage, "file">[]
  hasCarry: boolean
  entries: number
  /** The position that comes next. */
  next: Position
}

/** How far ahead a record is looked for if the end of its segment is not known. */
const AHEAD = 1 << 20
/** Other work goes on after this many bytes. */
const TURN = 1 << 22

/** The first intact record behind damage, with a position of at least `least` and below `below`. */
export function resynchronise(
  bytes: Buffer,
  from: number,
  least: Position,
  below: Position,
): { at: number; record: Stored } | undefined {
  for (let at = from; at + 40 <= bytes.length; at++) {
    const length = claimedLength(bytes, at) as number
    if (!isPlausible(length) || at + length > bytes.length) continue
    const position = bytes.readUInt32LE(at + 8) + bytes.readUInt32LE(at + 12) * 0x1_0000_0000
    if (position < least || position >= below) continue
    const record = readRecord(bytes, at)
    if (typeof record !== "string") return { at, record }
  }
  return undefined
}

/**
 * Reads all of a segment.
 *
 * @param end The position after its last confirmed one, or undefined if nobody knows.
 */
export async function inspect(bytes: Buffer, first: Position, end: Position | undefined): Promise<Inspection> {
  const result: Inspection = { parts: [], damage: [], hasCarry: false, entries: 0, next: first }
  const below = end ?? first + AHEAD
  const lose = (offset: number, reason: string, until: Position | undefined) => {
    if (until === undefined || until > result.next)
      result.parts.push({ first: result.next, last: until === undefined ? undefined : until - 1 })
    result.damage.push({
      offset,
      first: result.next,
      last: until === undefined ? undefined : Math.max(until - 1, result.next),
      reason,
    })
    if (until !== undefined) result.next = Math.max(until, result.next)
  }
  const problem = headerProblem(bytes, first)
  if (problem !== undefined) lose(0, problem, first)
  let at = SEGMENT_HEADER
  let run: Intact | undefined
  let turn = TURN
  while (at < bytes.length) {
    if (at > turn) {
      turn = at + TURN
      await setImmediate()
    }
    let record = readRecord(bytes, at)
    let reason = typeof record === "string" ? record : undefined
    if (typeof record !== "string" && record.position !== result.next)
      reason = `position ${record.position} instead of ${result.next}`
    if (reason !== undefined) {
      run = undefined
      const found = resynchronise(
        bytes,
        at + 1,
        result.next,
        Math.max(below, result.next + (end === undefined ? AHEAD : 0)),
      )
      if (found === undefined) {
        if (end === undefined) lose(at, reason, undefined)
        else if (result.next < end) lose(at, reason, end)
        return result
      }
      lose(at, reason, found.record.position)
      at = found.at
      record = found.record
    }
    if (typeof record === "string") return result
    if (run === undefined) {
      run = { from: at, to: at }
      result.parts.push(run)
    }
    at += record.length
    run.to = at
    if (record.kind === kinds.carry) result.hasCarry = true
    if (record.kind === kinds.entry) result.entries++
    result.next += record.span
  }
  if (end !== undefined && result.next < end) lose(at, "the file is too short", end)
  return result
}
