// Jenkins has no webhooks of its own. Two plugins send JSON: Notification (https://plugins.jenkins.io/notification/) and Outbound WebHook
// (https://plugins.jenkins.io/outbound-webhook/). Neither signs; a password in the URL becomes basic authentication.

import type { Severity } from "../../../../events/index.js"
import { eventTypes } from "../../../../events/index.js"
import { type Draft, member, type PresetOf, textAt, timeAt, unexpected, verifyToken } from "./preset.js"

const severities: Readonly<Record<string, Severity>> = {
  success: "info",
  aborted: "low",
  not_built: "low",
  unstable: "low",
  failure: "medium",
}

/** A build goes through QUEUED, STARTED, COMPLETED and FINALIZED. Those without a design type keep their own. */
const phases: Readonly<Record<string, string>> = {
  QUEUED: "com.jenkins.build.queued",
  STARTED: eventTypes.stageStarted,
  COMPLETED: "com.jenkins.build.completed",
  FINALIZED: eventTypes.stageFinished,
}

function ofNotification(body: unknown): Draft | undefined {
  const phase = textAt(body, "build", "phase")
  const type = phase !== undefined && Object.hasOwn(phases, phase) ? phases[phase] : undefined
  if (type === undefined) return undefined
  const url = textAt(body, "build", "full_url")
  const timestamp = textAt(body, "build", "timestamp")
  // The status of a build that goes on is that of the one before.
  const isOver = phase === "COMPLETED" || phase === "FINALIZED"
  return {
    type,
    // The plugin tries again if it is told to. Numbers of builds can come again, times do not.
    delivery: url && timestamp && `${url}${phase}/${timestamp}`,
    source: url,
    subject: textAt(body, "name"),
    severity: isOver ? severities[textAt(body, "build", "status")?.toLowerCase() ?? ""] : undefined,
    time: timeAt(body, "build", "timestamp"),
  }
}

function ofOutboundWebhook(body: unknown): Draft | undefined {
  const event = textAt(body, "event")
  if (event === undefined || !["start", "success", "failure", "unstable"].includes(event)) return undefined
  return {
    type: event === "start" ? eventTypes.stageStarted : eventTypes.stageFinished,
    source: textAt(body, "buildUrl"),
    subject: textAt(body, "projectName"),
    severity: severities[event],
  }
}

export const jenkins: PresetOf = (config) => ({
  isJson: true,
  verify: (request) => verifyToken(request, config),
  read: (_request, body) => {
    const draft = member(body, "build") === undefined ? ofOutboundWebhook(body) : ofNotification(body)
    return draft
      ? { events: [draft] }
      : unexpected("Expected what the plugin Notification or Outbound WebHook sends: build.phase, or event")
  },
})
