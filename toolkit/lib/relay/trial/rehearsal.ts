// What the routes would do with an event: the code of the relay, without its store and network.

import { type Stored, withSender } from "../../events/index.js"
import type { Incoming } from "../components.js"
import { planRoutes, type Route } from "../routes.js"

/** An event on its way to a sink. */
export interface Passed {
  sink: string
  event: Stored
}

/** What became of an event. */
export interface Rehearsed {
  /** The names of the routes that took it. */
  routes: string[]
  passed: Passed[]
  /** The routes whose condition could not be decided, and why. */
  undecided: { route: string; reason: string }[]
}

/** Lets an event of a source pass the routes. */
export function rehearse(routes: readonly Route[], from: string, incoming: Incoming): Rehearsed {
  const result: Rehearsed = { routes: [], passed: [], undecided: [] }
  const sinks = new Set<string>()
  for (const route of routes) {
    const plan = planRoutes([route], from, incoming, ({ name }, { message }) =>
      result.undecided.push({ route: name, reason: message }),
    )
    if (plan === undefined) continue
    result.routes.push(route.name)
    // A sink gets an event once, however many routes lead to it.
    for (const sink of plan.sinks) sinks.add(sink)
  }
  const event: Stored = { frames: withSender(incoming) }
  for (const sink of sinks) result.passed.push({ sink, event })
  return result
}
