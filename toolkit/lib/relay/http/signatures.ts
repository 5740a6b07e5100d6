// Signatures of webhooks.

import { Buffer } from "node:buffer"
import { createHash, createHmac, timingSafeEqual } from "node:crypto"

/** Compares in a time that depends on the lengths only. */
const isEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)

/** Whether a signature is the HMAC-SHA256 of a body under one of the secrets. */
export function hasHmac(
  body: Uint8Array,
  signature: string,
  encoding: "hex" | "base64",
  secrets: readonly string[],
): boolean {
  const shape = encoding === "hex" ? /^[0-9a-fA-F]{64}$/ : /^[A-Za-z0-9+/]{43}=$/
  if (!shape.test(signature)) return false
  const given = Buffer.from(signature, encoding)
  // All are tried, so that the time does not tell which one it was.
  return secrets.reduce(
    (found, secret) => isEqual(createHmac("sha256", secret).update(body).digest(), given) || found,
    false,
  )
}

/** The key in a secret of Standard Webhooks: `whsec_` and Base64 of 24 to 64 bytes. Undefined if it is not one. */
export function standardKey(secret: string): Buffer | undefined {
  const text = secret.replace(/^whsec_/, "")
  const key = Buffer.from(text, "base64")
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text)
  return isBase64 && key.length >= 24 && key.length <= 64 ? key : undefined
}

/**
 * The signature of Standard Webhooks, without its version: HMAC-SHA256 of `id.timestamp.body`
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 */
export const standardSignature = (key: Uint8Array, id: string, timestamp: string, body: Uint8Array): string =>
  createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")

/** Whether one of the signatures in a `webhook-signature` header is that of the message under one of the keys. */
export function hasStandardSignature(
  header: string,
  keys: readonly Uint8Array[],
  id: string,
  timestamp: string,
  body: Uint8Array,
): boolean {
  let found = false
  for (const signature of header.split(" ").slice(0, 20)) {
    if (!signature.startsWith("v1,")) continue
    const given = Buffer.from(signature.slice(3))
    for (const key of keys) {
      if (isEqual(Buffer.from(standardSignature(key, id, timestamp, body)), given)) found = true
    }
  }
  return found
}

/** An identifier of an event for receivers of webhooks: the same whenever the event is sent. */
export const messageId = (source: string, id: string): string =>
  `msg_${createHash("sha256")
    .update(JSON.stringify([source, id]))
    .digest("base64url")
    .slice(0, 32)}`
