// Runs small programs in their own process, to test exits, crashes and memory.

import { createRequire } from "node:module"
import path from "node:path"

import { runToEnd } from "./basics.mjs"

/** The project's folder. */
export const root = path.dirname(createRequire(import.meta.url).resolve("ohmq/package.json"))

/** Environment variables for the programs only, as JSON, to run them with a sanitizer. See CONTRIBUTING.md. */
const sanitizer: NodeJS.ProcessEnv = JSON.parse(process.env.OHMQ_TEST_ENV ?? "{}")

export type Outcome = Awaited<ReturnType<typeof runToEnd>>

/** Runs a command until it exits. After `timeout` milliseconds it is killed, and the status is "SIGKILL". */
export function runCommand(
  command: string,
  args: string[],
  options: { timeout?: number; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Outcome> {
  return runToEnd(command, args, {
    cwd: options.cwd ?? root,
    timeout: options.timeout ?? 40_000,
    env: { ...process.env, NODE_OPTIONS: "", ...sanitizer, ...options.env },
  })
}

/**
 * Runs a program with top-level await in which `zmq` is the package, `gc()` collects garbage and `sleep(ms)` waits.
 */
export function runProgram(
  source: string,
  options: { timeout?: number; args?: string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  const prelude = `
    import * as zmq from "ohmq"
    import { setTimeout as sleep } from "node:timers/promises"
    import * as threads from "node:worker_threads"
  `
  const args = ["--expose-gc", ...(options.args ?? []), "--input-type=module", "-e", prelude + source]
  return runCommand(process.execPath, args, options)
}
