// Findings as a SARIF log, for scanners' pipelines.

import { createEvent, eventTypes, type Finding, type SarifLog, toSarif } from "../events/index.js"
import type { LintFinding } from "./place.js"
import { rules } from "./rules.js"

/** What the tool calls itself. */
const tool = "ohmq lint"

/** Findings as a SARIF 2.1.0 log. Without findings it has a run, too, which says that those of before are gone. */
export function sarifLog(findings: readonly LintFinding[], version: string): SarifLog {
  const events = findings.map(({ file, line, column, rule, level, message, advice }) => {
    const uri = encodeURI(file.replaceAll("\\", "/"))
    return createEvent<Finding>({
      // The same finding has the same id in each run, as long as its place does not change.
      id: `${rule}:${uri}:${line}:${column}`,
      source: "/ohmq/lint",
      type: eventTypes.findingReported,
      data: {
        tool: { name: tool, version },
        rule: { id: rule, text: rules[rule].title },
        level,
        severity: level === "error" ? "high" : "medium",
        message: `${message}. ${advice}`,
        location: { uri, line, column },
      },
    })
  })
  const log = toSarif(events)
  return findings.length > 0 ? log : { ...log, runs: [{ tool: { driver: { name: tool, version } }, results: [] }] }
}
