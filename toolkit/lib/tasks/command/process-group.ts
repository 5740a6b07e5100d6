// A command in a process group of its own, so that its children end with it.

import { type ChildProcess, spawn } from "node:child_process"
import process from "node:process"
import { Capture } from "./capture.js"
import type { Guard } from "./guard.js"

/** How a command ended. */
export interface Ended {
  exitCode: number | null
  signal: NodeJS.Signals | null
  stdout: Capture
  stderr: Capture
}

/** How to run it. */
export interface RunOptions {
  args: readonly string[]
  env: NodeJS.ProcessEnv
  /** What it reads from standard input. */
  stdin: string
  maxOutput: number
  /** Between SIGTERM and SIGKILL, in milliseconds. */
  grace: number
  guard: Guard
  /** Ends it. */
  signal: AbortSignal
  /** Whether an abort for this reason ends it at once, without time to tidy up. */
  endsAtOnce(reason: unknown): boolean
}

/** How long the pipes may stay open once the command and its group are gone: a process that has left the group can hold them. */
const PIPES_MS = 500

function kill(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch {
    // ESRCH: nothing of it is left.
  }
}

/** Runs a command to its end. Rejects with the system's error if it cannot be started. */
export async function runGroup(options: RunOptions): Promise<Ended> {
  const { args, env, stdin, maxOutput, guard } = options
  const [command = "", ...rest] = args
  const child = spawn(command, rest, { detached: true, env, stdio: ["pipe", "pipe", "pipe"] })
  const { pid } = child
  if (pid === undefined) {
    return new Promise((_, reject) => child.once("error", reject))
  }
  guard.watch(pid)
  const stdout = new Capture(child.stdout, maxOutput)
  const stderr = new Capture(child.stderr, maxOutput)
  // A command need not read its input.
  child.stdin.on("error", () => {})
  child.stdin.end(stdin)
  const disarm = arm(pid, options)
  try {
    const [exitCode, signal] = await exitOf(child)
    // What it has started must not go on.
    kill(pid, "SIGKILL")
    await closed(child)
    return { exitCode, signal, stdout, stderr }
  } finally {
    disarm()
    guard.release(pid)
  }
}

const exitOf = (child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> =>
  new Promise((resolve) => child.once("exit", (code, signal) => resolve([code, signal])))

/** Ends the group when the signal is aborted. */
function arm(group: number, { signal, grace, endsAtOnce }: RunOptions): () => void {
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    if (endsAtOnce(signal.reason)) {
      kill(group, "SIGKILL")
      return
    }
    kill(group, "SIGTERM")
    timer = setTimeout(() => kill(group, "SIGKILL"), Math.min(grace, 0x7fff_ffff))
  }
  if (signal.aborted) end()
  else signal.addEventListener("abort", end, { once: true })
  return () => {
    signal.removeEventListener("abort", end)
    clearTimeout(timer)
  }
}

function closed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.stdout?.destroy()
      child.stderr?.destroy()
      resolve()
    }, PIPES_MS)
    const streams = [child.stdout, child.stderr]
    const done = () => {
      if (!streams.every((stream) => stream === null || stream.closed)) return
      clearTimeout(timer)
      resolve()
    }
    for (const stream of streams) stream?.once("close", done)
    done()
  })
}
