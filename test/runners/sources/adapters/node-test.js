import { mock, test as nodeTest } from "node:test"

import { recorded } from "./record.js"

export { record } from "./record.js"

export const test = (name, body) => nodeTest(name, { timeout: 5000 }, recorded(name, body))

/** Replaces the timers, also those of node:timers and node:timers/promises. */
export const useFakeTimers = () => mock.timers.enable()

export const useRealTimers = () => mock.timers.reset()

/** Replaces a property. Returns what puts it back. */
export function replace(object, name, value) {
  const spy = mock.method(object, name, value)
  return () => spy.mock.restore()
}
