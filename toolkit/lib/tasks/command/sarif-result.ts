// The SARIF log that a command has written, if it has written one.

import { readFileSync, statSync } from "node:fs"
import { TaskFailure } from "../worker/task-failure.js"

const isLog = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "version" in value && "runs" in value && Array.isArray(value.runs)

/** A log on standard output. Undefined if that is something else. */
export function sarifIn(text: string): object | undefined {
  if (!text.trimStart().startsWith("{")) return undefined
  try {
    const value = JSON.parse(text) as object
    return isLog(value) ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * The log in a file.
 *
 * @throws TaskFailure if there is none
 */
export function sarifOf(file: string, maxBytes: number): object {
  let text: string
  try {
    const { size } = statSync(file)
    if (size > maxBytes) throw new Error(`it has ${size} bytes; the limit is ${maxBytes}`)
    text = readFileSync(file, "utf8")
  } catch (error) {
    throw new TaskFailure(`The command has left no SARIF log that can be read: ${(error as Error).message}`)
  }
  try {
    const value = JSON.parse(text) as object
    if (isLog(value)) return value
  } catch {
    // The same as JSON that is something else.
  }
  throw new TaskFailure(`What the command has left in ${file} is not a SARIF log`)
}
