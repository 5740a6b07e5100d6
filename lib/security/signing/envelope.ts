// DSSE v1 (https://github.com/secure-systems-lab/dsse): the bytes that are signed, and the JSON around them. Nothing here verifies a
// signature, so do not trust anything that was only parsed.

import { Buffer } from "node:buffer"
import { TextDecoder } from "node:util"

import { EnvelopeError } from "./envelope-error.js"

export interface Signature {
  /** A hint which key to try. It is not signed. */
  keyId: string | undefined
  bytes: Buffer
}

export interface Envelope {
  payloadType: string
  payload: Buffer
  signatures: Signature[]
}

const LARGEST_TYPE = 255
const LARGEST_KEY_ID = 255
const MOST_SIGNATURES = 16

const malformed = () => new EnvelopeError("ERR_ENVELOPE_MALFORMED")

// UTF-8 has no bytes for half a surrogate pair: two different texts would get the same signature.
const unprintable = /[\p{Cc}\p{Surrogate}]/u

const isName = (value: unknown, longest: number): value is string =>
  typeof value === "string" && value !== "" && Buffer.byteLength(value) <= longest && !unprintable.test(value)

export const isPayloadType = (value: unknown): value is string => isName(value, LARGEST_TYPE)
export const isKeyId = (value: unknown): value is string => isName(value, LARGEST_KEY_ID)

/** The pre-authentication encoding: the bytes that are signed. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `
  return Buffer.concat([Buffer.from(head), payload])
}

export function serialize({ payloadType, payload, signatures }: Envelope): string {
  return JSON.stringify({
    payload: payload.toString("base64"),
    payloadType,
    signatures: signatures.map(({ keyId, bytes }) => ({
      ...(keyId !== undefined && { keyid: keyId }),
      sig: bytes.toString("base64"),
    })),
  })
}

/** Decodes base64 or base64url. Node ignores invalid characters and leftover bits, so only text that Node would write is valid here. */
function decodeBase64(text: unknown): Buffer {
  if (typeof text !== "string") throw malformed()
  const bytes = Buffer.from(text, "base64")
  const standard = bytes.toString("base64")
  if (standard !== text) {
    const url = bytes.toString("base64url")
    if (url !== text && url + "=".repeat(standard.length - url.length) !== text) throw malformed()
  }
  return bytes
}

type JsonObject = Record<string, unknown>

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** An own field: JSON may contain fields with the names of inherited properties. */
const field = (object: JsonObject, name: string) => (Object.hasOwn(object, name) ? object[name] : undefined)

function parseSignature(value: unknown): Signature {
  if (!isObject(value)) throw malformed()
  // Other implementations write an empty string or null if there is no key id.
  const keyId = field(value, "keyid") || undefined
  if (keyId !== undefined && !isKeyId(keyId)) throw malformed()
  return { keyId, bytes: decodeBase64(field(value, "sig")) }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

function parseJson(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof text === "string" ? text : utf8.decode(text))
  } catch {
    throw malformed()
  }
}

/** Parses an envelope of at most `maxSize` bytes. Each key id, or a missing one, may appear once. */
export function parse(text: string | Uint8Array, maxSize: number): Envelope {
  if (text.length > maxSize || (typeof text === "string" && Buffer.byteLength(text) > maxSize)) throw malformed()
  const envelope = parseJson(text)
  if (!isObject(envelope)) throw malformed()
  const payloadType = field(envelope, "payloadType")
  const listed = field(envelope, "signatures")
  if (!isPayloadType(payloadType) || !Array.isArray(listed)) throw malformed()
  if (listed.length === 0 || listed.length > MOST_SIGNATURES) throw malformed()
  const signatures = listed.map(parseSignature)
  if (new Set(signatures.map(({ keyId }) => keyId)).size < signatures.length) throw malformed()
  return { payloadType, payload: decodeBase64(field(envelope, "payload")), signatures }
}
