// Runs small programs in their own process, to test exits, crashes and memory.

import { spawn } from "node:child_process"
import { createRequire } from "node:module"
import path from "node:path"

/** The project's folder. */
export const root = path.dirname(createRequire(import.meta.url).resolve("ohmq/package.json"))

/** Environment variables for the programs only, as JSON, to run them with a sanitizer. See CONTRIBUTING.md. */
const sanitizer: NodeJS.ProcessEnv = JSON.parse(process.env.OHMQ_TEST_ENV ?? "{}")

export interface Outcome {
  /** The exit status, or the signal that ended it. */
  status: number | string | null
  stdout: string
  stderr: string
  /** How long it ran, in milliseconds. */
  duration: number
}

/** Runs a command until it exits. After `timeout` milliseconds it is killed, and the status is "SIGKILL". */
export async function runCommand(
  command: string,
  args: string[],
  options: { timeout?: number; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Outcome> {
  const started = performance.now()
  const child = spawn(command, args, {
    cwd: options.cwd ?? root,
    env: { ...process.env, NODE_OPTIONS: "", ...sanitizer, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text
  })
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeout ?? 15_000)
  const status = await new Promise<number | string | null>((resolve) => {
    child.on("close", (code, signal) => resolve(code ?? signal))
  })
  clearTimeout(timer)
  return { status, stdout, stderr, duration: performance.now() - started }
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
