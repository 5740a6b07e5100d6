import { vi, test as vitestTest } from "vitest"

import { recorded } from "./record.js"

export { record } from "./record.js"

export const test = (name, body) => vitestTest(name, recorded(name, body))

// Not nextTick, which cannot be replaced in a child process, and which Vitest leaves alone by default.
const toFake = ["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate", "Date"]

/** Replaces the timers, and the functions that are like them. */
export const useFakeTimers = () => vi.useFakeTimers({ toFake: [...toFake, "performance", "queueMicrotask"] })

export const useRealTimers = () => vi.useRealTimers()

/** Replaces a property. Returns what puts it back. */
export function replace(object, name, value) {
  const spy = vi.spyOn(object, name).mockImplementation(value)
  return () => spy.mockRestore()
}
