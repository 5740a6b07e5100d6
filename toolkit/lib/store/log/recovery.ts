// Finding the end of a log when it is opened.

import { closeSync, fsyncSync, ftruncateSync, openSync, readdirSync, rmSync, statSync } from "node:fs"
import { basename, join } from "node:path"
import { DamageError } from "./errors.js"
import type { Stored } from "./record.js"
import { listSegments, type Segment, scanSegment, segmentName } from "./segment.js"
import { type Mark, readMark } from "./watermark.js"

/** What is in a log's folder. */
export interface Recovered {
  /** The segments in order; the last is the one that grows. */
  segments: Segment[]
  /** The position that comes next. */
  next: number
}

/** Damage of whole files. */
function checkNames(folder: string, firsts: readonly number[], mark: Mark | undefined): void {
  if (mark === undefined) return
  const missing = (first: number, last: number) =>
    new DamageError({
      file: `${basename(folder)}/${segmentName(first)}`,
      offset: 0,
      first,
      last,
      reason: "the file is missing",
    })
  const head = firsts[0]
  if (head === undefined || head > mark.head) throw missing(mark.head, (head ?? mark.next) - 1)
  if (!firsts.includes(mark.segment)) throw missing(mark.segment, mark.next - 1)
}

/**
 * Finds the segments and the end of the log. What a crash left behind it, which was never confirmed, is cut off; what was confirmed and is no
 * longer there is an error. Only the last segment is read, so this takes as long with ten entries as with ten million.
 *
 * @param visit Called for each record of the last segment, the first of which is the carry.
 */
export function recover(folder: string, visit: (record: Stored) => void): Recovered {
  for (const name of readdirSync(folder)) if (name.endsWith(".seg.new")) rmSync(join(folder, name))
  const mark = readMark(folder)
  let firsts = listSegments(folder)
  checkNames(folder, firsts, mark)
  if (mark !== undefined) {
    // Their entries were dropped, and the process ended before the files were.
    for (const first of firsts) if (first < mark.head) rmSync(join(folder, segmentName(first)))
    firsts = firsts.filter((first) => first >= mark.head)
  }
  const last = firsts.at(-1)
  if (last === undefined) return { segments: [], next: 1 }
  const path = join(folder, segmentName(last))
  const size = statSync(path).size
  const end = scanSegment(folder, last, size, visit)
  const confirmed = mark !== undefined && mark.segment === last ? mark.offset : 0
  const damaged = (reason: string, until: number | undefined) =>
    new DamageError({
      file: `${basename(folder)}/${segmentName(last)}`,
      offset: end.offset,
      first: end.next,
      last: until,
      reason,
    })
  if (end.offset < confirmed && mark !== undefined) {
    throw damaged(end.problem ?? "the file is too short", mark.next - 1)
  }
  // A segment gets its name once its beginning is on disk.
  if (end.offset === 0) throw damaged(end.problem ?? "an empty file", undefined)
  // Without a mark nobody knows what was confirmed, so nothing is cut off.
  if (end.problem !== undefined && mark === undefined) throw damaged(end.problem, undefined)
  if (size > end.offset) cut(path, end.offset)
  const segments = firsts.map((first) => ({
    first,
    size: first === last ? end.offset : statSync(join(folder, segmentName(first))).size,
  }))
  return { segments, next: end.next }
}

function cut(path: string, size: number): void {
  const file = openSync(path, "r+")
  try {
    ftruncateSync(file, size)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
