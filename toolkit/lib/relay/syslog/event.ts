// A message of syslog as an event.

import { createEvent, encode } from "../../events/index.js"
import type { Incoming } from "../components.js"
import { traceContext } from "../observation/tracing.js"
import { type SyslogMessage, severityOf } from "./message.js"

const limits = { bytes: Number.POSITIVE_INFINITY }

/** @param prefix What the source of the event begins with; the host follows. */
export function syslogEvent(message: SyslogMessage, prefix: string, type: string): Incoming {
  const { time, host, app, process, id, data, text, facility, level, format } = message
  const trace = Object.values(data ?? {})
    .map((fields) => traceContext(fields.traceparent, fields.tracestate))
    .find((context) => context !== undefined)
  const fields = { message: text, facility, level, host, app, process, id, structured: data, format }
  const event = createEvent(
    {
      source: host === undefined ? prefix : `${prefix}/${encodeURIComponent(host)}`,
      type,
      ...(app !== undefined && { subject: app }),
      ...(time !== undefined && { time }),
      ...trace,
      severity: severityOf(level),
      data: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    },
    limits,
  )
  return { event, frames: encode(event, limits) }
}
