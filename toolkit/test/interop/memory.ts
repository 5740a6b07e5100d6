// The memory of processes over time.

import { readFileSync } from "node:fs"

/** The resident memory of a process, in MiB. */
export const rssOf = (pid: number | undefined): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024

/** What was measured at a time. */
export interface Sample {
  hours: number
  rss: number
}

/** By how much values change in an hour, by least squares. */
export function slope(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length
  const [hours, rss] = [mean((one) => one.hours), mean((one) => one.rss)]
  const spread = mean((one) => (one.hours - hours) ** 2)
  return mean((one) => (one.hours - hours) * (one.rss - rss)) / spread
}
