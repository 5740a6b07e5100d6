// The real timers and clock of the process. Test environments replace the globals or lack them: jsdom has its own, and fake clocks replace
// them. This module reads everything once, when it is loaded.
//
// process.nextTick and queueMicrotask are not here: fake clocks replace them too, and promises do their work.

import { performance } from "node:perf_hooks"
import process from "node:process"
import timers from "node:timers"

import * as socketTimers from "./socket-timers.js"

/** A timer that runs. */
export interface Timer {
  ref(): this
  unref(): this
  refresh(): this
}

interface Timers {
  setTimeout(call: () => void, delay: number): Timer
  clearTimeout(timer: Timer | undefined): void
  setInterval(call: () => void, delay: number): Timer
  clearInterval(timer: Timer | undefined): void
  setImmediate(call: () => void): void
}

/**
 * Whether node:timers exports a fake clock's functions. Sinon and node:test replace them there too, so this happens if the module is
 * first loaded while their clock is on. Real timers are listed among the process's resources, fake ones are not. (Only Node.js lists
 * them all.)
 */
function areFaked(): boolean {
  if (process.versions.bun !== undefined || process.versions.deno !== undefined) return false
  const count = () => process.getActiveResourcesInfo().length
  const before = count()
  const nothing = () => {}
  const timeout = timers.setTimeout(nothing, 1000)
  const interval = timers.setInterval(nothing, 1000)
  const immediate = timers.setImmediate(nothing)
  const after = count()
  timers.clearTimeout(timeout)
  timers.clearInterval(interval)
  timers.clearImmediate(immediate)
  return after < before + 3
}

export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate }: Timers = areFaked()
  ? (socketTimers as Timers)
  : (timers as Timers)

// The class's method: a fake clock gives the object one of its own.
const now: () => number = Object.getPrototypeOf(performance).now ?? performance.now

/** For durations, in milliseconds. */
export const clock = { now: now.bind(performance) }

/** Resolves in the next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Throws an error that only the process can catch ("uncaughtException"). */
export function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}

/** Calls a function when the running code has finished, before the event loop continues. The function may throw: see `throwLater`. */
export function callSoon(call: () => void): void {
  void Promise.resolve().then(() => {
    try {
      call()
    } catch (error) {
      throwLater(error)
    }
  })
}
