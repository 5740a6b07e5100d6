// What the process has after a collection of garbage: MiB, and numbers of descriptors and threads.

import { readdirSync } from "node:fs"

/** All of it: with an argument, V8 would collect what is young alone. */
const collect = globalThis.Bun ? () => Bun.gc(true) : () => gc()

export function held() {
  collect()
  return {
    memory: process.memoryUsage().rss / 2 ** 20,
    descriptors: readdirSync("/proc/self/fd").length,
    threads: readdirSync("/proc/self/task").length,
  }
}
