// Markdown tables: one per workload, and a summary.

import { median, medianRatio } from "./statistics.mjs"

const times = (ratio) => (ratio === undefined ? "" : ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2))

function rate(number) {
  if (number >= 1e6) return `${(number / 1e6).toFixed(2)} M/s`
  return number >= 1e4 ? `${(number / 1e3).toFixed(0)} k/s` : `${number.toFixed(0)}/s`
}

const orNothing = (numbers, digits) =>
  numbers.some((number) => !Number.isFinite(number)) ? "" : median(numbers).toFixed(digits)
const microseconds = (numbers) => orNothing(numbers, 2)
const messageRate = (rounds) => rate(median(rounds.map(({ messages, seconds }) => messages / seconds)))

const columns = {
  latency: [
    ["p50, µs", (rounds) => median(rounds.map(({ p50 }) => p50)).toFixed(1)],
    ["p99", (rounds) => median(rounds.map(({ p99 }) => p99)).toFixed(1)],
    ["p99.9", (rounds) => median(rounds.map(({ p999 }) => p999)).toFixed(1)],
  ],
  rate: [
    ["messages", messageRate],
    ["receiver CPU, µs/message", (rounds) => microseconds(rounds.map(({ cpu, messages }) => (cpu * 1e6) / messages))],
    [
      "sender CPU",
      (rounds) => microseconds(rounds.map(({ senderCpu, senderMessages }) => (senderCpu * 1e6) / senderMessages)),
    ],
    ["receiver RSS, MB", (rounds) => (median(rounds.map(({ rss }) => rss)) / 1e6).toFixed(0)],
    [
      "loop delay p99, ms",
      (rounds) =>
        orNothing(
          rounds.map(({ delay99 }) => delay99),
          1,
        ),
    ],
  ],
}

export function markdown(heads, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n")
}

/** How fast a round was: higher is better. */
const speed = (workload) => (round) => (workload.group === "latency" ? 1 / round.p50 : round.messages / round.seconds)

/** The table of a workload. `figures` has the rounds by contender. */
export function table(workload, figures) {
  const kinds = workload.group === "latency" ? columns.latency : columns.rate
  const speeds = Object.fromEntries(
    Object.entries(figures).map(([name, rounds]) => [name, rounds.map(speed(workload))]),
  )
  const references = ["C++", "zeromq"].filter((name) => speeds[name] !== undefined)
  const heads = ["", ...kinds.map(([head]) => head), ...references.map((name) => `to ${name}`)]
  const rows = Object.entries(figures).map(([name, rounds]) => [
    name,
    ...kinds.map(([, show]) => show(rounds)),
    ...references.map((reference) => times(medianRatio(speeds[name], speeds[reference]))),
  ])
  return `\n### ${workload.name}\n\n${markdown(heads, rows)}\n`
}

/** A row per workload and a column per contender: the median of the rate or the round-trip time. */
export function summary(workloads, figures) {
  const names = [...new Set(workloads.flatMap(({ name }) => Object.keys(figures[name])))]
  const cell = (workload, name) => {
    const rounds = figures[workload.name][name]
    if (rounds === undefined) return ""
    return workload.group === "latency" ? `${median(rounds.map(({ p50 }) => p50)).toFixed(0)} µs` : messageRate(rounds)
  }
  const rows = workloads.map((workload) => [workload.name, ...names.map((name) => cell(workload, name))])
  return `\n### All\n\n${markdown(["", ...names], rows)}\n`
}
