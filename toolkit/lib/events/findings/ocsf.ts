// Findings and alerts for SIEMs, as OCSF has them: https://schema.ocsf.io/1.8.0/classes/vulnerability_finding and .../detection_finding.

import { type Event, eventTypes } from "../event.js"
import type { Finding } from "./finding.js"
import { isObject, type Json, objectIn, textIn } from "./sarif.js"
import { isFinding } from "./to-sarif.js"

/** The version of OCSF that {@link toOcsf} writes. */
export const ocsfVersion = "1.8.0"

/** An event of OCSF. */
export type OcsfEvent = Readonly<Record<string, unknown>>

const severities: Readonly<Record<string, readonly [number, string]>> = {
  info: [1, "Informational"],
  informational: [1, "Informational"],
  none: [1, "Informational"],
  low: [2, "Low"],
  minor: [2, "Low"],
  medium: [3, "Medium"],
  moderate: [3, "Medium"],
  warning: [3, "Medium"],
  high: [4, "High"],
  major: [4, "High"],
  error: [4, "High"],
  critical: [5, "Critical"],
  fatal: [6, "Fatal"],
}

/** OCSF's severity. What it has no name for is Other, with the name as it is. */
function severityIn(name: string | undefined): Json {
  if (name === undefined) return { severity_id: 0, severity: "Unknown" }
  const key = name.toLowerCase()
  const [severity_id, severity] = (Object.hasOwn(severities, key) && severities[key]) || [99, name]
  return { severity_id, severity }
}

const classes = { vulnerability: [2002, "Vulnerability Finding"], detection: [2004, "Detection Finding"] } as const
const activities = { create: [1, "Create"], update: [2, "Update"], close: [3, "Close"] } as const
const statuses = { new: [1, "New"], suppressed: [3, "Suppressed"], resolved: [4, "Resolved"] } as const

/** What tells an event of OCSF from others: https://schema.ocsf.io/1.8.0/base_event */
function classification(
  kind: keyof typeof classes,
  activity: keyof typeof activities,
  status: keyof typeof statuses,
): Json {
  const [class_uid, class_name] = classes[kind]
  const [activity_id, activity_name] = activities[activity]
  const [status_id, statusName] = statuses[status]
  return {
    category_uid: 2,
    category_name: "Findings",
    class_uid,
    class_name,
    activity_id,
    activity_name,
    type_uid: class_uid * 100 + activity_id,
    type_name: `${class_name}: ${activity_name}`,
    status_id,
    status: statusName,
  }
}

/** Times are milliseconds since 1970. A leap second, which Date does not know, is the second after it. */
function timeOf(event: Event): number {
  const time = Date.parse((event.time ?? "").replace(/:60/, ":59"))
  return Number.isNaN(time) ? Date.now() : time
}

const metadata = (event: Event, product: Json): Json => ({
  version: ocsfVersion,
  product,
  uid: event.id,
  event_code: event.type,
  log_provider: event.source,
  ...(event.time && { original_time: event.time }),
})

/** The URL of a weakness: https://cwe.mitre.org */
const weakness = (id: string): Json => ({
  uid: id,
  src_url: `https://cwe.mitre.org/data/definitions/${id.slice("CWE-".length)}.html`,
})

function affectedCode({ location, rule }: Finding): Json | undefined {
  if (!location) return undefined
  const { uri, line, column, endLine, endColumn } = location
  return {
    file: { name: uri.slice(uri.lastIndexOf("/") + 1) || uri, path: uri, type_id: 1, type: "Regular File" },
    ...(rule.id && { rule: { uid: rule.id, ...(rule.name && { name: rule.name }) } }),
    ...(line && { start_line: line, end_line: endLine ?? line }),
    ...(column && { start_column: column }),
    ...(endColumn && { end_column: endColumn }),
  }
}

/** OCSF wants exactly one of an advisory, a CVE and a CWE in each vulnerability. */
function vulnerabilities(finding: Finding): Json[] {
  const { rule } = finding
  const code = affectedCode(finding)
  const common = {
    title: rule.text ?? rule.name ?? rule.id,
    desc: finding.message,
    severity: String(severityIn(finding.severity).severity),
    ...(rule.uri && { references: [rule.uri] }),
    ...(code && { affected_code: [code] }),
  }
  if (rule.cve) {
    const related = rule.cwe?.map(weakness)
    return [{ ...common, cve: { uid: rule.cve, ...(related && { related_cwes: related }) } }]
  }
  return (rule.cwe ?? []).map((id) => ({ ...common, cwe: weakness(id) }))
}

function ofFinding(event: Event, finding: Finding): OcsfEvent {
  const { rule, tool, location } = finding
  const found = vulnerabilities(finding)
  const isGone = finding.baseline === "absent"
  const isKnown = finding.baseline === "unchanged" || finding.baseline === "updated"
  const status = isGone ? "resolved" : finding.suppressed ? "suppressed" : "new"
  return {
    ...classification(
      found.length > 0 ? "vulnerability" : "detection",
      isGone ? "close" : isKnown ? "update" : "create",
      status,
    ),
    ...severityIn(finding.severity),
    time: timeOf(event),
    message: finding.message,
    metadata: metadata(event, { name: tool.name, ...(tool.version && { version: tool.version }) }),
    finding_info: {
      uid: event.id,
      title: rule.text ?? rule.name ?? (rule.id || finding.message),
      desc: finding.message,
      ...(rule.id && { analytic: { uid: rule.id, name: rule.name ?? rule.id, type_id: 1, type: "Rule" } }),
      ...(rule.uri && { src_url: rule.uri }),
    },
    ...(found.length > 0 && { vulnerabilities: found }),
    ...(location && { resources: [{ name: location.uri, type: "File", role_id: 3, role: "Affected" }] }),
  }
}

function ofAlert(event: Event): OcsfEvent {
  const data = isObject(event.data) ? event.data : {}
  const isOver = event.type === eventTypes.alertResolved
  const title = textIn(data, "title") ?? textIn(data, "name") ?? event.subject ?? event.type
  const message = textIn(data, "message") ?? title
  const rule = textIn(objectIn(data, "rule"), "id") ?? textIn(data, "rule")
  return {
    ...classification("detection", isOver ? "close" : "create", isOver ? "resolved" : "new"),
    ...severityIn(textIn(data, "severity")),
    time: timeOf(event),
    message,
    is_alert: !isOver,
    metadata: metadata(event, { name: textIn(objectIn(data, "tool"), "name") ?? event.source }),
    finding_info: {
      uid: textIn(data, "fingerprint") ?? event.id,
      title,
      desc: message,
      ...(rule && { analytic: { uid: rule, name: rule, type_id: 1, type: "Rule" } }),
    },
    ...(event.subject && { resources: [{ name: event.subject }] }),
  }
}

/**
 * A finding or alert as an event of OCSF 1.8.0, or undefined for other events. A `finding.reported` is a Vulnerability Finding if its rule has a CWE or CVE,
 * else a Detection Finding; `alert.fired` and `alert.resolved` are Detection Findings. Of an alert's data, `title`, `message`,
 * `severity`, `rule`, `tool.name` and `fingerprint` are used, if they are there.
 */
export function toOcsf(event: Event): OcsfEvent | undefined {
  if (event.type === eventTypes.alertFired || event.type === eventTypes.alertResolved) return ofAlert(event)
  return event.type === eventTypes.findingReported && isFinding(event.data) ? ofFinding(event, event.data) : undefined
}
