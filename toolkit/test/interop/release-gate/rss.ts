// Whether the memory of processes stays flat, although they are killed again and again.

import { writeFileSync } from "node:fs"
import { rssOf, slope } from "../memory.js"
import type { Service } from "./service.js"

/** How old a process must be so that its memory counts, in seconds: before, it only grows into what it needs. */
const grown = 15
/** Starts are compared by the memory from then to this age: a process that lives longer has done more. */
const youth = 45
/** By how much the memory at that age may have grown over a run: the fraction, and MiB on top of it. */
const allowed = { fraction: 0.1, more: 8 }
/** What a process may have at most: so many times its median, and MiB on top of it. */
const peak = { times: 1.3, more: 8 }
/** In hours: what is measured for less tells nothing. */
const least = 0.05

/** What was measured of a process. */
export interface MemorySample {
  /** Since the run began. */
  hours: number
  /** Of the process, in seconds. */
  age: number
  /** In MiB. */
  rss: number
}

export interface Memory {
  name: string
  samples: number
  median: number
  most: number
  /** By how many MiB the line through all starts, at the same age, rises over the run. Of a process that is not started again: the line through its memory. */
  growth: number
  /** By how many it may. */
  mayGrow: number
  /** What is wrong with that. Nothing if it was measured for too short a time. */
  problem?: string
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** What of some values does not follow from others: what is left of them beside a line through both. */
function without(values: readonly number[], others: readonly number[]): number[] {
  const [mean, otherMean] = [meanOf(values), meanOf(others)]
  const spread = meanOf(others.map((other) => (other - otherMean) ** 2))
  const common = meanOf(values.map((value, index) => (value - mean) * ((others[index] ?? 0) - otherMean)))
  const rise = spread === 0 ? 0 : common / spread
  return values.map((value, index) => value - mean - rise * ((others[index] ?? 0) - otherMean))
}

/** When the process of a sample was started, in seconds. */
const startOf = ({ hours, age }: MemorySample) => Math.round(hours * 3600 - age)

/** By how much memory changes in an hour, if the age of the process stays the same. */
function growthAnHour(samples: readonly MemorySample[]): number {
  const ages = samples.map(({ age }) => age)
  const rss = without(
    samples.map((one) => one.rss),
    ages,
  )
  const hours = without(
    samples.map((one) => one.hours),
    ages,
  )
  return slope(hours.map((time, index) => ({ hours: time, rss: rss[index] ?? 0 })))
}

/** Says what the samples of a process, with all its starts, show. */
export function memoryOf(name: string, all: readonly MemorySample[]): Memory {
  const samples = all.filter(({ age }) => age >= grown)
  const sorted = samples.map(({ rss }) => rss).toSorted((a, b) => a - b)
  const [median, most] = [sorted[sorted.length >> 1] ?? 0, sorted.at(-1) ?? 0]
  const young = samples.filter(({ age }) => age < youth)
  const isRestarted = new Set(young.map(startOf)).size > 2
  // What was started once can only be compared with itself.
  const compared = isRestarted ? young : samples
  const span = (compared.at(-1)?.hours ?? 0) - (compared[0]?.hours ?? 0)
  const growth = span > 0 ? (isRestarted ? growthAnHour(young) : slope(samples)) * span : 0
  const mayGrow = median * allowed.fraction + allowed.more
  const memory: Memory = { name, samples: samples.length, median, most, growth, mayGrow }
  if (span < least) return memory
  if (growth > mayGrow) memory.problem = `The memory of ${name} has grown by ${Math.round(growth)} MiB`
  else if (most > median * peak.times + peak.more)
    memory.problem = `${name} had ${Math.round(most)} MiB, but mostly ${Math.round(median)} MiB`
  return memory
}

/** Measures once a second. */
export class MemoryWatch {
  readonly #services: readonly Service[]
  readonly #samples = new Map<string, MemorySample[]>()
  readonly #began = Date.now()
  readonly #timer: NodeJS.Timeout

  constructor(services: readonly Service[]) {
    this.#services = services
    for (const { name } of services) this.#samples.set(name, [])
    this.#timer = setInterval(() => this.#look(), 1000)
  }

  #look(): void {
    const hours = (Date.now() - this.#began) / 3600e3
    for (const { name, pid, age } of this.#services) {
      if (pid === undefined) continue
      try {
        const rss = rssOf(pid)
        if (rss > 0) this.#samples.get(name)?.push({ hours, age, rss })
      } catch {
        // It has just ended.
      }
    }
  }

  /** @param file For all that was measured. */
  end(file: string): Memory[] {
    clearInterval(this.#timer)
    writeFileSync(file, JSON.stringify(Object.fromEntries(this.#samples)))
    return [...this.#samples].map(([name, samples]) => memoryOf(name, samples))
  }
}
