// Findings as events, of which `toSarif` makes a log for scanners' pipelines.

import { createEvent, type Event, eventTypes, type Finding } from "../events/index.js"
import type { LintFinding } from "./place.js"
import { rules } from "./rules.js"

/** What the tool calls itself. */
const tool = "ohmq lint"

/** Findings as `finding.reported` events. */
export function findingEvents(findings: readonly LintFinding[], version: string): Event<Finding>[] {
  return findings.map(({ file, line, column, rule, level, message, advice }) => {
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
}
