// What was measured, for people and for programs.

import { figure } from "../command/figures.js"
import { paint } from "../command/terminal.js"
import type { Histogram } from "./histogram.js"
import type { Passed } from "./measuring.js"

/** What was measured, in words and for programs. */
export interface Setting {
  readonly kind: "throughput" | "round-trip"
  /** Such as "PUSH to PULL". */
  readonly sockets: string
  readonly transport: string
  readonly security: "none" | "CURVE" | "PLAIN"
  /** The rest of the sentence: which ends, and where it was counted. */
  readonly how: string
}

export type Result =
  | { readonly kind: "throughput"; readonly size: number; readonly passed: Passed }
  | { readonly kind: "round-trip"; readonly size: number; readonly histogram: Histogram }

const percentiles = { p50: 0.5, p90: 0.9, p99: 0.99, "p99.9": 0.999 } as const

/** Limits of the histogram in nanoseconds: 1, 2, 5, 10, ... microseconds up to 10 s. */
const limits = Array.from(
  { length: 22 },
  (_, index) => ([1, 2, 5][index % 3] as number) * 10 ** Math.floor(index / 3) * 1000,
)

/** Microseconds with as many digits as matter. */
const microseconds = (nanoseconds: number) => {
  const value = nanoseconds / 1000
  return value < 100 ? value.toFixed(1) : figure(value)
}

const duration = (nanoseconds: number) => {
  if (nanoseconds < 1e6) return `${nanoseconds / 1e3} µs`
  return nanoseconds < 1e9 ? `${nanoseconds / 1e6} ms` : `${nanoseconds / 1e9} s`
}

const securityText = { none: "not encrypted", CURVE: "encrypted (CURVE)", PLAIN: "with PLAIN, not encrypted" }

/** A sentence that says what was measured. */
export const statement = ({ kind, sockets, transport, security, how }: Setting) =>
  `${kind === "throughput" ? "Throughput" : "Round trips"}: ${sockets} over ${transport}, ${securityText[security]}; ${how}.`

/** Right-aligned columns. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] as string[]).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row, index) => {
      const line = row.map((cell, column) => cell.padStart(widths[column] as number)).join("  ")
      return `  ${index === 0 ? paint("dim", line) : line}\n`
    })
    .join("")
}

const rates = ({ messages, bytes, seconds }: Passed) =>
  seconds === 0 ? [0, 0] : ([messages / seconds, bytes / seconds] as const)

/** The bars of a histogram. */
function bars(histogram: Histogram): string {
  const counts = histogram.below(limits)
  const first = counts.findIndex((count) => count > 0)
  const last = counts.findLastIndex((count) => count > 0)
  const most = Math.max(...counts)
  const lines: string[] = []
  for (let index = first; index <= last; index += 1) {
    const count = counts[index] as number
    const limit = limits[index]
    const label = limit === undefined ? `from ${duration(limits.at(-1) as number)}` : `below ${duration(limit)}`
    const bar = count === 0 ? "" : "█".repeat(Math.round((count / most) * 40)) || "▏"
    lines.push(`  ${label.padStart(12)}  ${bar.padEnd(40)}  ${figure(count)}\n`)
  }
  return lines.join("")
}

/** Results as text. */
export function toText(setting: Setting, results: readonly Result[]): string {
  const rows: string[][] = []
  let histograms = ""
  for (const result of results) {
    const size = `${figure(result.size)} B`
    if (result.kind === "throughput") {
      const [rate = 0, bytes = 0] = rates(result.passed)
      rows.push([
        size,
        figure(result.passed.messages),
        result.passed.seconds.toFixed(2),
        figure(rate),
        (bytes / 1e6).toFixed(1),
      ])
      continue
    }
    const { histogram } = result
    const values = Object.values(percentiles).map((part) => microseconds(histogram.percentile(part)))
    rows.push([size, figure(histogram.count), microseconds(histogram.mean), ...values, microseconds(histogram.max)])
    if (histogram.count > 0) histograms += `\n  ${size}\n${bars(histogram)}`
  }
  const head =
    setting.kind === "throughput"
      ? ["size", "messages", "seconds", "messages/s", "MB/s"]
      : ["size", "count", "mean µs", ...Object.keys(percentiles).map((name) => `${name} µs`), "max µs"]
  return `${statement(setting)}\n\n${table([head, ...rows])}${histograms}\n`
}

/** Results as JSON, a line each. */
export function toJson(setting: Setting, results: readonly Result[]): string {
  const { kind, sockets, transport, security } = setting
  return results
    .map((result) => {
      const start = { kind, sockets, transport, security, size: result.size }
      const measured = statement(setting)
      if (result.kind === "throughput") {
        const { messages, bytes, seconds } = result.passed
        const [messagesPerSecond, bytesPerSecond] = rates(result.passed)
        return { ...start, messages, bytes, seconds, messagesPerSecond, bytesPerSecond, measured }
      }
      const { histogram } = result
      const counts = histogram.below(limits)
      const toMicroseconds = (nanoseconds: number) => Math.round(nanoseconds) / 1000
      const values = Object.entries(percentiles).map(([name, part]) => [
        name,
        toMicroseconds(histogram.percentile(part)),
      ])
      return {
        ...start,
        count: histogram.count,
        microseconds: {
          min: toMicroseconds(histogram.count === 0 ? 0 : histogram.min),
          mean: toMicroseconds(histogram.mean),
          ...Object.fromEntries(values),
          max: toMicroseconds(histogram.max),
        },
        histogram: counts
          .map((count, index) => ({
            below: limits[index] === undefined ? null : (limits[index] as number) / 1000,
            count,
          }))
          .filter(({ count }) => count > 0),
        measured,
      }
    })
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("")
}
