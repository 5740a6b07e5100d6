// Time as the process itself has it, whatever the globals are: browser-like test environments have timers of their own or none,
// and a test's fake clock takes their place. All is taken once, when this is loaded.
//
// Not from here come process.nextTick and queueMicrotask, which fake clocks replace too: promises do for both.

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
 * Whether node:timers has functions of a fake clock, which Sinon and node:test put there if this is first loaded while their clock
 * is on. Timers of the process are among its resources, theirs are not. (Only Node.js tells of all.)
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

// A fake clock gives the object a method of its own, which hides that of the class.
const now: () => number = Object.getPrototypeOf(performance).now ?? performance.now

/** For durations, in milliseconds. */
export const clock = { now: now.bind(performance) }

/** Resolves in the next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Throws an error to the process, and not to who calls this. */
export function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}

/** Calls a function when what runs now has ended, before the event loop goes on. What it throws is thrown to the process. */
export function callSoon(call: () => void): void {
  void Promise.resolve().then(() => {
    try {
      call()
    } catch (error) {
      throwLater(error)
    }
  })
}
