// Warnings that come once.

import process from "node:process"
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads"

/** Warns once in the process, as far as threads can know of each other. */
export function warnOnce(code: string, message: string): void {
  if (getEnvironmentData(code) === true) return
  setEnvironmentData(code, true)
  process.emitWarning(message, { code })
}
