// Tells whether a file has changed, and whether somebody may still be writing it.

import type { BigIntStats } from "node:fs"
import { stat } from "node:fs/promises"

import { setTimeout } from "../../base/timers.js"

/** A file that was left alone for so long is complete. Also longer than the steps in which file systems count time. Milliseconds. */
const REST = 100

/** Changes when a file does. */
const markOf = ({ mtimeNs, ctimeNs, size, ino }: BigIntStats) => [mtimeNs, ctimeNs, size, ino].join()

/** The mark of a file as it is now; undefined if it is not there. */
export async function fileMark(file: string): Promise<string | undefined> {
  try {
    return markOf(await stat(file, { bigint: true }))
  } catch {
    return undefined
  }
}

// Taken now: a test's clock would take its place, and does not tell of files.
const { now } = Date

const ageOf = ({ ctimeMs }: BigIntStats) => now() - Number(ctimeMs)

/** Whether it was left alone for long enough. A time in the future is of another machine's clock, and tells nothing. */
function isResting(stats: BigIntStats): boolean {
  const age = ageOf(stats)
  return age < -REST || age > REST
}

const sleep = (delay: number) => new Promise<void>((resolve) => void setTimeout(resolve, delay))

/** The mark of a folder, which changes when a file comes or goes; undefined while it may change unseen. */
export async function folderMark(folder: string): Promise<string | undefined> {
  try {
    const stats = await stat(folder, { bigint: true })
    return isResting(stats) ? markOf(stats) : undefined
  } catch {
    return undefined
  }
}

/**
 * Waits until nobody seems to write a file, and gives its mark. Without a rest, half of a file would be read, and a second change within the
 * same tick of the clock would go unseen. Undefined if there is no file; "busy", which is no file's mark, if it changes all the time.
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
