// What the routes would do with an event: the code of the relay, without its store and network.

import { type Stored, withSender } from "../../events/index.js"
import type { Incoming } from "../components.js"
import { planRoutes, type Route } from "../routes/route.js"

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
  /** The sinks that get a dead letter instead of the event, and why. */
  dead: { sink: string; reason: string }[]
  /** What the routes could not do, and why. */
  problems: string[]
}

/** The routes with limits that have counted nothing yet. */
export const unused = (routes: readonly Route[]): Route[] =>
  routes.map(({ rate, ...route }) => ({ ...route, ...(rate && { rate: { ...rate, limit: rate.limit.unused() } }) }))

/** Lets an event of a source pass the routes. All events come at the same time. */
export function rehearse(routes: readonly Route[], from: string, incoming: Incoming): Rehearsed {
  const result: Rehearsed = { routes: [], passed: [], dead: [], problems: [] }
  const observer = {
    undecided: ({ name }: Route, { message }: Error) =>
      result.problems.push(`The condition of the route ${name} could not be decided: ${message}`),
    taken: () => {},
    dropped: () => {},
    failed: ({ name }: Route, { message }: Error) =>
      result.problems.push(`The route ${name} cannot change the event: ${message}`),
  }
  // A sink gets an event once, however many routes that leave it as it is lead to it.
  const unchanged = new Set<string>()
  for (const route of routes) {
    const plan = planRoutes([route], from, incoming, 0, observer)
    if (typeof plan === "string") continue
    result.routes.push(route.name)
    for (const { sinks, reason } of plan.held) result.dead.push(...sinks.map((sink) => ({ sink, reason })))
    for (const { sinks, frames } of plan.versions) {
      for (const sink of sinks) {
        if (frames === incoming.frames) unchanged.add(sink)
        else result.passed.push({ sink, event: { frames: withSender({ ...incoming, frames }) } })
      }
    }
  }
  const event: Stored = { frames: withSender(incoming) }
  for (const sink of unchanged) result.passed.unshift({ sink, event })
  return result
}
