// Standard output: writes with backpressure, and notices when nobody reads it any more.

import { closeSync, constants, fstatSync, openSync } from "node:fs"
import process from "node:process"

/** How often a pipe is looked at, in milliseconds. */
const LOOK = 200

/** Writes to standard output, and waits while its reader is slow. */
export async function writeOut(bytes: string | Uint8Array, signal: AbortSignal): Promise<void> {
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

/**
 * Calls `onGone` once nobody reads standard output, if that is a pipe: `ohmq sub … | head -1` must not wait for a second message to notice.
 * A write would tell, but there is none. Opening a pipe for writing without waiting fails with ENXIO if nobody has it open for reading
 * (fifo(7)); only Linux lets one open a pipe by its descriptor. Returns what ends the watch.
 */
export function watchReader(onGone: () => void): () => void {
  if (process.platform !== "linux" || !fstatSync(1).isFIFO()) return () => {}
  const timer = setInterval(() => {
    try {
      closeSync(openSync("/proc/self/fd/1", constants.O_WRONLY | constants.O_NONBLOCK))
    } catch (error) {
      clearInterval(timer)
      if ((error as NodeJS.ErrnoException).code === "ENXIO") onGone()
    }
  }, LOOK)
  timer.unref()
  return () => clearInterval(timer)
}
