import sinon from "sinon"

import { recorded } from "./record.js"

export { record } from "./record.js"

export const test = (name, body) => globalThis.it(name, recorded(name, body)).timeout(5000)

let clock

/** Replaces the timers, also those of node:timers, and the functions that are like them. */
export function useFakeTimers() {
  const toFake = ["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"]
  clock = sinon.useFakeTimers({ toFake: [...toFake, "Date", "performance", "hrtime", "queueMicrotask", "nextTick"] })
}

export const useRealTimers = () => clock.restore()

/** Replaces a property. Returns what puts it back. */
export function replace(object, name, value) {
  const stub = sinon.stub(object, name).callsFake(value)
  return () => stub.restore()
}
