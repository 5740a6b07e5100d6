// Every contender's program uses this to talk to the measuring process; see pair.mjs.

import { once } from "node:events"
import { writeSync } from "node:fs"
import { monitorEventLoopDelay } from "node:perf_hooks"

const [role, ...pairs] = process.argv.slice(2)
const values = new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]))

/** The role, and the name=value arguments. */
export const arguments_ = {
  role,
  text: (name, otherwise = "") => values.get(name) ?? otherwise,
  number: (name, otherwise) => Number(values.get(name) ?? otherwise),
}

const say = (value) => writeSync(1, `${JSON.stringify(value)}\n`)

/** Prints the endpoint that the other side can connect to. */
export const announce = (endpoint) => say({ endpoint })

/** Prints the measurement. */
export const result = (measured) => say({ result: measured })

/** Resolves when the other side has received everything. */
export async function waitForWord() {
  await once(process.stdin, "data")
  process.stdin.destroy()
}

/** Starts to measure the CPU time and the memory of this process, in seconds and bytes; call the result to end. */
export function measure() {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { cpu: (user + system) / 1e6, rss: process.resourceUsage().maxRSS * 1024 }
  }
}

/** Like `measure`, with the event loop's delay in milliseconds. */
export function measureLoop() {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const used = measure()
  return () => {
    delay.disable()
    return { ...used(), delay99: delay.percentile(99) / 1e6 }
  }
}

/**
 * Counts messages: call `take` with each one that arrives. `seconds` is a promise for the time of `count` messages after the first `warmup`
 * ones.
 */
export function counter({ size, warmup, count }) {
  let start = performance.now()
  let left = warmup + count
  let finish
  const seconds = new Promise((resolve) => {
    finish = resolve
  })
  return {
    seconds,
    take({ length }) {
      if (length !== size) throw new Error(`Expected a message of ${size} bytes, but received ${length}`)
      left -= 1
      if (left === count) start = performance.now()
      if (left === 0) finish((performance.now() - start) / 1000)
      if (left < 0) throw new Error("More messages arrived than were sent")
    },
  }
}

/** Sends one request after another. `ask` resolves with the reply. */
export async function roundTrips({ warmup, count }, ask) {
  const times = new Float64Array(count)
  for (let done = -warmup; done < count; done += 1) {
    const start = performance.now()
    await ask()
    if (done >= 0) times[done] = (performance.now() - start) * 1000
  }
  return { messages: count, ...quantiles(times) }
}

/** The median and the high quantiles of times in microseconds. */
function quantiles(times) {
  times.sort()
  const at = (share) => times[Math.floor(share * (times.length - 1))]
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
}
