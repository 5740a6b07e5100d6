// A file system of its own, which a test can fill.

import { spawnSync } from "node:child_process"
import process from "node:process"
import { onTestFinished } from "vitest"

/** Whether this user may mount one. */
export const mayMount =
  process.platform === "linux" &&
  process.getuid?.() === 0 &&
  spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0

/** Mounts one of this size, such as `8m`, on a folder, until the test has finished. */
export function mountOn(folder: string, size: string): string {
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=0700`, "tmpfs", folder])
  if (status !== 0) throw new Error(`Cannot mount a file system: ${stderr}`)
  // Runs before the folder is removed.
  onTestFinished(() => void spawnSync("umount", ["-l", folder]))
  return folder
}
