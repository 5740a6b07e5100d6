// Failures of standard output and standard error, which Node.js reports as events, and after the write.

import process from "node:process"

import { systemMeaning } from "../connection/failures.js"
import { CommandError } from "./exit.js"

let failure: Error | undefined

/** Notes failures from now on. A reader that has gone is none. */
export function watchOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") failure ??= error
  })
  // There is nowhere to report it.
  process.stderr.on("error", () => {})
}

/**
 * Waits until all writes to standard output have ended.
 * @throws {CommandError} if one has failed.
 */
export async function checkOutput(): Promise<void> {
  if (!process.stdout.destroyed) await new Promise<void>((resolve) => process.stdout.write("", () => resolve()))
  // The event comes after the callback.
  await new Promise((resolve) => setImmediate(resolve))
  if (failure !== undefined) throw new CommandError(`Cannot write to standard output: ${systemMeaning(failure)}`)
}
