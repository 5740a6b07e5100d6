import sinon from "sinon"

import { recorded } from "./record.js"

export { record } from "./record.js"

export const test = (name, body) => globalThis.it(name, recorded(name, body)).timeout(5000)

let clock

/** Replaces the timers, also those of node:timers, process.nextTick, and all else that Sinon replaces by default. */
export function useFakeTimers() {
  clock = sinon.useFakeTimers()
}

export const useRealTimers = () => clock.restore()

/** Replaces a property. Returns what puts it back. */
export function replace(object, name, value) {
  const stub = sinon.stub(object, name).callsFake(value)
  return () => stub.restore()
}
