// Loaded into each process that start.mjs starts: it ends when start.mjs has ended, even if that was killed. Nothing is lost by
// this: what a process has acknowledged is on disk.

import { isMainThread } from "node:worker_threads"

if (isMainThread && process.channel) {
  process.once("disconnect", () => process.exit())
  // The channel alone does not keep the process alive.
  process.channel.unref()
}
