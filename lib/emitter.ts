// Emitters each of whose listeners runs in the AsyncLocalStorage stores in which it was added, and not in those of whatever made
// the emitter first look for events.

import { AsyncResource } from "node:async_hooks"
import { EventEmitter } from "node:events"

// biome-ignore lint/suspicious/noExplicitAny: as in EventEmitter
type AnyListener = (...values: any[]) => void
type Name = string | symbol

/** A function that calls another with the stores of now. An emitter knows it by that other, its `listener`. */
export const inItsContext = <Listener extends AnyListener>(listener: Listener): Listener & { listener: AnyListener } =>
  Object.assign(AsyncResource.bind(listener), { listener })

/** An EventEmitter with these events, each a tuple of what its listeners are called with. */
// biome-ignore lint/correctness/noUnusedVariables: it must be that of the interface
export class Emitter<Events extends { [E in keyof Events]: unknown[] }> extends EventEmitter {}

// EventEmitter itself knows its events only since @types/node 20.11.
export interface Emitter<Events extends { [E in keyof Events]: unknown[] }> {
  on<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
  addListener<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
  once<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
  prependListener<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
  prependOnceListener<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
  off<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
  removeListener<E extends keyof Events & Name>(event: E, listener: (...values: Events[E]) => void): this
}

/** What is no function is for EventEmitter to refuse. */
const bind = (listener: AnyListener) => (typeof listener === "function" ? inItsContext(listener) : listener)

/** EventEmitter's own wrapper would not be found behind this one, neither to be taken away after the event nor by `off`. */
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

// Not in the class, whose methods would have to take all names.
for (const [name, value] of Object.entries(methods)) {
  Object.defineProperty(Emitter.prototype, name, { value, writable: true, configurable: true })
}
