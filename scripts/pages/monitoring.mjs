// The generated part of toolkit/docs/monitoring.md: the alert rules.

import { readFileSync } from "node:fs"
import { parse } from "yaml"

import { inProject } from "../lib/project.mjs"

const row = ({ alert, expr, for: wait = "", labels }) =>
  `| \`${alert}\` | ${labels.severity} | \`${expr.replaceAll("|", "\\|")}\` | ${wait} |`

/** The table of the rules, by the name of its place in the page. */
export function alertsTable() {
  const { groups } = parse(readFileSync(inProject("toolkit/dashboards/alerts.yaml"), "utf8"))
  const rows = groups.flatMap(({ rules }) => rules.map(row))
  return { alerts: ["| alert | severity | condition | for |", "|---|---|---|---|", ...rows].join("\n") }
}
