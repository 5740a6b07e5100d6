// Reads `rules`.

import type { z } from "zod"
import { type ConfigDocument, suggestion } from "../../config/index.js"
import { Expression } from "../../relay/routes/expression.js"
import type { Action } from "../actions/action.js"
import type { Approval, Rule } from "../decisions/rule.js"
import type { ruleSchema } from "./schema.js"

type RuleOptions = z.infer<typeof ruleSchema>

/** What rules refer to. */
interface Known {
  readonly sources: readonly string[]
  /** Those without mistakes. */
  readonly actions: ReadonlyMap<string, Action>
  /** The names of all. */
  readonly knownActions: readonly string[]
  readonly people: readonly string[]
  readonly isDryRun: boolean
}

const requiredTimeout = 30 * 60_000

/** Checks rules, and reports what is wrong. */
export class RuleReader {
  readonly #document: ConfigDocument
  readonly #known: Known

  constructor(document: ConfigDocument, known: Known) {
    this.#document = document
    this.#known = known
  }

  /** Those without mistakes. */
  rules(given: readonly RuleOptions[]): Rule[] {
    const seen = new Set<string>()
    return given.flatMap((options, index) => {
      const path = ["rules", index]
      if (seen.has(options.name))
        this.#document.report([...path, "name"], `There are two rules named "${options.name}"`)
      seen.add(options.name)
      const rule = this.#rule(options, path)
      return rule === undefined ? [] : [rule]
    })
  }

  #rule(options: RuleOptions, path: PropertyKey[]): Rule | undefined {
    const { name, from, senders, dedupe, limit, cooldown, subject, expires, maxAge, maxEvent, dryRun } = options
    const before = this.#document.mistakes.length
    this.#references([...path, "from"], from ?? [], this.#known.sources, "source")
    const when = this.#expression([...path, "when"], options.when)
    const values = new Map(
      Object.entries(options.with).map(([parameter, text]) => [
        parameter,
        this.#expression([...path, "with", parameter], text),
      ]),
    )
    const key = dedupe && this.#expression([...path, "dedupe", "key"], dedupe.key)
    const subjectKey = subject && this.#expression([...path, "subject", "key"], subject.key)
    const approval = this.#approval(options.approve, path)
    if (!this.#known.knownActions.includes(options.do))
      this.#document.report(
        [...path, "do"],
        `There is no action "${options.do}".${suggestion(options.do, this.#known.knownActions)}`,
      )
    const action = this.#known.actions.get(options.do)
    if (action === undefined) return undefined
    this.#checkValues([...path, "with"], action, [...values.keys()])
    if (expires !== undefined && action.undo === undefined)
      this.#document.report(
        [...path, "expires"],
        `The action ${action.name} has no undo. Add one, or remove expires`,
        true,
      )
    if (when === undefined || this.#document.mistakes.length > before) return undefined
    return {
      name,
      from,
      senders,
      when,
      action,
      values: values as Map<string, Expression>,
      dedupe: dedupe && key && { key, window: dedupe.window },
      limits: { limit, cooldown },
      subject: subject &&
        subjectKey && { key: subjectKey, limits: { limit: subject.limit, cooldown: subject.cooldown } },
      maxAge,
      maxEvent,
      expires,
      approval,
      isDryRun: dryRun || this.#known.isDryRun,
    }
  }

  #expression(path: PropertyKey[], text: string): Expression | undefined {
    try {
      const expression = new Expression(text)
      if (expression.nesting <= 1) return expression
      this.#document.report(
        path,
        "Macros such as all, exists or map cannot stand within one another here: whoever sends an event would decide how long that takes",
      )
    } catch (error) {
      this.#document.report(path, (error as Error).message)
    }
    return undefined
  }

  #checkValues(path: PropertyKey[], { name, parameters }: Action, given: readonly string[]): void {
    const known = [...parameters.keys()]
    for (const one of given)
      if (!parameters.has(one))
        this.#document.report(
          [...path, one],
          `The action ${name} has no parameter "${one}".${suggestion(one, known)}`,
          true,
        )
    for (const one of known)
      if (!given.includes(one)) this.#document.report(path, `The action ${name} needs the parameter "${one}"`)
  }

  #approval(approve: RuleOptions["approve"], path: PropertyKey[]): Approval | undefined {
    if (approve === undefined) return undefined
    if (approve === "required") return { people: 1, timeout: requiredTimeout }
    const { people, timeout, by } = approve
    const place = [...path, "approve"]
    this.#references([...place, "by"], by ?? [], this.#known.people, "person")
    const count = new Set(by ?? this.#known.people).size
    // Without a list, the user of the responder is the only one.
    if (people > Math.max(count, 1))
      this.#document.report(
        [...place, "people"],
        `${people} people must approve, and ${count} may. List them in people`,
      )
    return { people, timeout, by }
  }

  #references(path: PropertyKey[], names: readonly string[], known: readonly string[], what: string): void {
    for (const [index, name] of names.entries())
      if (!known.includes(name))
        this.#document.report([...path, index], `There is no ${what} "${name}".${suggestion(name, known)}`)
  }
}
