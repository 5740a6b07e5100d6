// From events back to a SARIF log.

import type { Event } from "../event.js"
import type { Finding, SarifParts } from "./finding.js"
import { isObject, type Json, objectIn, type SarifLog, textIn } from "./sarif.js"

/** The parts of a finding that did not come from SARIF. */
function partsOf(event: Event<Finding>, finding: Finding): SarifParts {
  const { tool, rule, location, level, message } = finding
  const region = {
    ...(location?.line && { startLine: location.line }),
    ...(location?.column && { startColumn: location.column }),
    ...(location?.endLine && { endLine: location.endLine }),
    ...(location?.endColumn && { endColumn: location.endColumn }),
  }
  const physicalLocation = location && {
    artifactLocation: { uri: location.uri },
    ...(location.line && { region }),
  }
  const tags = rule.cwe?.map((id) => `external/cwe/${id.toLowerCase()}`)
  return {
    run: {
      tool: {
        driver: {
          name: tool.name,
          ...(tool.version && { version: tool.version }),
          ...(tool.uri && { informationUri: tool.uri }),
        },
      },
    },
    rule: {
      id: rule.id,
      ...(rule.name && { name: rule.name }),
      ...(rule.text && { shortDescription: { text: rule.text } }),
      ...(rule.uri && { helpUri: rule.uri }),
      ...(tags && { properties: { tags } }),
    },
    result: {
      ruleId: rule.id,
      level,
      message: { text: message },
      ...(physicalLocation && { locations: [{ physicalLocation }] }),
      partialFingerprints: { "ohmqEventId/v1": event.id },
    },
  }
}

/** A tool component with the rules that results refer to. */
class Component {
  readonly #bare: Json
  readonly #rules = new Map<string, { index: number; descriptor: Json }>()

  constructor(bare: Json) {
    this.#bare = bare
  }

  /** The index of a rule, which is added if it is new. */
  indexOf(descriptor: Json): number {
    const key = JSON.stringify(descriptor)
    const known = this.#rules.get(key) ?? { index: this.#rules.size, descriptor }
    this.#rules.set(key, known)
    return known.index
  }

  whole(): Json {
    const rules = [...this.#rules.values()].map(({ descriptor }) => descriptor)
    return rules.length > 0 ? { ...this.#bare, rules } : this.#bare
  }
}

class Run {
  readonly #bare: Json
  readonly #driver: Component
  readonly #extensions = new Map<string, { index: number; component: Component }>()
  readonly #results: Json[] = []

  constructor(bare: Json) {
    this.#bare = bare
    this.#driver = new Component(objectIn(objectIn(bare, "tool"), "driver"))
  }

  add({ result, rule, extension }: SarifParts): void {
    if (!extension) {
      this.#results.push(rule ? { ...result, ruleIndex: this.#driver.indexOf(rule) } : result)
      return
    }
    const key = JSON.stringify(extension)
    const known = this.#extensions.get(key) ?? { index: this.#extensions.size, component: new Component(extension) }
    this.#extensions.set(key, known)
    const reference = objectIn(result, "rule")
    const toolComponent = { ...objectIn(reference, "toolComponent"), index: known.index }
    const index = rule && known.component.indexOf(rule)
    this.#results.push({ ...result, rule: { ...reference, ...(index !== undefined && { index }), toolComponent } })
  }

  whole(): Json {
    const extensions = [...this.#extensions.values()].map(({ component }) => component.whole())
    const tool = {
      ...objectIn(this.#bare, "tool"),
      driver: this.#driver.whole(),
      ...(extensions.length > 0 && { extensions }),
    }
    return { ...this.#bare, tool, results: this.#results }
  }
}

/** Whether the data of an event is a finding, in so far as {@link toSarif} and {@link toOcsf} read it. */
export function isFinding(data: unknown): data is Finding {
  if (!isObject(data)) return false
  const { sarif, location } = data
  return (
    textIn(objectIn(data, "tool"), "name") !== undefined &&
    typeof objectIn(data, "rule").id === "string" &&
    typeof data.message === "string" &&
    (location === undefined || textIn(location as Json, "uri") !== undefined) &&
    (sarif === undefined ||
      (isObject(sarif) &&
        isObject(objectIn(sarif, "result").message) &&
        textIn(objectIn(objectIn(objectIn(sarif, "run"), "tool"), "driver"), "name") !== undefined))
  )
}

/**
 * A SARIF 2.1.0 log of the findings among some events. Findings of one tool and run make one run. Those that came from SARIF are as they were, except
 * that what they refer to in the run is within them; others are made from what the event says.
 */
export function toSarif(events: Iterable<Event>): SarifLog {
  const runs = new Map<string, Run>()
  for (const event of events) {
    if (!isFinding(event.data)) continue
    const parts = event.data.sarif ?? partsOf(event as Event<Finding>, event.data)
    const key = JSON.stringify(parts.run)
    const run = runs.get(key) ?? new Run(parts.run)
    runs.set(key, run)
    run.add(parts)
  }
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [...runs.values()].map((run) => run.whole()),
  }
}
