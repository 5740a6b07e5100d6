// The texts of a relay that change while the page is open.

import { type History, series } from "../history.js"
import { sparkline } from "../sparkline.js"
import type { LinkView, RelayView, SinkView, StoreView } from "../view/relay.js"
import { bytes, count, duration, plural, rate, time } from "./format.js"
import { peerShape, peerValues } from "./peers.js"
import type { Tone } from "./tone.js"

/** How thick a line of the picture is: 0 nothing flows, then by powers of ten. */
const levelOf = (perSecond: number): number =>
  perSecond <= 0 ? 0 : Math.min(5, Math.max(1, Math.floor(Math.log10(perSecond)) + 2))

/** The identity of a link on the page. */
export const linkKey = ({ direction, name, peer }: LinkView): string => `link/${direction}/${name}/${peer}`

function sinkState({ type, failing, servedBy }: SinkView): [text: string, tone: Tone] {
  if (type === undefined) return ["Not configured", "warn"]
  if (servedBy !== undefined && failing === undefined) return [`Served by ${servedBy}`, "idle"]
  if (failing === undefined) return ["Works", "good"]
  if (failing.isHeld) return ["Held: change something first", "bad"]
  return failing.isOpen ? ["Failing, circuit open", "bad"] : ["Failing", "warn"]
}

/** What is wrong with a sink, in a sentence. */
export const sinkProblem = ({ failing }: SinkView): string =>
  failing === undefined ? "" : `Since ${time(failing.since)}: ${failing.reason}`

const writeTime = (milliseconds: number | undefined): string => {
  if (milliseconds === undefined) return "none yet"
  return Number.isFinite(milliseconds) ? `at most ${duration(milliseconds)}` : "more than 10 s"
}

function storeValues(store: StoreView): Record<string, string> {
  const {
    bytes: log,
    deadBytes,
    maxBytes,
    first,
    last,
    waitingForRoom,
    refused,
    writes,
    medianWrite,
    slowWrite,
  } = store
  return {
    "store/bytes": `${bytes(log)} of ${bytes(maxBytes)} (${Math.floor((100 * log) / maxBytes)} %)`,
    "store/dead": bytes(deadBytes),
    "store/kept": last < first ? "none" : `${count(first)} to ${count(last)}`,
    "store/writes": count(writes),
    "store/median": writeTime(medianWrite),
    "store/slow": writeTime(slowWrite),
    "store/refused": count(refused),
    "store/waiting": count(waitingForRoom),
  }
}

/** Those of a relay. */
export function relayValues(relay: RelayView, now: number, history: History): Record<string, string> {
  const { sources, routes, sinks, links, peers, denials, store } = relay
  const values = { ...storeValues(store), ...peerValues(peers, denials) }
  for (const { name, stored, duplicates, unrouted, refused } of sources) {
    const key = `source/${name}`
    values[`${key}/rate`] = rate(history.rate(series.source(name)))
    Object.assign(values, {
      [`${key}/stored`]: count(stored),
      [`${key}/duplicates`]: count(duplicates),
      [`${key}/unrouted`]: count(unrouted),
      [`${key}/refused`]: count(refused),
    })
  }
  for (const { name, from, taken } of routes) {
    const rates = from.map((source) => history.rate(series.route(source, name)))
    const sum = rates.reduce((total, one) => total + one, 0)
    values[`route/${name}/rate`] = rate(sum)
    values[`route/${name}/level`] = String(levelOf(sum))
    values[`route/${name}/taken`] = count(Object.values(taken).reduce((sum, one) => sum + one, 0))
    for (const [index, source] of from.entries()) {
      values[`route/${name}/from/${source}`] = rate(rates[index] ?? 0)
      values[`route/${name}/level/${source}`] = String(levelOf(rates[index] ?? 0))
    }
  }
  for (const sink of sinks) {
    const { name, delivered, lost, waiting, dead, oldest } = sink
    const key = `sink/${name}`
    const [text, mood] = sinkState(sink)
    const { path, peak } = sparkline(history.levels(series.lag(name)))
    Object.assign(values, {
      [`${key}/state`]: text,
      [`${key}/tone`]: mood,
      [`${key}/problem`]: sinkProblem(sink),
      [`${key}/rate`]: rate(history.rate(series.sink(name))),
      [`${key}/delivered`]: count(delivered),
      [`${key}/waiting`]: count(waiting),
      [`${key}/queue`]: waiting === 0 ? "nothing waits" : `${count(waiting)} ${waiting === 1 ? "waits" : "wait"}`,
      [`${key}/age`]: oldest === undefined ? "–" : duration(Math.max(0, now - oldest)),
      [`${key}/spark`]: path,
      [`${key}/peak`]: `peak ${count(peak)}`,
      [`${key}/lost`]: count(lost),
      [`${key}/dead`]: plural(dead, "dead letter"),
    })
  }
  for (const link of links) {
    const key = linkKey(link)
    values[`${key}/state`] = link.state
    values[`${key}/acknowledged`] = count(link.acknowledged)
    values[`${key}/underway`] = bytes(link.underWayBytes)
  }
  return values
}

/** What its part of the page is made of. */
export const relayShape = ({ sources, routes, sinks, links, peers, denials }: RelayView): unknown => [
  sources.map(({ name, type }) => [name, type]),
  routes.map(({ name, from, to }) => [name, from, to]),
  sinks.map(({ name, type }) => [name, type]),
  links.map((link) => [linkKey(link), link.identity]),
  peerShape(peers, denials),
]
