// For vitest: a run has a temporary folder of its own, in which its tests must leave nothing.

import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

export function setup(): () => void {
  // Short, because the path of a socket may have no more than 103 bytes on macOS, and the system's own folder takes half of them.
  const folder = mkdtempSync(path.join(tmpdir(), "o-"))
  // As the system's own: some tests run as a user who may do little.
  chmodSync(folder, 0o1777)
  // What os.tmpdir() reads.
  for (const name of process.platform === "win32" ? ["TEMP", "TMP"] : ["TMPDIR"]) process.env[name] = folder
  return () => {
    const left = readdirSync(folder)
    rmSync(folder, { recursive: true, force: true })
    if (left.length === 0) return
    process.exitCode = 1
    process.stderr.write(`\nThe tests left this in the temporary folder: ${left.join(", ")}\n`)
  }
}
