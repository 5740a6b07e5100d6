import { recorded } from "./record.js"

export { record } from "./record.js"

export const test = (name, body) => globalThis.test(name, recorded(name, body))

/** Replaces the timers of the test, and all else that the runner replaces by default. */
export const useFakeTimers = () => jest.useFakeTimers()

export const useRealTimers = () => jest.useRealTimers()

/** Replaces a property. Returns what puts it back. */
export function replace(object, name, value) {
  const spy = jest.spyOn(object, name).mockImplementation(value)
  return () => spy.mockRestore()
}
