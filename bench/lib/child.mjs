// What every contender's program uses to talk to the one that measures; see pair.mjs.

import { once } from "node:events"
import { writeSync } from "node:fs"

const [role, ...pairs] = process.argv.slice(2)
const values = new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]))

/** The role, and what was given as name=value. */
export const arguments_ = {
  role,
  text: (name, otherwise = "") => values.get(name) ?? otherwise,
  number: (name, otherwise) => Number(values.get(name) ?? otherwise),
}

const say = (value) => writeSync(1, `${JSON.stringify(value)}\n`)

/** Tells where the other side can connect to. */
export const announce = (endpoint) => say({ endpoint })

/** Tells what was measured. */
export const result = (measured) => say({ result: measured })

/** Resolves when the other side has everything. */
export async function waitForWord() {
  await once(process.stdin, "data")
  process.stdin.destroy()
}

/** Starts to measure the CPU time of this process, in seconds; call the result to end. */
export function measure() {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { cpu: (user + system) / 1e6, rss: process.resourceUsage().maxRSS * 1024 }
  }
}

/** The median and the high quantiles of times in microseconds. */
export function quantiles(times) {
  times.sort()
  const at = (share) => times[Math.floor(share * (times.length - 1))]
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
}
