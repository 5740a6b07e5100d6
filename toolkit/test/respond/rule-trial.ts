// What rules make of values, by the tests of rules: nothing is run.

import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { runRuleTests } from "ohmq-toolkit/respond"
import { temporaryFolder } from "../relay/support.js"

/** What is made of a value: "run" with the value that the program would get, or why nothing is done. */
export interface Made {
  decision: string
  value?: unknown
  detail?: string
}

/** A value, and what is expected of it: the value that arguments get, or the reason of the refusal. */
export type Case = [value: unknown, expected: { value: string | number } | { refused: string }]

/**
 * What is not as expected of values of a parameter.
 *
 * @param type The parameter, as YAML of one line.
 */
export function failuresOf(
  type: string,
  cases: readonly Case[],
  { protect = "[]", command = '[echo, "{value}"]', folder = temporaryFolder() } = {},
): string[] {
  writeFileSync(
    join(folder, "rules.yaml"),
    `version: 1
store: { path: ./data }
audit: { path: ./audit }
http: { listen: "127.0.0.1:0" }
protect: ${protect}
sources:
  alerts: { type: webhook, preset: token, path: /alerts, secret: env:ALERT_TOKEN }
actions:
  act: { type: exec, command: ${command}, parameters: { value: ${type}, other: text } }
rules:
  - { name: all, when: "true", do: act, with: { value: data.value, other: "'OTHER'" } }
`,
  )
  const tests = cases.map(([value, expected], index) => ({
    name: `${index}: ${JSON.stringify(value)}`,
    given: { from: "alerts", event: { type: "alert.fired", data: { value } } },
    expect: [
      "value" in expected
        ? { rule: "all", decision: "run", parameters: { value: expected.value } }
        : { rule: "all", decision: "refused", detail: expected.refused },
    ],
  }))
  writeFileSync(join(folder, "rules.test.yaml"), JSON.stringify({ tests }))
  return runRuleTests(join(folder, "rules.yaml")).results.flatMap(({ name, failures }) =>
    failures.map(({ path, message }) => `${name}: ${path}: ${message}`),
  )
}
