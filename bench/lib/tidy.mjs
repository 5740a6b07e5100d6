// Stops processes and removes folders when this process exits, even on Ctrl-C.

import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { constants, tmpdir } from "node:os"
import path from "node:path"

const living = new Map()
let folder

function kill(child) {
  const id = living.get(child)
  living.delete(child)
  try {
    if (id !== undefined) process.kill(id, "SIGKILL")
  } catch (error) {
    if (error.code !== "ESRCH") throw error
  }
}

/**
 * Starts a program. `ended` is a promise for its exit code, signal, or why it could not be started; `stop` kills it. If it is `detached`, it
 * leads a process group, which is killed with it.
 */
export function startChild(command, args, options) {
  const child = spawn(command, args, options)
  if (child.pid !== undefined) living.set(child, options.detached ? -child.pid : child.pid)
  const ended = new Promise((resolve) => {
    child.on("error", ({ message }) => resolve(message))
    child.on("close", (code, signal) => {
      living.delete(child)
      resolve(code ?? signal)
    })
  })
  const stop = async () => {
    kill(child)
    await ended
  }
  return { child, ended, stop }
}

/** A folder for Unix domain sockets and for the files of servers. */
export function temporaryFolder() {
  folder ??= mkdtempSync(path.join(tmpdir(), "ohmq-bench-"))
  return folder
}

process.on("exit", () => {
  for (const child of living.keys()) kill(child)
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
})

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]))
}
