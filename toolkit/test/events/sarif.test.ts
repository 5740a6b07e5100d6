import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import path from "node:path"
import fc from "fast-check"
import { createEvent, decode, type Event, encode, type Finding, fromSarif, toSarif } from "ohmq-toolkit/events"
import { describe, expect, it, onTestFinished } from "vitest"
import { flawfinderLog, type Loose, logs, realLogs, sarifFaults } from "./sarif-logs.js"

/** A result without what only points into its run. */
function bare({ ruleIndex: _, rule, ...result }: Loose): Loose {
  if (rule) {
    const { index: _, ...component } = rule.toolComponent
    return { ...result, rule: { id: rule.id, toolComponent: component } }
  }
  return result
}

const resultsOf = (log: Loose) => log.runs.flatMap((run: Loose) => run.results).map(bare)

/** The results of a real log, whose only index besides that of the rule is that of the file. */
const withoutFileIndexes = (results: Loose[]) =>
  JSON.parse(JSON.stringify(results), (key, value) => {
    if (key === "artifactLocation") delete value.index
    return value
  })

const ids = (events: Event[]) => events.map(({ id }) => id)

const logOf = (results: Loose[], run: Loose = {}) => ({
  version: "2.1.0",
  runs: [{ tool: { driver: { name: "T", rules: [{ id: "R" }] } }, results, ...run }],
})

const at = (uri: string, startLine = 1, more: Loose = {}) => ({
  locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine, ...more } } }],
})

describe("fromSarif and toSarif", () => {
  it.each(realLogs)("give back the results and rules of %s", (_, log: Loose) => {
    const events = fromSarif(log).map((event) => decode(encode(event)))
    const back: Loose = toSarif(events)
    expect(sarifFaults(back)).toEqual([])
    expect(resultsOf(back)).toEqual(withoutFileIndexes(resultsOf(log)))
    const used = new Set(resultsOf(log).map(({ ruleId }: Loose) => ruleId))
    const rules = log.runs[0].tool.driver.rules.filter(({ id }: Loose) => used.has(id))
    expect(back.runs[0].tool.driver.rules).toEqual(expect.arrayContaining(rules))
    for (const { ruleId, ruleIndex } of back.runs[0].results) {
      expect(back.runs[0].tool.driver.rules[ruleIndex].id).toBe(ruleId)
    }
  })

  it("give back the results of any log", () => {
    fc.assert(
      fc.property(logs, ({ log, results }) => {
        const events = fromSarif(log, { time: "2026-01-31T12:00:00Z" })
        const back = toSarif(events.map((event) => decode(encode(event))))
        expect(resultsOf(back)).toEqual(results)
        expect(sarifFaults(back)).toEqual([])
        expect(fromSarif(back, { time: "2026-01-31T12:00:00Z" })).toEqual(events)
      }),
      { numRuns: 300 },
    )
  })

  it("give each result of a log its own id, and the same in each run", () => {
    fc.assert(
      fc.property(logs, ({ log }) => {
        const first = ids(fromSarif(log))
        expect(new Set(first).size).toBe(first.length)
        expect(ids(fromSarif(structuredClone(log)))).toEqual(first)
      }),
    )
  })

  it("work with what Biome writes now", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "sarif-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(path.join(folder, "app.js"), "eval(x)\neval(x)\n")
    const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome")
    const { stdout } = spawnSync(process.execPath, [biome, "lint", "--reporter=sarif", folder], {
      encoding: "utf8",
      cwd: folder,
    })
    const log = JSON.parse(stdout)
    const events = fromSarif(log, { root: folder })
    expect(events.map(({ data }) => [data?.rule.id, data?.location?.uri])).toEqual([
      ["lint/security/noGlobalEval", "app.js"],
      ["lint/security/noGlobalEval", "app.js"],
    ])
    expect(resultsOf(toSarif(events))).toEqual(withoutFileIndexes(resultsOf(log)))
  })
})

describe("fromSarif", () => {
  it("says what a finding is", () => {
    const event = fromSarif(flawfinderLog, { time: "2026-01-31T12:00:00Z" }).find(
      ({ data }) => data?.rule.id === "FF1001",
    )
    const { sarif, ...data } = event?.data ?? ({} as Finding)
    expect(sarif?.result).toHaveProperty("fingerprints")
    expect({ ...event, data }).toEqual({
      specversion: "1.0",
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      source: "/sarif/Flawfinder",
      type: "finding.reported",
      time: "2026-01-31T12:00:00Z",
      subject: "src/copy.c",
      data: {
        tool: { name: "Flawfinder", version: "2.0.19", uri: "https://dwheeler.com/flawfinder/" },
        rule: {
          id: "FF1001",
          name: "buffer/strcpy",
          text: "Does not check for buffer overflows when copying to destination [MS-banned] (CWE-120).",
          uri: "https://cwe.mitre.org/data/definitions/120.html",
          cwe: ["CWE-120"],
        },
        level: "error",
        severity: "high",
        message: expect.stringContaining("buffer/strcpy"),
        location: { uri: "src/copy.c", line: 3, column: 30, endColumn: 74 },
      },
    })
  })

  it("gives a finding the same id when lines are added above it, or the folder is elsewhere", () => {
    const place = (root: string, line: number) =>
      fromSarif(logOf([{ ruleId: "R", message: { text: "m" }, ...at(`${root}a.c`, line) }]), { root })
    const [id] = ids(place("/builds/1/", 1))
    expect(ids(place("/builds/2/", 9))).toEqual([id])
    expect(ids(place("file:///builds/3/", 9))).toEqual([id])
    expect(ids(place("", 9))).toEqual([id])
  })

  it("numbers findings that are alike, so that each has an id", () => {
    const results = [1, 2, 3].map((line) => ({ ruleId: "R", message: { text: "m" }, ...at("a.c", line) }))
    const all = ids(fromSarif(logOf(results)))
    expect(new Set(all).size).toBe(3)
    expect(ids(fromSarif(logOf(results.slice(1))))).toEqual(all.slice(0, 2))
  })

  it.each<[string, Loose, Loose]>([
    ["the rule", { ruleId: "A" }, { ruleId: "B" }],
    ["the file", at("a.c"), at("b.c")],
    ["the message", { message: { text: "a" } }, { message: { text: "b" } }],
    ["the code", at("a.c", 1, { snippet: { text: "x()" } }), at("a.c", 1, { snippet: { text: "y()" } })],
    ["a fingerprint", { partialFingerprints: { h: "1" } }, { partialFingerprints: { h: "2" } }],
    ["the correlation", { correlationGuid: "1" }, { correlationGuid: "2" }],
  ])("gives findings different ids if %s differs", (_, one, other) => {
    const result = { ruleId: "R", message: { text: "m" }, ...at("a.c") }
    const [first, second] = [one, other].map((more) => ids(fromSarif(logOf([{ ...result, ...more }])))[0])
    expect(first).not.toBe(second)
  })

  it("goes by fingerprints rather than by code and message", () => {
    const result = (text: string) => ({ ruleId: "R", partialFingerprints: { h: "1" }, message: { text } })
    expect(ids(fromSarif(logOf([result("a")])))).toEqual(ids(fromSarif(logOf([result("b")]))))
  })

  it.each<[Loose, Loose, string, string]>([
    [{ level: "note" }, {}, "note", "low"],
    [{}, {}, "warning", "medium"],
    [{}, { defaultConfiguration: { level: "error" } }, "error", "high"],
    [{ kind: "pass" }, { defaultConfiguration: { level: "error" } }, "none", "info"],
    [{ level: "note" }, { properties: { "security-severity": "9.8" } }, "note", "critical"],
    [{ properties: { "security-severity": "0.1" } }, {}, "warning", "low"],
    [{}, { properties: { "security-severity": "x" } }, "warning", "medium"],
  ])("takes level and severity of the result %j and the rule %j", (result, rule, level, severity) => {
    const run = { tool: { driver: { name: "T", rules: [{ id: "R", ...rule }] } } }
    expect(fromSarif(logOf([{ ruleId: "R/1", message: {}, ...result }], run))[0]?.data).toMatchObject({
      level,
      severity,
    })
  })

  it("puts arguments into messages, and takes weaknesses from tags", () => {
    const rule = {
      id: "R",
      messageStrings: { m: { text: "{0} of {1}, {{0}}" } },
      properties: { tags: ["external/cwe/cwe-079"] },
    }
    const run = { tool: { driver: { name: "T", rules: [rule] } } }
    const [event] = fromSarif(logOf([{ ruleId: "R", message: { id: "m", arguments: ["a", "{0}"] } }], run))
    expect(event?.data).toMatchObject({ message: "a of {0}, {0}", rule: { cwe: ["CWE-79"] } })
  })

  it("takes a log with no results", () => {
    expect(fromSarif({ version: "2.1.0", runs: [] })).toEqual([])
    expect(fromSarif(logOf(null as unknown as Loose[]))).toEqual([])
  })

  it.each<[unknown, string]>([
    [null, "A SARIF log must be an object"],
    [{ version: "2.0.0", runs: [] }, 'The version of the SARIF log must be "2.1.0"; it is "2.0.0"'],
    [{ version: "2.1.0" }, "runs must be an array"],
    [{ version: "2.1.0", runs: [null] }, "runs[0].tool.driver.name must be a string that is not empty"],
    [logOf([{ ruleId: "R" }]), "runs[0].results[0].message must be an object"],
    [logOf(7 as unknown as Loose[]), "runs[0].results must be an array"],
  ])("refuses %j", (log, reason) => {
    expect(() => fromSarif(log)).toThrow(expect.objectContaining({ code: "data-invalid", reason }))
  })

  it("never crashes on a log with a part that is something else", () => {
    fc.assert(
      fc.property(logs, fc.nat(), fc.jsonValue(), ({ log }, place, other) => {
        let count = 0
        const spoilt = JSON.parse(JSON.stringify(log), (_, value) => (count++ === place % 60 ? other : value))
        try {
          toSarif(fromSarif(spoilt))
        } catch (error) {
          expect(error).toHaveProperty("name", "EventError")
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe("toSarif", () => {
  const finding: Finding = {
    tool: { name: "T", version: "1" },
    rule: { id: "R", name: "rule", text: "A rule", uri: "https://example.com/R", cwe: ["CWE-79"] },
    level: "error",
    severity: "high",
    message: "m",
    location: { uri: "a.c", line: 1, column: 2, endLine: 3, endColumn: 4 },
  }
  const event = createEvent({ source: "/t", type: "finding.reported", data: finding })

  it("writes findings that did not come from SARIF", () => {
    const log = toSarif([event])
    expect(sarifFaults(log)).toEqual([])
    const { sarif: _, ...data } = fromSarif(log)[0]?.data ?? ({} as Finding)
    expect(data).toEqual(finding)
  })

  it("leaves out other events, and findings that are malformed", () => {
    const other = createEvent({ source: "/t", type: "scan.finished", data: {} })
    const broken = createEvent({ source: "/t", type: "finding.reported", data: { ...finding, sarif: {} } })
    expect(toSarif([other, broken]).runs).toEqual([])
  })
})
