// What a run has left, although it should have left nothing: it was ended, or failed amid its work.

import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"

/** The processes that have a variable in their environment, other than this one. */
function processesWith(variable) {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(variable)
    } catch {
      return false
    }
  })
}

/** Ends the processes that have a variable in their environment, and unmounts what is mounted below a folder. Resolves to how many there were. */
export async function endLeftovers(variable, folder) {
  let count = 0
  for (;;) {
    const pids = processesWith(variable)
    if (pids.length === 0) break
    count += pids.length
    for (const pid of pids) {
      try {
        process.kill(Number(pid), "SIGKILL")
      } catch {
        // It has just ended.
      }
    }
    await new Promise((done) => setTimeout(done, 200))
  }
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n")
  const below = mounts.map((line) => line.split(" ")[1] ?? "").filter((one) => one.startsWith(`${folder}/`))
  for (const one of below) execFileSync("umount", [one])
  return count
}
