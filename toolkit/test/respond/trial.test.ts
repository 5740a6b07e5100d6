import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { runRuleTests } from "ohmq-toolkit/respond"
import { describe, expect, it } from "vitest"
import { temporaryFolder } from "../relay/support.js"
import { configWith } from "./support.js"

const config = (rule: string) =>
  configWith(`
actions:
  act: { type: exec, command: [echo, "{ip}"], parameters: { ip: ip } }
rules:
  - { name: all, when: data.on, do: act, with: { ip: data.ip }, ${rule} }
`)

/** The failures of some tests of a rule. */
function failuresOf(rule: string, tests: string): string[] {
  const folder = temporaryFolder()
  writeFileSync(join(folder, "rules.yaml"), config(rule))
  writeFileSync(join(folder, "rules.test.yaml"), `tests:\n${tests}`)
  const { results } = runRuleTests(join(folder, "rules.yaml"))
  expect(readdirSync(folder).toSorted()).toEqual(["rules.test.yaml", "rules.yaml"])
  return results.flatMap(({ failures }) =>
    failures.map(({ line, column, path, message }) => `${line}:${column}: ${path}: ${message}`),
  )
}

/** A test: alerts about an address, so many seconds after the one before, and the decisions. */
const series = (...steps: [after: number, ip: string, decision: string][]) => `
  - name: a series
    given:
${steps.map(([after, ip]) => `      - { from: alerts, after: ${after}s, event: { type: alert.fired, data: { on: true, ip: ${ip} } } }`).join("\n")}
    expect: [${steps.map(([, , decision]) => `{ rule: all, decision: ${decision} }`).join(", ")}]
`

const [a, b, c] = ["198.51.100.1", "198.51.100.2", "198.51.100.3"] as const

describe("Decisions", () => {
  it("take duplicates by a key, until the window is over", () => {
    const rule = "dedupe: { key: data.ip, window: 10m }"
    expect(
      failuresOf(
        rule,
        series(
          [0, a, "run"],
          [0, a, "duplicate"],
          [1, b, "run"],
          [598, a, "duplicate"],
          [1, a, "run"],
          [599, a, "duplicate"],
        ),
      ),
    ).toEqual([])
  })

  it("keep a limit in any period", () => {
    const rule = "limit: { count: 2, per: 1m }"
    expect(
      failuresOf(
        rule,
        series([0, a, "run"], [30, b, "run"], [29, c, "limit"], [1, a, "run"], [29, b, "limit"], [1, c, "run"]),
      ),
    ).toEqual([])
  })

  it("rest after a response", () => {
    expect(failuresOf("cooldown: 10s", series([0, a, "run"], [9, b, "cooldown"], [1, b, "run"]))).toEqual([])
  })

  it("limit each subject, beside the rule", () => {
    const rule = "subject: { key: data.ip, limit: { count: 1, per: 1m }, cooldown: 10s }, limit: { count: 3, per: 1h }"
    expect(
      failuresOf(
        rule,
        series(
          [0, a, "run"],
          [5, a, "subject cooldown"],
          [5, a, "subject limit"],
          [0, b, "run"],
          [50, a, "run"],
          [0, c, "limit"],
        ),
      ),
    ).toEqual([])
  })

  it("do not count what is refused", () => {
    expect(
      failuresOf("limit: { count: 1, per: 1h }", series([0, "127.0.0.1", "refused"], [0, a, "run"], [0, b, "limit"])),
    ).toEqual([])
  })

  it("say what waits for approval, or is only recorded", () => {
    expect(failuresOf("approve: required", series([0, a, "approve"]))).toEqual([])
    expect(failuresOf("approve: required, dryRun: true", series([0, a, "dry-run"]))).toEqual([])
  })
})

describe("ohmq respond test", () => {
  it("says what came instead, and where", () => {
    const given = "given: { from: alerts, event: { type: alert.fired, data: { on: true, ip: 198.51.100.1 } } }"
    const tests = `
  - { name: a, ${given}, expect: [] }
  - { name: b, ${given}, expect: [{ rule: all, decision: approve }] }
  - { name: c, ${given}, expect: [{ rule: all, decision: run, parameters: { ip: 198.51.100.2 } }] }
  - { name: d, given: { from: alerts, event: { type: alert.fired, data: {} } }, expect: [{ rule: all, decision: run }] }
  - { name: e, given: { from: alerts, event: { type: alert.fired, data: { on: true, ip: x } } }, expect: [{ rule: all, decision: run }] }
`
    expect(failuresOf("maxAge: 1h", tests)).toEqual([
      "3:117: tests[0].expect: Expected the decisions none, but they were all: run",
      '4:141: tests[1].expect[0].decision: Expected "approve" but received "run"',
      '5:164: tests[2].expect[0].parameters.ip: Expected "198.51.100.2" but received "198.51.100.1"',
      "6:89: tests[3].expect: Expected the decisions all: run, but they were none",
      expect.stringContaining("6:89: tests[3].expect: The condition of the rule all could not be decided: "),
      '7:130: tests[4].expect[0].decision: Expected "run" but received "refused": ip: Expected an address of IPv4 or IPv6 but received "x"',
    ])
  })

  it("refuses names that are not configured, and a file that is missing", () => {
    const tests = "  - { name: a, given: { from: alert, event: { type: a } }, expect: [{ rule: al, decision: run }] }\n"
    expect(() => failuresOf("maxAge: 1h", tests)).toThrow(
      /rules\.test\.yaml:2:\d+: tests\[0\]\.given\.from: The configuration has no source "alert"\. Did you mean "alerts"\?\n.*: The configuration has no rule "al"\. Did you mean "all"\?/,
    )
    expect(() => runRuleTests("/nowhere/rules.yaml")).toThrow(
      "/nowhere/rules.test.yaml:1:1: There is no such file. It has the tests of /nowhere/rules.yaml",
    )
  })

  it("passes the example in docs/respond.md, and fails as shown there", () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../docs/respond.md"), "utf8")
    const blocks = [...page.matchAll(/^```yaml\n(.+?)^```/gms)].map(([, text]) => text as string)
    const rules = blocks.find((text) => text.startsWith("version: 1")) ?? ""
    const tests = blocks.find((text) => text.startsWith("tests:")) ?? ""
    const shown = /^```text\n(FAIL .+?)^```/ms.exec(page)?.[1] ?? ""
    const folder = temporaryFolder()
    writeFileSync(join(folder, "rules.yaml"), rules)
    const run = (text: string) => {
      writeFileSync(join(folder, "rules.test.yaml"), text)
      return runRuleTests(join(folder, "rules.test.yaml")).results
    }
    expect(run(tests).flatMap(({ failures }) => failures)).toEqual([])
    const [failed] = run(tests.replace("decision: run", "decision: approve"))
    const [{ line, column, path, message } = { line: 0, column: 0, path: "", message: "" }] = failed?.failures ?? []
    expect(shown).toContain(`     rules.test.yaml:${line}:${column}: ${path}: ${message}\n`)
  })
})
