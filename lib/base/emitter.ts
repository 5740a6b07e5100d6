// Emitters whose listeners each run with the AsyncLocalStorage stores that were current when they were added. Otherwise all of them would
// run with the stores of the code that created the emitter.

import { AsyncResource } from "node:async_hooks"
import { EventEmitter } from "node:events"

// biome-ignore lint/suspicious/noExplicitAny: as in EventEmitter
type AnyListener = (...values: any[]) => void
type Name = string | symbol

/** Returns a function that calls `listener` with the stores that are current now. Emitters find it by its property `listener`. */
export const inItsContext = <Listener extends AnyListener>(listener: Listener): Listener & { listener: AnyListener } =>
  Object.assign(AsyncResource.bind(listener), { listener })

/** An EventEmitter with these events, each a tuple of what its listeners are called with. */
// biome-ignore lint/correctness/noUnusedVariables: it must be that of the interface
export class Emitter<Events extends { [E in keyof Events]: unknown[] }> extends EventEmitter {}

// EventEmitter takes such a type argument only since @types/node 20.11.
export interface Emitter<Events extends { [E in keyof Events]: unknown[] }> {
  /** Adds a listener. */
  on<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
  /** Adds a listener, like `on`. */
  addListener<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
  /** Adds a listener that is called once. */
  once<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
  /** Adds a listener before all others. */
  prependListener<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
  /** Adds a listener before all others, which is called once. */
  prependOnceListener<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
  /** Removes a listener. */
  off<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
  /** Removes a listener, like `off`. */
  removeListener<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
}

/** EventEmitter itself refuses anything but a function. */
const bind = (listener: AnyListener) => (typeof listener === "function" ? inItsContext(listener) : listener)

/** EventEmitter's own wrapper for `once` would be inside ours, where neither it nor `off` could remove it. */
function bindOnce(emitter: EventEmitter, event: Name, listener: AnyListener): AnyListener {
  if (typeof listener !== "function") return listener
  let called = false
  const bound = inItsContext((...values) => {
    emitter.removeListener(event, bound)
    if (called) return
    called = true
    listener.apply(emitter, values)
  })
  bound.listener = listener
  return bound
}

const { on, prependListener } = EventEmitter.prototype

const methods: Record<string, (this: EventEmitter, event: Name, listener: AnyListener) => EventEmitter> = {
  on(event, listener) {
    return on.call(this, event, bind(listener))
  },
  addListener(event, listener) {
    return on.call(this, event, bind(listener))
  },
  prependListener(event, listener) {
    return prependListener.call(this, event, bind(listener))
  },
  once(event, listener) {
    return on.call(this, event, bindOnce(this, event, listener))
  },
  prependOnceListener(event, listener) {
    return prependListener.call(this, event, bindOnce(this, event, listener))
  },
}

// Outside of the class, whose methods would have to accept all names.
for (const [name, value] of Object.entries(methods)) {
  Object.defineProperty(Emitter.prototype, name, { value, writable: true, configurable: true })
}
