// How a relay ends: its sources stop, its sinks deliver what they can, until the drain is over.

import { setTimeout } from "node:timers/promises"
import type { Logger } from "pino"
import { AnySignal } from "../config/index.js"
import { longestWaitMs, systemClock } from "./clock.js"
import type { Outlet, Source } from "./components.js"

/** Sources end what they do by themselves: a command has 5 s between SIGTERM and SIGKILL. */
const sourcesMs = 6000

/** By name. */
type Parts<Part> = ReadonlyMap<string, { readonly part: Part }>

/** What ends a drain: a time in milliseconds, or a signal. */
export const drainSignal = (drain: number | AbortSignal): AbortSignal =>
  typeof drain === "number" ? AbortSignal.timeout(Math.min(drain, longestWaitMs)) : drain

/** Stops the sources. One that does not stop must not keep the relay from ending: it is given up a while after the drain is over. */
export async function stopSources(sources: Parts<Source>, drain: AbortSignal, log: Logger): Promise<void> {
  const running = new Set(sources.keys())
  const stopped = [...sources].map(async ([source, { part }]) => {
    await part.stop().catch(({ message: reason }: Error) => log.error({ source, reason }, "A source failed to stop"))
    running.delete(source)
  })
  const done = new AbortController()
  const isLate = async () => {
    using over = new AnySignal([drain, done.signal])
    await systemClock.wait(longestWaitMs, over.signal)
    await systemClock.wait(sourcesMs, done.signal)
  }
  await Promise.race([Promise.all(stopped), isLate()])
  done.abort()
  if (running.size > 0) log.error({ sources: [...running] }, "Sources have not stopped: the relay ends without them")
}

export interface Drained {
  readonly outlets: Parts<Outlet>
  /** How many events wait for a sink. */
  waiting(sink: string): number
  /** Whether sinks that fail are waited for, too. */
  readonly waitsForFailing: boolean
  readonly log: Logger
}

/** Waits until no sink has anything to do, or the drain is over. Says what is left, and why. */
export async function drainOutlets(
  { outlets, waiting, waitsForFailing, log }: Drained,
  drain: AbortSignal,
): Promise<void> {
  const before = new Map([...outlets.keys()].map((sink) => [sink, waiting(sink)]))
  const isBusy = ([sink, { part }]: [string, { part: Outlet }]) =>
    (waitsForFailing || part.failing === undefined) && part.servedBy === undefined && waiting(sink) > 0
  while (!drain.aborted && [...outlets].some(isBusy)) await setTimeout(10)
  for (const [sink, { part }] of outlets) {
    const left = waiting(sink)
    if (left === 0 || part.servedBy !== undefined) continue
    const late =
      left < (before.get(sink) ?? 0)
        ? "The drain ended before it had taken all of them"
        : "It had not answered when the drain ended"
    log.warn(
      { sink, waiting: left, reason: part.failing?.reason ?? late },
      "Events wait in the store for the next start",
    )
  }
}
