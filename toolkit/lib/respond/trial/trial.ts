// Unit tests of rules: alerts are decided about by the code of the responder. Nothing is run or recorded; no network, no store, no secrets.

import { basename, dirname, join } from "node:path"
import { ConfigDocument, ConfigError, checkPart, type Mistake, readText, suggestion } from "../../config/index.js"
import type { Incoming } from "../../relay/components.js"
import { differences } from "../../relay/trial/differences.js"
import { incomingOf, type TrialResult } from "../../relay/trial/trial.js"
import { type RespondConfig, readRules } from "../configuration/configuration.js"
import { decide } from "../decisions/decision.js"
import { State } from "../journal/state.js"
import { type Expected, type Given, testFileSchema } from "./test-file.js"

/** When the first event of a test comes: 2026-01-01T00:00:00Z. */
const beginning = Date.UTC(2026, 0, 1)

/** What the rules made of the events. */
interface Tried {
  readonly decisions: (Expected & { detail?: string })[]
  /** Conditions that could not be decided, and why. */
  readonly problems: string[]
}

function tryRules(
  { rules, folder, protection }: RespondConfig,
  given: readonly Given[],
  events: readonly Incoming[],
): Tried {
  const state = new State()
  const tried: Tried = { decisions: [], problems: [] }
  let now = beginning
  for (const [index, incoming] of events.entries()) {
    const { from = "", after = 0 } = given[index] ?? {}
    now += after
    const bytes = incoming.frames.reduce((sum, { byteLength }) => sum + byteLength, 0)
    const alert = { ...incoming, from, position: index + 1, received: now, bytes }
    for (const rule of rules) {
      try {
        const decision = decide(rule, alert, state.passes(rule.name), now, { folder, protection })
        if (decision === undefined) continue
        if ("type" in decision) {
          state.apply({ ...decision, at: now })
          const { decision: what, parameters, subject } = decision
          tried.decisions.push({
            rule: rule.name,
            decision: what,
            parameters,
            ...(subject !== undefined && { subject }),
          })
        } else {
          const { reason, detail } = decision
          tried.decisions.push({ rule: rule.name, decision: reason, ...(detail !== undefined && { detail }) })
        }
      } catch (error) {
        tried.problems.push(`The condition of the rule ${rule.name} could not be decided: ${(error as Error).message}`)
      }
    }
  }
  return tried
}

const briefOf = (decisions: readonly Expected[]): string =>
  decisions.length === 0 ? "none" : decisions.map(({ rule, decision }) => `${rule}: ${decision}`).join(", ")

/** What of a file of tests is not as expected. */
class Trial {
  readonly #document: ConfigDocument
  readonly #config: RespondConfig

  constructor(document: ConfigDocument, config: RespondConfig) {
    this.#document = document
    this.#config = config
  }

  /** Names that the configuration does not have are slips. */
  checkNames(index: number, given: readonly Given[], expected: readonly Expected[]): void {
    const check = (path: PropertyKey[], name: string, what: string, known: readonly { name: string }[]) => {
      const names = known.map((one) => one.name)
      if (!names.includes(name))
        this.#document.report(
          ["tests", index, ...path],
          `The configuration has no ${what} "${name}".${suggestion(name, names)}`,
        )
    }
    for (const [i, { from }] of given.entries()) check(["given", i, "from"], from, "source", this.#config.sources)
    for (const [i, { rule }] of expected.entries()) check(["expect", i, "rule"], rule, "rule", this.#config.rules)
  }

  /** The events of a test. Those that are invalid are mistakes. */
  events(index: number, given: readonly Given[]): Incoming[] {
    return given.flatMap((one, i) => {
      try {
        return [incomingOf(one, String(i + 1))]
      } catch (error) {
        this.#document.report(["tests", index, "given", i, "event"], (error as Error).message)
        return []
      }
    })
  }

  failures(
    index: number,
    given: readonly Given[],
    events: readonly Incoming[],
    expected: readonly Expected[],
  ): Mistake[] {
    const { decisions, problems } = tryRules(this.#config, given, events)
    const before = this.#document.mistakes.length
    const path = ["tests", index, "expect"]
    if (decisions.length !== expected.length)
      this.#document.report(path, `Expected the decisions ${briefOf(expected)}, but they were ${briefOf(decisions)}`)
    else
      for (const [i, { detail, ...wanted }] of expected.entries()) {
        const actual = decisions[i]
        for (const { path: inner, message } of differences(wanted, actual)) {
          const why = inner[0] === "decision" && actual?.detail !== undefined ? `: ${actual.detail}` : ""
          this.#document.report([...path, i, ...inner], message + why)
        }
        if (detail !== undefined && !actual?.detail?.includes(detail))
          this.#document.report(
            [...path, i, "detail"],
            `Expected "${detail}" but received ${JSON.stringify(actual?.detail ?? "nothing")}`,
          )
      }
    if (this.#document.mistakes.length > before) for (const problem of problems) this.#document.report(path, problem)
    return this.#document.mistakes.splice(before)
  }
}

/** The file of tests that belongs to a file of rules: `rules.test.yaml` to `rules.yaml`. */
const testFileOf = (rules: string): string => rules.replace(/(\.ya?ml)?$/, (end) => `.test${end || ".yaml"}`)

/**
 * Runs the tests of rules.
 *
 * @param file The tests, `rules.test.yaml`, or the rules that they are about, `rules.yaml`.
 * @returns The file of the tests, and how each went.
 * @throws {@link ConfigError} if the tests or the rules have mistakes
 */
export function runRuleTests(file: string): { file: string; results: TrialResult[] } {
  const isTests = /\.test\.ya?ml$/.test(file)
  const tests = isTests ? file : testFileOf(file)
  const document = new ConfigDocument(
    readText(tests, { ENOENT: `There is no such file. It has the tests of ${isTests ? "the rules" : file}` }),
  )
  const parsed = document.mistakes.length > 0 ? undefined : checkPart(document, testFileSchema, document.value)
  if (parsed === undefined) throw new ConfigError(tests, document.mistakes)
  const rules = parsed.config ?? (isTests ? "rules.yaml" : basename(file))
  const config = readRules(join(dirname(tests), rules), { needsSecrets: false })
  const trial = new Trial(document, config)
  const events = parsed.tests.map(({ given, expect }, index) => {
    trial.checkNames(index, given, expect)
    return trial.events(index, given)
  })
  if (document.mistakes.length > 0) throw new ConfigError(tests, document.mistakes)
  const results = parsed.tests.map(({ name, given, expect }, index) => ({
    name,
    line: document.place(["tests", index]).line,
    failures: trial.failures(index, given, events[index] ?? [], expect),
  }))
  return { file: tests, results }
}
