// An event as a document of the Elastic Common Schema: https://www.elastic.co/docs/reference/ecs. The index templates in templates/ have its
// fields.

import { Buffer } from "node:buffer"
import { type Event, type Finding, isFinding } from "../../../events/index.js"
import type { Outgoing } from "../../components.js"
import { storedEvent } from "../../formats/stored-event.js"
import { messageId } from "../../http/signatures.js"

export const ecsVersion = "8.17.0"

/** `event.severity` is a number: as Elastic's own rules have it. */
const severities: Readonly<Record<string, number>> = { critical: 99, high: 73, medium: 47, low: 21, info: 1 }

const textIn = (value: unknown, name: string): string | undefined => {
  const found = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined
  return typeof found === "string" && found !== "" ? found : undefined
}

const kindOf = (type: string): string => {
  if (type.startsWith("alert.") || type === "finding.reported") return "alert"
  return type === "metric.sampled" ? "metric" : "event"
}

function ofFinding({ rule, location, severity }: Finding): Record<string, unknown> {
  return {
    rule: {
      id: rule.id,
      ...(rule.name !== undefined && { name: rule.name }),
      ...(rule.text !== undefined && { description: rule.text }),
      ...(rule.uri !== undefined && { reference: rule.uri }),
    },
    vulnerability: { severity, ...(rule.cve !== undefined && { id: rule.cve }) },
    ...(location && { file: { path: location.uri } }),
  }
}

/** The members of an event that have a place of their own in a document. */
const placed = new Set(["specversion", "data", "id", "source", "type", "time", "traceparent"])

/** The trace and span of a `traceparent`: https://www.w3.org/TR/trace-context/#traceparent-header-field-values */
function traceOf({ traceparent }: Event): Record<string, unknown> {
  const [, trace, span] = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(traceparent ?? "") ?? []
  return trace === undefined ? {} : { trace: { id: trace }, span: { id: span } }
}

/** @param received When the relay received the event, in milliseconds since 1970. */
export function documentOf(event: Event, received: number): Record<string, unknown> {
  const { id, source, type, time, data } = event
  const severity = textIn(event, "severity") ?? textIn(data, "severity")
  const number = severities[severity ?? ""]
  const message = textIn(data, "message") ?? textIn(data, "title") ?? (typeof data === "string" ? data : undefined)
  const attributes = Object.entries(event).filter(([name]) => !placed.has(name))
  return {
    "@timestamp": time ?? new Date(received).toISOString(),
    ecs: { version: ecsVersion },
    ...(message !== undefined && { message }),
    event: {
      id,
      provider: source,
      action: type,
      kind: kindOf(type),
      module: "ohmq",
      ingested: new Date(received).toISOString(),
      ...(number !== undefined && { severity: number }),
    },
    ...traceOf(event),
    ...(type === "finding.reported" && isFinding(data) && ofFinding(data)),
    cloudevents: {
      ...Object.fromEntries(attributes),
      ...(severity !== undefined && { severity }),
      ...dataOf(data),
    },
  }
}

/** A field has one type. So objects have one field, and everything else another. */
function dataOf(data: unknown): Record<string, unknown> {
  if (data === undefined) return {}
  if (data instanceof Uint8Array) return { data_base64: Buffer.from(data).toString("base64") }
  if (typeof data === "object" && data !== null && !Array.isArray(data)) return { data }
  return { data_text: typeof data === "string" ? data : JSON.stringify(data) }
}

/**
 * The lines of an event in a bulk request. Two events with one source and id are duplicates, so both make the `_id`: with the id alone, an
 * event of another source could be taken for one that is there.
 */
export function bulkLines(outgoing: Outgoing): Buffer {
  const { frames, sender, time } = outgoing
  const event = storedEvent(frames)
  const known = sender === undefined ? event : { ...event, ohmqsender: sender }
  const action = JSON.stringify({ create: { _id: messageId(event.source, event.id) } })
  return Buffer.from(`${action}\n${JSON.stringify(documentOf(known, time))}\n`)
}
