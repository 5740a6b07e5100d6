// Warnings that appear once.

import process from "node:process"
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads"

/** Warns once per process, as far as its threads can know. */
export function warnOnce(code: string, message: string): void {
  if (getEnvironmentData(code) === true) return
  setEnvironmentData(code, true)
  process.emitWarning(message, { code })
}
