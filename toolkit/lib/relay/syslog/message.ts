// Messages of syslog: RFC 5424, and the older format that RFC 3164 describes.

import type { Severity } from "../../events/index.js"

/** RFC 5424, section 6.2.1, table 1. */
export const facilities = [
  "kern",
  "user",
  "mail",
  "daemon",
  "auth",
  "syslog",
  "lpr",
  "news",
  "uucp",
  "cron",
  "authpriv",
  "ftp",
  "ntp",
  "audit",
  "alert",
  "clock",
  "local0",
  "local1",
  "local2",
  "local3",
  "local4",
  "local5",
  "local6",
  "local7",
] as const
export type Facility = (typeof facilities)[number]

/** RFC 5424, section 6.2.1, table 2. */
export const levels = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] as const
export type SyslogLevel = (typeof levels)[number]

const ofSeverity: Readonly<Record<Severity, SyslogLevel>> = {
  critical: "crit",
  high: "err",
  medium: "warning",
  low: "notice",
  info: "info",
}

/** The level of an event with a severity. `info` if it has none that is known. */
export const levelOf = (severity: unknown): SyslogLevel =>
  typeof severity === "string" && Object.hasOwn(ofSeverity, severity) ? ofSeverity[severity as Severity] : "info"

/** The severity of a message with a level. */
export function severityOf(level: SyslogLevel): Severity {
  if (level === "emerg" || level === "alert" || level === "crit") return "critical"
  if (level === "err") return "high"
  if (level === "warning") return "medium"
  return level === "notice" ? "low" : "info"
}

/** Elements of structured data, by their id. */
export type StructuredData = Readonly<Record<string, Readonly<Record<string, string>>>>

/** A message. */
export interface SyslogMessage {
  facility: Facility
  level: SyslogLevel
  /** As RFC 3339 says. */
  time?: string | undefined
  host?: string | undefined
  app?: string | undefined
  process?: string | undefined
  id?: string | undefined
  data?: StructuredData | undefined
  text: string
  format: "rfc5424" | "rfc3164"
}
