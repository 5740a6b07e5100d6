// Checkmarx One: https://docs.checkmarx.com/en/34965-378162-tenant-level-webhooks.html. The signature is Base64 in Checkmarx' own example;
// hex is taken, too.

import type { Severity } from "../../../../events/index.js"
import { eventTypes } from "../../../../events/index.js"
import { denied, headerOf, isName, type PresetOf, textAt, unexpected, verifyHmac } from "./preset.js"

const severities: Readonly<Record<string, Severity>> = {
  scan_completed_successfully: "info",
  scan_partial: "low",
  scan_failed: "medium",
}

export const checkmarx: PresetOf = (config) => ({
  isJson: true,
  verify: (request) =>
    verifyHmac(request, config, {
      header: "X-Cx-Webhook-Signature",
      prefix: "sha256=",
      encodings: ["base64", "hex"],
    }),
  read: (request, body) => {
    const event = headerOf(request, "x-cx-webhook-event")
    if (!isName(event)) return denied("headers", "X-Cx-Webhook-Event is missing", 400)
    const isScan = event.startsWith("scan_")
    const scan = textAt(body, "scanId")
    if (isScan && !isName(scan)) return unexpected("The body has no scanId")
    return {
      events: [
        {
          type: isScan ? eventTypes.scanFinished : `com.checkmarx.${event}`,
          delivery: isScan ? `${scan}/${event}` : undefined,
          source: textAt(body, "repoURL"),
          subject: textAt(body, "projectName") ?? textAt(body, "projectId") ?? textAt(body, "ID"),
          severity: severities[event],
        },
      ],
    }
  },
})
