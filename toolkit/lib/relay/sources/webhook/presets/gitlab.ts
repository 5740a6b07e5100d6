// GitLab: https://docs.gitlab.com/user/project/integrations/webhooks/#delivery-headers. The secret token comes in clear; the signing token,
// which replaces it, signs by Standard Webhooks.

import type { Severity } from "../../../../events/index.js"
import { denied, headerOf, isName, isSecret, isSeverity, type PresetOf, textAt, timeAt } from "./preset.js"
import { verifyStandard } from "./standard-webhooks.js"

const severities: Readonly<Record<string, Severity>> = { failed: "medium", canceled: "low", success: "info" }

/** Where the subject of an event is, by its `object_kind`. */
const subjects: Readonly<Record<string, readonly string[]>> = {
  build: ["build_id"],
  deployment: ["deployment_id"],
  issue: ["object_attributes", "iid"],
  merge_request: ["object_attributes", "iid"],
  note: ["object_attributes", "id"],
  pipeline: ["object_attributes", "id"],
  push: ["ref"],
  release: ["tag"],
  tag_push: ["ref"],
  vulnerability: ["object_attributes", "title"],
}

/** `Merge Request Hook` and `System Hook` name a kind that is in the body, too; older ones have it in the header only. */
function kindOf(header: string, body: unknown): string {
  const kind = textAt(body, "object_kind") ?? textAt(body, "event_name")
  return (
    kind ??
    header
      .replace(/ Hook$/, "")
      .toLowerCase()
      .replaceAll(" ", "_")
  )
}

export const gitlab: PresetOf = (config) => ({
  isJson: true,
  verify: (request, now) => {
    if (headerOf(request, "webhook-signature") !== undefined) return verifyStandard(request, config, now)
    const token = headerOf(request, "x-gitlab-token")
    if (token === undefined)
      return denied("unsigned", "webhook-signature and X-Gitlab-Token are missing: set the signing token of the hook")
    return isSecret(token, config) ? undefined : denied("signature", "The secret token does not match")
  },
  read: (request, body) => {
    const kind = kindOf(headerOf(request, "x-gitlab-event") ?? "", body)
    if (!isName(kind)) return denied("headers", "X-Gitlab-Event is missing", 400)
    // GitLab before 17.4 has neither, so that its retries are new events.
    const delivery = headerOf(request, "webhook-id") ?? headerOf(request, "idempotency-key")
    const place = Object.hasOwn(subjects, kind) ? subjects[kind] : undefined
    const status = textAt(body, "object_attributes", "status") ?? textAt(body, "build_status")
    const level = kind === "vulnerability" ? textAt(body, "object_attributes", "severity")?.toLowerCase() : undefined
    return {
      events: [
        {
          type: `com.gitlab.${kind}`,
          delivery: isName(delivery) ? delivery : undefined,
          source: textAt(body, "project", "web_url") ?? headerOf(request, "x-gitlab-instance"),
          subject: place && textAt(body, ...place),
          severity: isSeverity(level) ? level : severities[status ?? ""],
          time: timeAt(body, "object_attributes", "updated_at"),
        },
      ],
    }
  },
})
