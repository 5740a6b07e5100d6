// Detects whether a file has changed, and whether another process may still be writing it.

import type { BigIntStats } from "node:fs"
import { stat } from "node:fs/promises"

import { setTimeout } from "../../base/timers.js"

/** A file that did not change for this long is complete. It is longer than the resolution of file systems' times. Milliseconds. */
const REST = 100

/** A text that changes when the file does. */
const markOf = ({ mtimeNs, ctimeNs, size, ino }: BigIntStats) => [mtimeNs, ctimeNs, size, ino].join()

/** The current mark of a file; undefined if it does not exist. */
export async function fileMark(file: string): Promise<string | undefined> {
  try {
    return markOf(await stat(file, { bigint: true }))
  } catch {
    return undefined
  }
}

// Read now, because a test may replace the clock, and files keep real time.
const { now } = Date

const ageOf = ({ ctimeMs }: BigIntStats) => now() - Number(ctimeMs)

/** Whether it did not change for long enough. A time in the future comes from another machine's clock and is ignored. */
function isResting(stats: BigIntStats): boolean {
  const age = ageOf(stats)
  return age < -REST || age > REST
}

const sleep = (delay: number) => new Promise<void>((resolve) => void setTimeout(resolve, delay))

/** The mark of a folder, which changes when a file is added or removed; undefined while a change could go unnoticed. */
export async function folderMark(folder: string): Promise<string | undefined> {
  try {
    const stats = await stat(folder, { bigint: true })
    return isResting(stats) ? markOf(stats) : undefined
  } catch {
    return undefined
  }
}

/**
 * Waits until a file rests, and returns its mark. Otherwise half a file could be read, and a second change within one tick of the clock
 * could go unnoticed. Undefined if there is no file; "busy", which is never a file's mark, if it keeps changing.
 */
export async function restingMark(file: string): Promise<string | undefined> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    let stats: BigIntStats
    try {
      stats = await stat(file, { bigint: true })
    } catch {
      return undefined
    }
    if (isResting(stats)) return markOf(stats)
    await sleep(REST + 1 - ageOf(stats))
  }
  return "busy"
}
