// Programs in a process group of their own, so that what they have started ends with them.

import type { ChildProcess } from "node:child_process"
import process from "node:process"

/** Sends a signal to a program that was spawned `detached`, and to what it has started. Windows has no groups. */
export function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal)
  } catch {
    // It has ended.
  }
}
