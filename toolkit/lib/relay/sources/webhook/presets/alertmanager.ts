// Prometheus' Alertmanager: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. A request is a group of alerts, and
// comes again while they fire; each alert is an event when it fires, and one when it is resolved.

import type { Severity } from "../../../../events/index.js"
import { eventTypes } from "../../../../events/index.js"
import { type Draft, member, type PresetOf, textAt, timeAt, unexpected, verifyToken } from "./preset.js"

/** The values of the label `severity` that are in use. */
const severities: Readonly<Record<string, Severity>> = {
  critical: "critical",
  page: "critical",
  error: "high",
  high: "high",
  warning: "medium",
  medium: "medium",
  low: "low",
  info: "info",
  none: "info",
}

function draftOf(body: unknown, alert: unknown): Draft | undefined {
  const fingerprint = textAt(alert, "fingerprint")
  const status = textAt(alert, "status")
  const startsAt = textAt(alert, "startsAt")
  if (fingerprint === undefined || startsAt === undefined) return undefined
  if (status !== "firing" && status !== "resolved") return undefined
  const name = textAt(alert, "labels", "alertname")
  const severity = severities[textAt(alert, "labels", "severity")?.toLowerCase() ?? ""]
  const message = textAt(alert, "annotations", "summary") ?? textAt(alert, "annotations", "description")
  return {
    type: status === "firing" ? eventTypes.alertFired : eventTypes.alertResolved,
    delivery: `${fingerprint}/${startsAt}/${status}`,
    source: textAt(body, "externalURL"),
    subject: name ?? fingerprint,
    time: timeAt(alert, status === "firing" ? "startsAt" : "endsAt"),
    severity,
    data: {
      ...(alert as Record<string, unknown>),
      ...(name !== undefined && { title: name, rule: name }),
      ...(message !== undefined && { message }),
      ...(severity !== undefined && { severity }),
      group: {
        key: member(body, "groupKey") ?? null,
        labels: member(body, "groupLabels") ?? {},
        commonLabels: member(body, "commonLabels") ?? {},
        commonAnnotations: member(body, "commonAnnotations") ?? {},
        receiver: member(body, "receiver") ?? null,
      },
    },
  }
}

export const alertmanager: PresetOf = (config) => ({
  isJson: true,
  // Alertmanager does not sign.
  verify: (request) => verifyToken(request, config),
  read: (_request, body) => {
    if (textAt(body, "version") !== "4") return unexpected('Expected version "4" of Alertmanager\'s data')
    const alerts = member(body, "alerts")
    if (!Array.isArray(alerts)) return unexpected("The body has no alerts")
    const events = alerts.map((alert) => draftOf(body, alert)).filter((draft) => draft !== undefined)
    if (events.length < alerts.length) return unexpected("An alert has no fingerprint, startsAt or known status")
    const omitted = member(body, "truncatedAlerts")
    return { events, ...(typeof omitted === "number" && omitted > 0 && { omitted }) }
  },
})
