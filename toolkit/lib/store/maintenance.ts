// Checking and copying a store, also one that is in use: by this process or another one.

import { Buffer } from "node:buffer"
import { constants, existsSync, readdirSync, statSync } from "node:fs"
import { copyFile, open, rm } from "node:fs/promises"
import { join } from "node:path"
import { ensureFormat, FORMAT_VERSION, readVersion } from "./format.js"
import { DamageError, StoreError, systemError } from "./log/errors.js"
import { makeFolder, syncFolder } from "./log/file-system.js"
import { inspect } from "./log/inspection.js"
import type { Position } from "./log/record.js"
import { listSegments, segmentName } from "./log/segment.js"
import { type Mark, readMark, Watermark } from "./log/watermark.js"
import type { CheckReport } from "./store.js"

/** Hears how many bytes of how many are done. */
export type OnProgress = (done: number, total: number) => void

/** The logs of a store, in the order in which they are copied: cursors that are older than the log only read some entries again. */
export const LOGS = ["state", "dead", "log"] as const

/** A segment, and the position after its last confirmed one. */
export interface Confirmed {
  first: Position
  end: Position | undefined
  /** How many bytes are confirmed, if that is known. */
  size: number | undefined
}

/** The segments that are confirmed now. The log may grow and be cut meanwhile. */
export function confirmedSegments(folder: string): { segments: Confirmed[]; mark: Mark | undefined } {
  const mark = readMark(folder)
  const firsts = listSegments(folder).filter(
    (first) => mark === undefined || (first >= mark.head && first <= mark.segment),
  )
  const segments = firsts.map((first, i) => ({
    first,
    end: firsts[i + 1] ?? mark?.next,
    size: first === mark?.segment ? mark.offset : undefined,
  }))
  return { segments, mark }
}

const isGone = (error: unknown) => (error as { code?: string }).code === "ENOENT"

async function readBytes(path: string, size: number | undefined): Promise<Buffer> {
  const file = await open(path, "r")
  try {
    const bytes = Buffer.alloc(Math.min(size ?? Number.POSITIVE_INFINITY, (await file.stat()).size))
    let at = 0
    while (at < bytes.length) {
      const { bytesRead } = await file.read(bytes, at, bytes.length - at, at)
      if (bytesRead === 0) break
      at += bytesRead
    }
    return bytes.subarray(0, at)
  } finally {
    await file.close()
  }
}

/** Refuses a folder without a store of this version. */
export function requireStore(folder: string): void {
  const version = existsSync(folder) ? readVersion(folder) : undefined
  if (version === FORMAT_VERSION) return
  throw new StoreError(
    "UNKNOWN_FORMAT",
    version === undefined
      ? `${folder} is not a store`
      : `${folder} has format version ${version}, not ${FORMAT_VERSION}`,
  )
}

/** The bytes of all segments. */
const totalBytes = (folder: string): number =>
  LOGS.flatMap((log) =>
    listSegments(join(folder, log)).map(
      (first) => statSync(join(folder, log, segmentName(first)), { throwIfNoEntry: false })?.size ?? 0,
    ),
  ).reduce((sum, size) => sum + size, 0)

/** Reads all bytes of a store and verifies them. It takes no lock and writes nothing, so the store may be in use. */
export async function checkStore(folder: string, onProgress?: OnProgress): Promise<CheckReport> {
  requireStore(folder)
  const report: CheckReport = { entries: 0, bytes: 0, segments: 0, damage: [] }
  const total = onProgress === undefined ? 0 : totalBytes(folder)
  for (const log of LOGS) {
    const path = join(folder, log)
    const { segments, mark } = confirmedSegments(path)
    const missing = (first: Position, until: Position) => {
      const last = until - 1
      report.damage.push({
        file: `${log}/${segmentName(first)}`,
        offset: 0,
        first,
        last,
        reason: "the file is missing",
      })
    }
    const head = segments[0]?.first ?? mark?.next
    if (mark !== undefined && head !== undefined && head > mark.head && isHeadOf(path, mark)) missing(mark.head, head)
    for (const { first, end, size } of segments) {
      try {
        const bytes = await readBytes(join(path, segmentName(first)), size)
        const { entries, damage } = await inspect(bytes, first, end)
        if (log === "log") report.entries += entries
        report.bytes += bytes.length
        report.segments++
        onProgress?.(report.bytes, Math.max(total, report.bytes))
        for (const one of damage) report.damage.push({ file: `${log}/${segmentName(first)}`, ...one })
      } catch (error) {
        if (!isGone(error)) throw systemError(error, path)
        if (isHeadOf(path, { head: first })) missing(first, end ?? first + 1)
      }
    }
  }
  return report
}

/** Whether this position is still to be there. */
const isHeadOf = (folder: string, { head }: Pick<Mark, "head">): boolean => head >= (readMark(folder)?.head ?? 0)

async function copy(from: string, to: string, size: number | undefined): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE)
  const file = await open(to, "r+")
  try {
    if (size !== undefined) await file.truncate(size)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Copies one log. What is removed from it meanwhile, because it was passed or dropped, is not in the copy. */
async function copyLog(from: string, to: string, onCopied: (bytes: number) => void): Promise<void> {
  makeFolder(to)
  const { segments, mark } = confirmedSegments(from)
  let copied: Confirmed[] = []
  for (const segment of segments) {
    const name = segmentName(segment.first)
    try {
      await copy(join(from, name), join(to, name), segment.size)
      copied.push(segment)
      onCopied(statSync(join(to, name)).size)
    } catch (error) {
      if (!isGone(error)) throw error
      if (isHeadOf(from, { head: segment.first })) {
        const last = segment.end === undefined ? undefined : segment.end - 1
        throw new DamageError({ file: name, offset: 0, first: segment.first, last, reason: "the file is missing" })
      }
      for (const { first } of copied) await rm(join(to, segmentName(first)), { force: true })
      copied = []
    }
  }
  const head = copied[0]?.first
  if (mark === undefined || head === undefined) return
  const watermark = new Watermark(to)
  watermark.write({ ...mark, head })
  await watermark.sync()
  watermark.close()
  syncFolder(to)
}

/**
 * Copies a store to a new folder, also while it is in use. The copy has everything that was confirmed when this was called. Resolves to what
 * is in it. Copying is half of the progress, checking the copy the other half.
 *
 * @throws StoreError `DAMAGED` if the copy is not intact, because then the store is not either.
 */
export async function backupStore(folder: string, to: string, onProgress?: OnProgress): Promise<CheckReport> {
  requireStore(folder)
  makeFolder(to)
  if (readdirSync(to).length > 0)
    throw new StoreError("UNKNOWN_FORMAT", `${to} is not empty. Choose a new folder for the backup`)
  const total = onProgress === undefined ? 0 : totalBytes(folder)
  let done = 0
  const show = (bytes: number) => onProgress?.(bytes, Math.max(2 * total, bytes))
  const onCopied = (bytes: number) => {
    done += bytes
    show(done)
  }
  try {
    for (const log of LOGS) await copyLog(join(folder, log), join(to, log), onCopied)
    // Without this file it is no store, so an incomplete copy cannot be taken for one.
    ensureFormat(to, undefined, undefined, true)
  } catch (error) {
    throw systemError(error, to)
  }
  const report = await checkStore(to, (checked) => show(done + checked))
  const [damage] = report.damage
  if (damage !== undefined) throw new DamageError(damage)
  return report
}
