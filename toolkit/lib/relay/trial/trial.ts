// Unit tests of a configuration: events go through its routes, and are compared with what is expected. No network, no store, no secrets.

import { Buffer } from "node:buffer"
import { dirname, join } from "node:path"
import { ConfigDocument, ConfigError, checkPart, type Mistake, readText, suggestion } from "../../config/index.js"
import { accept } from "../../events/index.js"
import type { Incoming } from "../components.js"
import { type RelayConfig, readConfig } from "../configuration/configuration.js"
import { eventJson } from "../formats/event-lines.js"
import { differences } from "./differences.js"
import { type Rehearsed, rehearse, unused } from "./rehearsal.js"
import { type Expected, type Given, testFileSchema } from "./test-file.js"

/** How a test went. */
export interface TrialResult {
  /** The name of the test. */
  name: string
  /** From 1. */
  line: number
  /** What is not as expected, and where that is expected. */
  failures: readonly Mistake[]
}

/** The event that a test gives. */
export function incomingOf({ event, sender }: Pick<Given, "event" | "sender">, id: string): Incoming {
  const { data } = event
  const contentType = typeof data === "string" ? "text/plain" : "application/json"
  const envelope = {
    specversion: "1.0",
    id,
    source: "/test",
    time: "2026-01-01T00:00:00Z",
    ...(data !== undefined && { datacontenttype: contentType }),
    ...event,
  }
  const { type } = event
  const frames = [Buffer.from(typeof type === "string" ? type : ""), Buffer.from(JSON.stringify(envelope))]
  return { ...accept(frames), ...(sender !== undefined && { sender }) }
}

const count = (number: number) => `${number} event${number === 1 ? "" : "s"}`

/** Runs the tests of a file. */
class Trial {
  readonly #document: ConfigDocument
  readonly #config: RelayConfig

  constructor(document: ConfigDocument, config: RelayConfig) {
    this.#document = document
    this.#config = config
  }

  #report(path: PropertyKey[], message: string): void {
    this.#document.report(path, message)
  }

  /** Names that the configuration does not have are slips. */
  checkNames(index: number, given: readonly Given[], { routes = [], sinks = {}, dead = [] }: Expected): void {
    const check = (
      path: PropertyKey[],
      name: string,
      what: string,
      known: readonly { name: string }[],
      isKey = false,
    ) => {
      const names = known.map((one) => one.name)
      if (!names.includes(name))
        this.#document.report(path, `The configuration has no ${what} "${name}".${suggestion(name, names)}`, isKey)
    }
    const path = ["tests", index]
    for (const [i, { from }] of given.entries())
      check([...path, "given", i, "from"], from, "source", this.#config.sources)
    for (const [i, name] of routes.entries())
      check([...path, "expect", "routes", i], name, "route", this.#config.routes)
    for (const [i, name] of dead.entries()) check([...path, "expect", "dead", i], name, "sink", this.#config.sinks)
    for (const name of Object.keys(sinks))
      check([...path, "expect", "sinks", name], name, "sink", this.#config.sinks, true)
  }

  /** The events of a test. Those that are invalid are mistakes. */
  events(index: number, given: readonly Given[]): Incoming[] {
    return given.flatMap((one, i) => {
      try {
        return [incomingOf(one, String(i + 1))]
      } catch (error) {
        this.#report(["tests", index, "given", i, "event"], (error as Error).message)
        return []
      }
    })
  }

  /** What is not as expected. */
  failures(index: number, given: readonly Given[], events: readonly Incoming[], expected: Expected): Mistake[] {
    const routes = unused(this.#config.routes)
    const results = events.map((event, i) => rehearse(routes, given[i]?.from ?? "", event))
    const before = this.#document.mistakes.length
    const path = ["tests", index, "expect"]
    if (expected.routes) this.#compareRoutes([...path, "routes"], expected.routes, results)
    if (expected.sinks) this.#compareSinks([...path, "sinks"], expected.sinks, results)
    if (expected.sinks || expected.dead) this.#compareDead([...path, "dead"], expected.dead ?? [], results)
    const isFailed = this.#document.mistakes.length > before
    for (const problem of isFailed ? results.flatMap(({ problems }) => problems) : []) this.#report(path, problem)
    return this.#document.mistakes.splice(before)
  }

  #compareRoutes(path: PropertyKey[], expected: readonly string[], results: readonly Rehearsed[]): void {
    const taken = new Set(results.flatMap(({ routes }) => routes))
    const list = (names: Iterable<string>) => [...names].sort().join(", ") || "no route"
    if (list(taken) !== list(new Set(expected)))
      this.#report(path, `Expected that ${list(new Set(expected))} takes the event, but ${list(taken)} did`)
  }

  #compareDead(path: PropertyKey[], expected: readonly string[], results: readonly Rehearsed[]): void {
    const dead = results.flatMap((result) => result.dead)
    const list = (names: readonly string[]) => names.toSorted().join(", ") || "no sink"
    const actual = list(dead.map(({ sink }) => sink))
    if (actual === list(expected)) return
    const reasons = [...new Set(dead.map(({ reason }) => `: ${reason}`))].join("")
    this.#report(path, `Expected a dead letter for ${list(expected)}, but ${actual} got one${reasons}`)
  }

  #compareSinks(path: PropertyKey[], expected: NonNullable<Expected["sinks"]>, results: readonly Rehearsed[]): void {
    const passed = results.flatMap((result) => result.passed)
    for (const { name } of this.#config.sinks) {
      const actual = passed.filter(({ sink }) => sink === name).map(({ event }) => JSON.parse(String(eventJson(event))))
      const wanted = expected[name] ?? []
      const place = Object.hasOwn(expected, name) ? [...path, name] : path
      if (actual.length !== wanted.length) {
        const came = actual.length === 0 ? "" : `: ${actual.map((one) => JSON.stringify(one)).join(" ")}`
        this.#report(
          place,
          `Expected ${count(wanted.length)} for the sink ${name} but received ${actual.length}${came}`,
        )
        continue
      }
      for (const [i, one] of wanted.entries())
        for (const { path: inner, message } of differences(one, actual[i]))
          this.#report([...place, i, ...inner], message)
    }
  }
}

/**
 * Reads a file of tests and runs them.
 *
 * @throws {@link ConfigError} if the file, or the configuration that it tests, has mistakes
 */
export function runTests(file: string): TrialResult[] {
  const document = new ConfigDocument(readText(file))
  const parsed = document.mistakes.length > 0 ? undefined : checkPart(document, testFileSchema, document.value)
  if (parsed === undefined) throw new ConfigError(file, document.mistakes)
  const path = join(dirname(file), parsed.config)
  const config = readConfig(path, { needsSecrets: false })
  const trial = new Trial(document, config)
  const events = parsed.tests.map(({ given, expect }, index) => {
    trial.checkNames(index, given, expect)
    return trial.events(index, given)
  })
  if (document.mistakes.length > 0) throw new ConfigError(file, document.mistakes)
  return parsed.tests.map(({ name, given, expect }, index) => ({
    name,
    line: document.place(["tests", index]).line,
    // Limits count from the beginning again in each test.
    failures: new Trial(document, readConfig(path, { needsSecrets: false })).failures(
      index,
      given,
      events[index] ?? [],
      expect,
    ),
  }))
}
