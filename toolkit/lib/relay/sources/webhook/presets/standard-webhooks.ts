// Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

import type { HttpRequest } from "../../../http/paths.js"
import { hasStandardSignature, standardKey } from "../../../http/signatures.js"
import type { Config } from "../options.js"
import { type Denied, denied, headerOf, isName, member, type PresetOf } from "./preset.js"

/** Verifies `webhook-id`, `webhook-timestamp` and `webhook-signature`. */
export function verifyStandard(request: HttpRequest, { secret, window }: Config, now: number): Denied | undefined {
  const keys = secret.map((one) => standardKey(one.reveal())).filter((key) => key !== undefined)
  const id = headerOf(request, "webhook-id")
  const timestamp = headerOf(request, "webhook-timestamp")
  const signature = headerOf(request, "webhook-signature")
  if (id === undefined || timestamp === undefined || signature === undefined)
    return denied("unsigned", "webhook-id, webhook-timestamp or webhook-signature is missing")
  if (!/^\d{1,12}$/.test(timestamp) || !isName(id))
    return denied("headers", "webhook-id or webhook-timestamp is invalid", 400)
  if (!hasStandardSignature(signature, keys, id, timestamp, request.body))
    return denied("signature", "The signature does not match")
  if (Math.abs(now / 1000 - Number(timestamp)) > window / 1000)
    return denied(
      "replay",
      `webhook-timestamp is more than ${window / 1000} s off: the message is old, or a clock is wrong`,
    )
  return undefined
}

export const standardWebhooks: PresetOf = (config) => ({
  isJson: false,
  verify: (request, now) => verifyStandard(request, config, now),
  read: (request, body) => {
    const type = member(body, "type")
    return {
      events: [{ type: isName(type) ? type : config.eventType, delivery: headerOf(request, "webhook-id") }],
    }
  },
})
