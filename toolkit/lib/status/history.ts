// The last hour, in memory: a number for each series and sample.

import type { RelayView } from "./view/relay.js"
import type { Snapshot } from "./view/subject.js"

/** How often a sample is taken, in milliseconds. */
export const sampleMs = 2000
/** An hour. */
export const maxSamples = 3_600_000 / sampleMs
/** Rates are those of the last ten seconds. */
const rateSamples = 5

/** The names of series. Those of what flows count up; `lag` is a level. */
export const series = {
  source: (name: string) => `in ${name}`,
  sink: (name: string) => `out ${name}`,
  route: (source: string, route: string) => `route ${source} ${route}`,
  lag: (sink: string) => `lag ${sink}`,
}

function valuesOf({ sources, routes, sinks }: RelayView): Map<string, number> {
  const values = new Map<string, number>()
  for (const { name, stored } of sources) values.set(series.source(name), stored)
  for (const { name, taken } of routes)
    for (const [source, count] of Object.entries(taken)) values.set(series.route(source, name), count)
  for (const { name, delivered, waiting } of sinks) {
    values.set(series.sink(name), delivered)
    values.set(series.lag(name), waiting)
  }
  return values
}

/** What happened lately. A series that ends is forgotten. */
export class History {
  readonly #times: number[] = []
  readonly #elapsed: number[] = []
  #values = new Map<string, (number | null)[]>()

  /** Adds a sample. */
  add(snapshot: Snapshot): void {
    const values = new Map<string, (number | null)[]>()
    for (const [name, value] of snapshot.relay ? valuesOf(snapshot.relay) : []) {
      const before = this.#values.get(name) ?? new Array<null>(this.#times.length).fill(null)
      before.push(value)
      if (before.length > maxSamples) before.shift()
      values.set(name, before)
    }
    this.#values = values
    this.#times.push(snapshot.time)
    this.#elapsed.push(snapshot.elapsed)
    if (this.#times.length <= maxSamples) return
    this.#times.shift()
    this.#elapsed.shift()
  }

  /** When the samples were taken, in milliseconds since 1970. */
  get times(): readonly number[] {
    return this.#times
  }

  /** A level over time. `null` where it was not known. */
  levels(name: string): readonly (number | null)[] {
    return this.#values.get(name) ?? []
  }

  /** How much a count goes up in a second now. */
  rate(name: string): number {
    return this.#rateAt(this.#values.get(name) ?? [], this.#times.length - 1) ?? 0
  }

  /** The same, over time. */
  rates(name: string): (number | null)[] {
    const values = this.#values.get(name) ?? []
    return values.map((_, index) => this.#rateAt(values, index))
  }

  #rateAt(values: readonly (number | null)[], last: number): number | null {
    let first = Math.max(0, last - rateSamples)
    while (first < last && values[first] === null) first++
    const [from, to, begin, end] = [values[first], values[last], this.#elapsed[first], this.#elapsed[last]]
    if (from == null || to == null || begin === undefined || end === undefined || end <= begin) return null
    return Math.max(0, (to - from) / ((end - begin) / 1000))
  }
}
