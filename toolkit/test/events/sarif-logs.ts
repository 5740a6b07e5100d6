// SARIF logs for tests: those of real tools, and random ones.

import { readFileSync } from "node:fs"
import { Ajv } from "ajv"
import formats from "ajv-formats"
import fc from "fast-check"
import type { SarifLog } from "ohmq-toolkit/events"

// biome-ignore lint/suspicious/noExplicitAny: SARIF is deep, and tests know what is there.
export type Loose = any

const read = (file: string) => readFileSync(new URL(file, import.meta.url), "utf8")

/** What ESLint 8.57.1 (@microsoft/eslint-formatter-sarif 3.1.0), flawfinder 2.0.19 and Biome 2.5.15 say about the same three files. */
export const realLogs: readonly (readonly [tool: string, log: SarifLog])[] = (
  ["eslint", "flawfinder", "biome"] as const
).map((tool): [string, SarifLog] => [tool, JSON.parse(read(`sarif/${tool}.sarif`)) as SarifLog])

const ajv = new Ajv({ strict: false, allErrors: true })
formats.default(ajv)
const validate = ajv.compile(JSON.parse(read("schemas/sarif-2.1.0.json")))

export const flawfinderLog = realLogs.find(([tool]) => tool === "flawfinder")?.[1]

/** What the schema of SARIF 2.1.0 says against a log. */
export function sarifFaults(log: unknown): string[] {
  validate(log)
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 })
const file = fc.constantFrom("src/a.c", "src/b%20c.js", "lib/d.py")
const line = fc.integer({ min: 1, max: 40 })
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const bag = fc.dictionary(fc.constantFrom("a", "index", "artifactLocation"), fc.jsonValue({ maxDepth: 2 }), {
  noNullPrototype: true,
})

const region = fc.record(
  { startLine: line, startColumn: line, snippet: text.map((text) => ({ text })) },
  { requiredKeys: ["startLine"] },
)
const plainLocation = fc.record({ file, region, name: text })
const message = text.map((text) => ({ text }))
const guid = fc.uuid({ version: 4 })

const finding = fc.record({
  rule: fc.nat(5),
  inExtension: fc.boolean(),
  message,
  level: optional(fc.constantFrom("error", "warning", "note", "none")),
  locations: fc.array(plainLocation, { maxLength: 2 }),
  flow: fc.array(plainLocation, { maxLength: 2 }),
  rest: fc.record(
    {
      guid,
      correlationGuid: guid,
      rank: fc.integer({ min: 0, max: 100 }),
      baselineState: fc.constantFrom("new", "unchanged", "updated", "absent"),
      fingerprints: fc.dictionary(fc.constantFrom("a/v1", "b/v2"), text, { noNullPrototype: true }),
      partialFingerprints: fc.dictionary(fc.constantFrom("c/v1", "d/v2"), text, { noNullPrototype: true }),
      suppressions: fc.constant([{ kind: "inSource" }]),
      properties: bag,
    },
    { requiredKeys: [] },
  ),
})

/** Places and rules by index, or written out. */
class Writer {
  readonly artifacts: Loose[] = []
  readonly logicalLocations: Loose[] = []
  readonly threadFlowLocations: Loose[] = []
  readonly #indexed: boolean

  constructor(indexed: boolean) {
    this.#indexed = indexed
  }

  #refer(table: Loose[], value: Loose, wrap = value): Loose {
    if (!this.#indexed) return value
    return { index: table.push(wrap) - 1 }
  }

  location({ file, region, name }: Loose): Loose {
    const place = { uri: file, uriBaseId: "ROOT" }
    const artifactLocation = this.#refer(this.artifacts, place, { location: place })
    const logical = this.#refer(this.logicalLocations, { fullyQualifiedName: name })
    return { physicalLocation: { artifactLocation, region }, logicalLocations: [logical] }
  }

  result({ rule, inExtension, message, level, locations, flow, rest }: Loose): Loose {
    const ruleId = `R${rule}`
    const component = this.#indexed ? { index: 0 } : { name: "pack" }
    const driven = this.#indexed ? { ruleIndex: rule } : { ruleId }
    const extended = this.#indexed
      ? { rule: { index: rule, toolComponent: component } }
      : { ruleId, rule: { id: ruleId, toolComponent: component } }
    const steps = flow.map((step: Loose) => this.#refer(this.threadFlowLocations, { location: this.location(step) }))
    return {
      ...(inExtension ? extended : driven),
      message,
      ...(level && { level }),
      locations: locations.map((one: Loose) => this.location(one)),
      ...(steps.length > 0 && { codeFlows: [{ threadFlows: [{ locations: steps }] }] }),
      ...rest,
    }
  }
}

const rules = [0, 1, 2, 3, 4, 5].map((number) => ({ id: `R${number}`, shortDescription: { text: `Rule ${number}` } }))

/** A random log in two ways: with all places and rules by index, and the results with all of them written out. */
export const logs: fc.Arbitrary<{ log: SarifLog; results: Loose[] }> = fc
  .record({ name: text, findings: fc.array(finding, { maxLength: 6 }) })
  .map(({ name, findings }) => {
    const indexed = new Writer(true)
    const results = findings.map((one) => indexed.result(one))
    const { artifacts, logicalLocations, threadFlowLocations } = indexed
    const tool = { driver: { name, rules }, extensions: [{ name: "pack", rules }] }
    const originalUriBaseIds = { ROOT: { uri: "file:///builds/app/" } }
    const run = { tool, originalUriBaseIds, artifacts, logicalLocations, threadFlowLocations, results }
    const plain = new Writer(false)
    const both = { log: { version: "2.1.0", runs: [run] }, results: findings.map((one) => plain.result(one)) }
    // As it would be read: without the sign of -0.
    return JSON.parse(JSON.stringify(both)) as { log: SarifLog; results: Loose[] }
  })
