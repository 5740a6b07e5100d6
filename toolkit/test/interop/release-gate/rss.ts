// Whether the memory of processes stays flat, although they are killed again and again.

import { rssOf, type Sample, slope } from "../memory.js"
import type { Service } from "./service.js"

/** How old a process must be so that its memory counts, in seconds: before, it only grows into what it needs. */
const grown = 15
/** By how much memory may have grown over a run: the fraction, and MiB on top of it. */
const allowed = { fraction: 0.5, more: 16 }
/** In hours: what is measured for less tells nothing. */
const least = 0.05

export interface Memory {
  name: string
  samples: number
  median: number
  most: number
  /** By how many MiB the line through all samples rises in an hour. */
  anHour: number
  /** By how many MiB it rises over the run. */
  growth: number
  /** Also if it was measured for too short a time. */
  isFlat: boolean
}

export class MemoryWatch {
  readonly #services: readonly Service[]
  readonly #samples = new Map<string, Sample[]>()
  readonly #began = Date.now()
  readonly #timer: NodeJS.Timeout

  constructor(services: readonly Service[]) {
    this.#services = services
    this.#timer = setInterval(() => this.#look(), 1000)
  }

  #look(): void {
    const hours = (Date.now() - this.#began) / 3600e3
    for (const { name, pid, age } of this.#services) {
      if (pid === undefined || age < grown) continue
      try {
        const rss = rssOf(pid)
        if (rss > 0) this.#samplesOf(name).push({ hours, rss })
      } catch {
        // It has just ended.
      }
    }
  }

  #samplesOf(name: string): Sample[] {
    const known = this.#samples.get(name)
    if (known) return known
    const samples: Sample[] = []
    this.#samples.set(name, samples)
    return samples
  }

  end(): Memory[] {
    clearInterval(this.#timer)
    return [...this.#samples].map(([name, samples]) => {
      const sorted = samples.map(({ rss }) => rss).toSorted((a, b) => a - b)
      const median = sorted[sorted.length >> 1] ?? 0
      const anHour = samples.length > 1 ? slope(samples) : 0
      const span = (samples.at(-1)?.hours ?? 0) - (samples[0]?.hours ?? 0)
      const growth = anHour * span
      const isFlat = span < least || growth <= median * allowed.fraction + allowed.more
      return { name, samples: samples.length, median, most: sorted.at(-1) ?? 0, anHour, growth, isFlat }
    })
  }
}
