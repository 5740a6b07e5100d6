// Who sends webhooks, how they sign, and what their events are called.

import type { HttpRequest } from "../http.js"
import { hasHmac, hasStandardSignature, standardKey } from "../signatures.js"
import { type Config, text } from "./webhook-options.js"

/** What a request turned out to be. */
export interface Verified {
  /** The type of the event. `body` is the JSON of the body, if it is JSON. */
  typeOf(body: unknown): string
  /** The source of the event, if the body names one. */
  sourceOf(body: unknown): string | undefined
  /** Identifies the delivery; a redelivery has the same. */
  delivery: string | undefined
}

/** A reason to refuse a request. */
export interface Denied {
  status: 400 | 401
  reason: string
  message: string
}

/** Verifies a request by its headers and its raw body. */
export type Verify = (request: HttpRequest, now: number) => Verified | Denied

const denied = (reason: string, message: string, status: 400 | 401 = 401): Denied => ({ status, reason, message })

const member = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined

const isName = (value: unknown): value is string => typeof value === "string" && /^[\w.:/-]{1,200}$/.test(value)

/**
 * GitHub: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries and
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers. A redelivery has the same GUID.
 */
function github({ secret }: Config): Verify {
  const secrets = secret.map((one) => one.reveal())
  return ({ headers, body }) => {
    const signature = text(headers["x-hub-signature-256"])
    if (!signature?.startsWith("sha256="))
      return denied("unsigned", "X-Hub-Signature-256 is missing: set the secret of the hook")
    if (!hasHmac(body, signature.slice(7), "hex", secrets)) return denied("signature", "The signature does not match")
    const event = text(headers["x-github-event"])
    const delivery = text(headers["x-github-delivery"])
    if (!isName(event) || !isName(delivery))
      return denied("headers", "X-GitHub-Event or X-GitHub-Delivery is missing", 400)
    return {
      delivery,
      typeOf: () => `com.github.${event}`,
      sourceOf: (value) => {
        const url = member(member(value, "repository") ?? member(value, "organization"), "html_url")
        return typeof url === "string" ? url : undefined
      },
    }
  }
}

/** Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function standardWebhooks({ secret, window, eventType }: Config): Verify {
  const keys = secret.map((one) => standardKey(one.reveal())).filter((key) => key !== undefined)
  return ({ headers, body }, now) => {
    const id = text(headers["webhook-id"])
    const timestamp = text(headers["webhook-timestamp"])
    const signature = text(headers["webhook-signature"])
    if (id === undefined || timestamp === undefined || signature === undefined)
      return denied("unsigned", "webhook-id, webhook-timestamp or webhook-signature is missing")
    if (!/^\d{1,12}$/.test(timestamp) || !isName(id))
      return denied("headers", "webhook-id or webhook-timestamp is invalid", 400)
    if (!hasStandardSignature(signature, keys, id, timestamp, body))
      return denied("signature", "The signature does not match")
    if (Math.abs(now / 1000 - Number(timestamp)) > window / 1000)
      return denied(
        "replay",
        `webhook-timestamp is more than ${window / 1000} s off: the message is old, or a clock is wrong`,
      )
    return {
      delivery: id,
      typeOf: (value) => {
        const type = member(value, "type")
        return isName(type) ? type : eventType
      },
      sourceOf: () => undefined,
    }
  }
}

/** A signature in a header over the raw body, as many senders have it. */
function hmac({ secret, header, prefix, encoding, idHeader, eventType }: Config): Verify {
  const secrets = secret.map((one) => one.reveal())
  return ({ headers, body }) => {
    const signature = text(headers[header.toLowerCase()])
    if (signature === undefined) return denied("unsigned", `${header} is missing`)
    if (!signature.startsWith(prefix) || !hasHmac(body, signature.slice(prefix.length), encoding, secrets))
      return denied("signature", "The signature does not match")
    const delivery = idHeader === undefined ? undefined : text(headers[idHeader.toLowerCase()])
    if (idHeader !== undefined && !isName(delivery)) return denied("headers", `${idHeader} is missing or invalid`, 400)
    return { delivery, typeOf: () => eventType, sourceOf: () => undefined }
  }
}

export const presets: Readonly<Record<Config["preset"], (config: Config) => Verify>> = {
  github,
  hmac,
  "standard-webhooks": standardWebhooks,
}
