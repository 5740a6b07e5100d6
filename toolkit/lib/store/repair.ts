// Mending a store whose files are damaged: every intact entry stays, and gap records say which are lost.

import { Buffer } from "node:buffer"
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs"
import { basename, join } from "node:path"
import { systemError } from "./log/errors.js"
import { makeFolder, syncFolder } from "./log/file-system.js"
import { type Inspection, inspect } from "./log/inspection.js"
import { type Draft, kinds, type Position, recordLength, writeRecord } from "./log/record.js"
import { listSegments, scanSegment, segmentHeader, segmentName } from "./log/segment.js"
import { readMark, Watermark } from "./log/watermark.js"
import { LOGS } from "./maintenance.js"

/** A file as it is, and what is in it. */
interface Examined extends Inspection {
  first: Position
  bytes: Buffer
}

function record(kind: number, position: Position, span: number, meta: object): Buffer {
  const draft: Draft = { kind, time: Date.now(), span, sender: "", meta: JSON.stringify(meta), frames: [] }
  const bytes = Buffer.alloc(recordLength(draft))
  writeRecord(bytes, 0, bytes.length, draft, position, false)
  return bytes
}

const gap = (from: Position, to: Position): Buffer =>
  record(kinds.gap, from, to - from + 1, { gap: { reason: "damaged", from, to } })

/** The records of a segment, with gaps for those that are lost. */
const mended = ({ parts, bytes }: Examined): Buffer[] =>
  parts.flatMap((part) => {
    if ("from" in part) return [bytes.subarray(part.from, part.to)]
    // Of how many entries there were after these, there is no trace.
    return part.last === undefined ? [] : [gap(part.first, part.last)]
  })

const withHeader = (first: Position, records: Buffer[], carry = true): Buffer =>
  Buffer.concat([segmentHeader(first, 0), ...(carry ? [] : [record(kinds.carry, first, 0, {})]), ...records])

/** Puts a file in the place of another one, which is kept in `damaged`. */
function replace(folder: string, first: Position, bytes: Buffer, damaged: string): void {
  const path = join(folder, segmentName(first))
  const file = openSync(`${path}.new`, "w", 0o600)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  if (existsSync(path)) keep(folder, first, damaged)
  renameSync(`${path}.new`, path)
  syncFolder(folder)
}

function keep(folder: string, first: Position, damaged: string): void {
  makeFolder(damaged)
  const name = join(damaged, `${basename(folder)}-${segmentName(first)}`)
  let copy = name
  for (let i = 1; existsSync(copy); i++) copy = `${name}.${i}`
  linkSync(join(folder, segmentName(first)), copy)
  syncFolder(damaged)
}

async function repairLog(folder: string, damaged: string): Promise<void> {
  const mark = readMark(folder)
  const firsts = listSegments(folder).filter((first) => first >= (mark?.head ?? 0))
  let previous: Examined | undefined
  for (const [i, first] of firsts.entries()) {
    const isLast = i === firsts.length - 1
    const bytes = readFileSync(join(folder, segmentName(first)))
    const end = firsts[i + 1] ?? (mark !== undefined && mark.segment >= first ? mark.next : undefined)
    const examined: Examined = { first, bytes, ...(await inspect(bytes, first, end)) }
    if (examined.damage.length > 0 || (isLast && !examined.hasCarry)) {
      if (examined.hasCarry || !isLast)
        replace(folder, first, withHeader(first, mended(examined), examined.hasCarry), damaged)
      else if (previous?.hasCarry) {
        // What the last segment must begin with follows from all of the segment before it, so it continues that one.
        replace(folder, previous.first, withHeader(previous.first, [...mended(previous), ...mended(examined)]), damaged)
        keep(folder, first, damaged)
        rmSync(join(folder, segmentName(first)))
      } else replace(folder, first, withHeader(first, mended(examined), false), damaged)
    }
    previous = examined
  }
  const head = firsts[0]
  if (mark !== undefined && (head ?? mark.next) > mark.head) {
    replace(folder, mark.head, withHeader(mark.head, [gap(mark.head, (head ?? mark.next) - 1)], false), damaged)
  }
  markEnd(folder)
}

/** What is mended is confirmed; what comes after it never was, so the log may cut it off. */
function markEnd(folder: string): void {
  const firsts = listSegments(folder).filter((first) => first >= (readMark(folder)?.head ?? 0))
  const [head] = firsts
  const segment = firsts.at(-1)
  rmSync(join(folder, "durable"), { force: true })
  if (head === undefined || segment === undefined) return
  const { offset, next } = scanSegment(folder, segment, Number.POSITIVE_INFINITY, () => {})
  const mark = new Watermark(folder)
  mark.write({ head, segment, offset, next })
  mark.close()
  syncFolder(folder)
}

/** Mends a store that nobody has open. Files without damage stay as they are. */
export async function repairFolder(folder: string): Promise<void> {
  try {
    for (const log of LOGS)
      if (existsSync(join(folder, log))) await repairLog(join(folder, log), join(folder, "damaged"))
  } catch (error) {
    throw systemError(error, folder)
  }
}
