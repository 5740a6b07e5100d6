// Standard output: writes with backpressure, and notices when nobody reads it any more.

import { constants, fstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import process from "node:process"

/** How often a pipe is looked at, in milliseconds. */
const LOOK = 200

/** Writes to standard output, and waits while its reader is slow. */
export async function writeOut(bytes: string | Uint8Array | Iterable<string>, signal: AbortSignal): Promise<void> {
  if (typeof bytes !== "string" && !(bytes instanceof Uint8Array)) {
    for (const piece of bytes) {
      await writeOut(piece, signal)
      // Writes to a pipe do not let events in, which say that its reader has gone.
      await new Promise((resolve) => setImmediate(resolve))
      if (signal.aborted) return
    }
    return
  }
  if (bytes.length === 0 || signal.aborted) return
  if (process.stdout.write(bytes)) return
  await new Promise<void>((resolve) => {
    const done = () => {
      process.stdout.off("drain", done)
      signal.removeEventListener("abort", done)
      resolve()
    }
    process.stdout.on("drain", done)
    signal.addEventListener("abort", done)
  })
}

/** Waits until what was written has gone. */
export const flushed = () =>
  new Promise<void>((resolve) => {
    if (process.stdout.writableLength === 0 || process.stdout.destroyed) resolve()
    else process.stdout.write("", () => resolve())
  })

/** A descriptor of a process that reads a pipe, as a path of proc(5). Undefined if there is none, or none that this user may see. */
function readerOf(inode: number): string | undefined {
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue
    try {
      for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
        if (!isReader(`/proc/${pid}/fd/${descriptor}`, inode)) continue
        return `/proc/${pid}/fd/${descriptor}`
      }
    } catch {
      // Another user's, or it has ended.
    }
  }
  return undefined
}

function isReader(descriptor: string, inode: number): boolean {
  if (readlinkSync(descriptor) !== `pipe:[${inode}]`) return false
  const flags = /^flags:\s*(\d+)/m.exec(readFileSync(descriptor.replace("/fd/", "/fdinfo/"), "utf8"))?.[1] ?? ""
  return (Number.parseInt(flags, 8) & constants.O_WRONLY) === 0
}

/**
 * Calls `onGone` once nobody reads standard output, if that is a pipe: `ohmq sub … | head -1` must not wait for a second message to notice.
 * A write would show it, but there is none, and Node.js cannot wait for a descriptor's error alone. So this looks at the reader's
 * descriptor in /proc, which only Linux has. Returns what ends the watch.
 */
export function watchReader(onGone: () => void): () => void {
  const stats = fstatSync(1)
  if (process.platform !== "linux" || !stats.isFIFO()) return () => {}
  let reader = readerOf(stats.ino)
  if (reader === undefined) return () => {}
  const timer = setInterval(() => {
    try {
      if (isReader(reader as string, stats.ino)) return
    } catch {
      // It has ended, or closed the pipe.
    }
    reader = readerOf(stats.ino)
    if (reader !== undefined) return
    clearInterval(timer)
    onGone()
  }, LOOK)
  timer.unref()
  return () => clearInterval(timer)
}
