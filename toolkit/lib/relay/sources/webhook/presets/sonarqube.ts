// SonarQube: https://docs.sonarsource.com/sonarqube-server/project-administration/webhooks/. It calls when an analysis is done, and when the
// status of a quality gate changes without one. It has no identifier of a delivery, and does not try again.

import type { Severity } from "../../../../events/index.js"
import { eventTypes } from "../../../../events/index.js"
import { type PresetOf, textAt, timeAt, unexpected, verifyHmac } from "./preset.js"

const severities: Readonly<Record<string, Severity>> = { ERROR: "high", WARN: "medium", OK: "info", FAILED: "medium" }

export const sonarqube: PresetOf = (config) => ({
  isJson: true,
  verify: (request) =>
    verifyHmac(request, config, { header: "X-Sonar-Webhook-HMAC-SHA256", prefix: "", encodings: ["hex"] }),
  read: (_request, body) => {
    const project = textAt(body, "project", "key")
    if (project === undefined) return unexpected("The body has no project.key")
    const gate = textAt(body, "qualityGate", "status")
    return {
      events: [
        {
          // An analysis that failed has no quality gate.
          type: gate === undefined ? eventTypes.scanFinished : eventTypes.gateDecided,
          source: textAt(body, "project", "url") ?? textAt(body, "serverUrl"),
          subject: project,
          severity: severities[gate ?? textAt(body, "status") ?? ""],
          time: timeAt(body, "changedAt") ?? timeAt(body, "analysedAt"),
        },
      ],
    }
  },
})
