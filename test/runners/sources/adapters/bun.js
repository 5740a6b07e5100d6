import { test as bunTest, jest, spyOn } from "bun:test"

import { recorded } from "./record.js"

export { record } from "./record.js"

export const test = (name, body) => bunTest(name, recorded(name, body))

export const useFakeTimers = () => jest.useFakeTimers()

export const useRealTimers = () => jest.useRealTimers()

/** Replaces a property. Returns what puts it back. */
export function replace(object, name, value) {
  const spy = spyOn(object, name).mockImplementation(value)
  return () => spy.mockRestore()
}
