// GitHub: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries and
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers.

import type { Severity } from "../../../../events/index.js"
import { denied, headerOf, isName, member, type PresetOf, textAt, timeAt, verifyHmac } from "./preset.js"

/**
 * Where the subject of an event is, as the adapter of CloudEvents says:
 * https://github.com/cloudevents/spec/blob/main/cloudevents/adapters/github.md. Alerts, which it does not have, have their number.
 */
const subjects: Readonly<Record<string, readonly string[]>> = {
  check_run: ["check_run", "id"],
  check_suite: ["check_suite", "id"],
  code_scanning_alert: ["alert", "number"],
  commit_comment: ["comment", "id"],
  create: ["ref"],
  delete: ["ref"],
  dependabot_alert: ["alert", "number"],
  deployment: ["deployment", "id"],
  deployment_status: ["deployment_status", "id"],
  fork: ["forkee", "full_name"],
  issue_comment: ["comment", "id"],
  issues: ["issue", "number"],
  pull_request: ["pull_request", "number"],
  pull_request_review: ["review", "id"],
  pull_request_review_comment: ["comment", "id"],
  push: ["ref"],
  release: ["release", "id"],
  secret_scanning_alert: ["alert", "number"],
  status: ["sha"],
  workflow_job: ["workflow_job", "id"],
  workflow_run: ["workflow_run", "id"],
}

const severities: Readonly<Record<string, Severity>> = {
  critical: "critical",
  high: "high",
  medium: "medium",
  moderate: "medium",
  low: "low",
  error: "high",
  warning: "medium",
  note: "low",
}

/** What the alerts of code scanning, Dependabot and secret scanning say. */
function severityOf(event: string, body: unknown): Severity | undefined {
  if (event === "secret_scanning_alert") return "high"
  const text =
    textAt(body, "alert", "rule", "security_severity_level") ??
    textAt(body, "alert", "rule", "severity") ??
    textAt(body, "alert", "security_advisory", "severity")
  return text === undefined ? undefined : severities[text]
}

/** A redelivery has the same GUID. */
export const github: PresetOf = (config) => ({
  isJson: true,
  verify: (request) =>
    verifyHmac(request, config, { header: "X-Hub-Signature-256", prefix: "sha256=", encodings: ["hex"] }),
  read: (request, body) => {
    const event = headerOf(request, "x-github-event")
    const delivery = headerOf(request, "x-github-delivery")
    if (!isName(event) || !isName(delivery))
      return denied("headers", "X-GitHub-Event or X-GitHub-Delivery is missing", 400)
    const place = Object.hasOwn(subjects, event) ? subjects[event] : undefined
    return {
      events: [
        {
          type: `com.github.${event}`,
          delivery,
          source: textAt(member(body, "repository") ?? member(body, "organization"), "html_url"),
          subject: place && textAt(body, ...place),
          severity: severityOf(event, body),
          time: timeAt(body, "alert", "updated_at"),
        },
      ],
    }
  },
})
