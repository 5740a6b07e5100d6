// CrowdSec, by its plugin http with the format {{.|toJson}}: https://docs.crowdsec.net/docs/notification_plugins/http. A request is a list of
// alerts; each decision of an alert is an event.

import { Buffer } from "node:buffer"
import { createHash } from "node:crypto"
import type { Severity } from "../../../../events/index.js"
import { EventError, eventTypes } from "../../../../events/index.js"
import { type Draft, isName, member, type PresetOf, textAt, timeAt, unexpected, verifyToken } from "./preset.js"

/**
 * Each decision of an alert has the rest of the alert in its event. Of alerts with several decisions, that may be so many bytes in a request: a
 * small body must not become gigabytes.
 */
const maxCopiedBytes = 64 << 20

/** CrowdSec has no severities: this says what it decided. */
const severityOf = (decision: string | undefined): Severity =>
  decision === undefined ? "low" : decision === "ban" ? "high" : "medium"

/**
 * A time in one form. CrowdSec sends what it has read from its database, as for `cscli notifications reinject`, in that of Go's
 * Time.String: 2026-11-30 18:43:34.220845191 +0000 UTC.
 */
function timeIn(alert: unknown, name: string): string | undefined {
  const text = textAt(alert, name)
  const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,9})?) \+0000 UTC$/.exec(text ?? "") ?? []
  return day === undefined ? text : `${day}T${time}Z`
}

/**
 * What is the same when CrowdSec sends a decision again: neither the ids of its database nor the rest of the duration are. A digest, because
 * scenarios and values may have any characters.
 */
function deliveryOf(...parts: (string | undefined)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 40)
}

/** The decisions of an alert that are in effect: in simulation, none is. */
function decisionsOf(alert: unknown): unknown[] {
  const decisions = member(alert, "decisions")
  if (member(alert, "simulated") === true || !Array.isArray(decisions)) return []
  return decisions.filter((decision) => member(decision, "simulated") !== true)
}

function draftOf(alert: object, decision: unknown): Draft | undefined {
  const scenario = textAt(alert, "scenario")
  const startedAt = timeIn(alert, "start_at")
  const machine = textAt(alert, "machine_id")
  const type = textAt(decision, "type")
  const target = decision === undefined ? member(alert, "source") : decision
  const value = textAt(target, "value")
  if (scenario === undefined || startedAt === undefined) return undefined
  if (decision !== undefined && (type === undefined || value === undefined)) return undefined
  // A list that is imported is one alert with thousands of decisions: each event has its own one only.
  const { decisions: _, ...others } = alert as Record<string, unknown>
  const severity = severityOf(type)
  return {
    type: eventTypes.alertFired,
    delivery: deliveryOf(machine, scenario, startedAt, type, textAt(target, "scope"), value),
    source: isName(machine) ? `/crowdsec/${machine}` : undefined,
    // Users and others may have characters that no attribute has. One of them must not keep out what came with it.
    subject: value !== undefined && /^\P{C}{1,1000}$/u.test(value) ? value : undefined,
    time: timeAt({ time: timeIn(alert, "stop_at") }, "time"),
    severity,
    data: {
      ...(decision === undefined ? alert : { ...others, decision }),
      title: scenario,
      rule: scenario,
      severity,
    },
  }
}

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

/** The alerts as their events have them: without what led to several decisions, if that would be too much. Throws if it is too much even so. */
function affordable(alerts: readonly unknown[]): readonly unknown[] {
  let [bytes, least] = [0, 0]
  for (const alert of alerts) {
    const count = decisionsOf(alert).length
    if (count < 2) continue
    const { decisions: _, events = [], ...rest } = alert as Record<string, unknown>
    const own = bytesOf(rest)
    least += count * own
    bytes += count * (own + bytesOf(events))
  }
  if (bytes <= maxCopiedBytes) return alerts
  if (least > maxCopiedBytes)
    throw new EventError(
      "too-large",
      "The alerts have more than 64 MiB if each decision has its alert: send fewer at a time",
    )
  return alerts.map((alert) => {
    if (decisionsOf(alert).length < 2) return alert
    const { events: _, ...rest } = alert as Record<string, unknown>
    return rest
  })
}

function draftsOf(alert: unknown): (Draft | undefined)[] {
  if (typeof alert !== "object" || alert === null) return [undefined]
  const decisions = decisionsOf(alert)
  return decisions.length === 0
    ? [draftOf(alert, undefined)]
    : decisions.map((decision) => draftOf(alert, decision ?? null))
}

export const crowdsec: PresetOf = (config) => ({
  isJson: true,
  // CrowdSec does not sign.
  verify: (request) => verifyToken(request, config),
  read: (_request, body) => {
    if (!Array.isArray(body))
      return unexpected("Expected a list of alerts: set the format of the plugin to {{.|toJson}}")
    const drafts = affordable(body).flatMap(draftsOf)
    const events = drafts.filter((draft) => draft !== undefined)
    if (events.length < drafts.length)
      return unexpected("An alert has no scenario or start_at, or a decision no type or value")
    return { events }
  },
})
