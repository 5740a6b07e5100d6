// Routes: which events go to which sinks, and as what.

import type { RateLimit } from "../../config/index.js"
import type { WhenFull } from "../../store/index.js"
import type { Incoming } from "../components.js"
import { type Changes, change } from "./changes.js"
import type { Expression } from "./expression.js"
import { isSampled } from "./sample.js"

/** A route. */
export interface Route {
  name: string
  from: readonly string[]
  when?: Expression | undefined
  /** The fraction of events that it takes. */
  sample?: number | undefined
  rate?: { limit: RateLimit; over: "drop" | "dead-letter" } | undefined
  /** What it changes in events, if anything. */
  changes?: Changes | undefined
  to: readonly string[]
  whenFull: WhenFull
}

/** An event as some sinks are to get it. */
export interface Version {
  readonly sinks: readonly string[]
  readonly frames: readonly Uint8Array[]
}

/** An event that becomes a dead letter of some sinks: a route has to change it before they get it, and cannot, or had too many. */
export interface Held {
  readonly sinks: readonly string[]
  readonly route: string
  readonly reason: string
}

/** Where an event goes. */
export interface Plan {
  /** One for all routes that leave the event as it is, and one for each that does not. At least one, which may be for no sink. */
  readonly versions: readonly Version[]
  readonly held: readonly Held[]
  readonly whenFull: WhenFull
}

/** What happened on the way. */
export interface RouteObserver {
  /** A route has taken an event of a source. */
  taken(route: Route, from: string): void
  /** The condition of a route could not be decided. */
  undecided(route: Route, error: Error): void
  /** A route has let an event go, or made it a dead letter, as it is configured to. */
  dropped(route: Route, reason: "sample" | "rate", error?: Error): void
  /** A step of a route could not be carried out. */
  failed(route: Route, error: Error): void
}

/** When the routes of one event differ, the one that loses least decides. */
const strictness: readonly WhenFull[] = ["drop-oldest", "refuse", "wait"]

/** Finds out where an event goes. A route whose condition cannot be decided does not take it. `dropped` if only routes that let it go did. */
export function planRoutes(
  routes: readonly Route[],
  from: string,
  incoming: Incoming,
  now: number,
  observer: RouteObserver,
): Plan | "unrouted" | "dropped" {
  const unchanged = new Set<string>()
  const versions: Version[] = []
  const held: Held[] = []
  let isDropped = false
  let isTaken = false
  let isUnchanged = false
  let whenFull: WhenFull = "drop-oldest"
  for (const route of routes) {
    if (!route.from.includes(from) || !isWanted(route, incoming, observer)) continue
    const made = pass(route, incoming, now, observer)
    if (made === undefined) {
      isDropped = true
      continue
    }
    isTaken = true
    observer.taken(route, from)
    if (strictness.indexOf(route.whenFull) > strictness.indexOf(whenFull)) whenFull = route.whenFull
    if ("reason" in made) held.push(made)
    else if (made.frames !== incoming.frames) versions.push(made)
    else {
      isUnchanged = true
      for (const sink of made.sinks) unchanged.add(sink)
    }
  }
  if (!isTaken) return isDropped ? "dropped" : "unrouted"
  if (isUnchanged || versions.length === 0) versions.unshift({ sinks: [...unchanged], frames: incoming.frames })
  return { versions, held, whenFull }
}

function isWanted({ when, ...route }: Route, incoming: Incoming, observer: RouteObserver): boolean {
  try {
    return when === undefined || when.isMet(incoming)
  } catch (error) {
    observer.undecided(route, error as Error)
    return false
  }
}

/** What a route makes of an event. Undefined if it lets it go. */
function pass(route: Route, incoming: Incoming, now: number, observer: RouteObserver): Version | Held | undefined {
  const { name, sample, rate, changes, to: sinks } = route
  if (sample !== undefined && !isSampled(incoming.event, sample)) {
    observer.dropped(route, "sample")
    return undefined
  }
  if (rate !== undefined && !rate.limit.passes(now)) {
    const { limit, period } = rate.limit
    const reason = `The route ${name} takes ${limit} events in ${period / 1000} s, and had them`
    observer.dropped(route, "rate", new Error(reason))
    return rate.over === "drop" ? undefined : { sinks, route: name, reason }
  }
  try {
    return { sinks, frames: changes === undefined ? incoming.frames : change(changes, incoming) }
  } catch (error) {
    observer.failed(route, error as Error)
    return { sinks, route: name, reason: `The route ${name} cannot change the event: ${(error as Error).message}` }
  }
}

/**
 * What an event becomes that was a dead letter of a route: changed by the route as it is now.
 *
 * @throws Error if that is still not possible
 */
export function release(routes: readonly Route[], name: string, incoming: Incoming): Version["frames"] {
  const route = routes.find((one) => one.name === name)
  if (route === undefined) throw new Error(`There is no route ${name} any more, which has to change the event`)
  return route.changes === undefined ? incoming.frames : change(route.changes, incoming)
}
