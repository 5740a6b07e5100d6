// The line of JSON before a payload that makes replays detectable: type, time and nonce. It is signed together with the payload, which
// follows unchanged; a JSON payload makes two lines of JSON that any tool can read.

import { Buffer } from "node:buffer"
import { randomBytes } from "node:crypto"

import { isPayloadType } from "./envelope.js"
import { EnvelopeError } from "./envelope-error.js"

/** The DSSE payload type of the bytes that `stamp` returns. */
export const STAMPED_TYPE = "application/vnd.ohmq.stamped.v1"

/** A type has at most 255 bytes, each of which may take six characters in JSON. */
const LONGEST_LINE = 2048
const NEWLINE = 10

export interface StampedPayload {
  payloadType: string
  payload: Buffer
  time: Date
}

export function stamp(payloadType: string, payload: Uint8Array): Buffer {
  const line = { type: payloadType, time: new Date().toISOString(), nonce: randomBytes(16).toString("base64url") }
  return Buffer.concat([Buffer.from(`${JSON.stringify(line)}\n`), payload])
}

/** Separates a stamped payload from its line. Only for bytes whose signature was verified. */
export function unstamp(bytes: Buffer): StampedPayload {
  const end = bytes.subarray(0, LONGEST_LINE).indexOf(NEWLINE)
  let line: unknown
  try {
    line = JSON.parse(bytes.toString("utf8", 0, Math.max(end, 0)))
  } catch {
    // Rejected below, because it is not an object.
  }
  const { type, time, nonce } = (line ?? {}) as Record<string, unknown>
  const date = new Date(typeof time === "string" ? time : Number.NaN)
  const isStamp = isPayloadType(type) && typeof nonce === "string" && nonce.length >= 16
  if (!isStamp || Number.isNaN(date.getTime()) || date.toISOString() !== time) {
    throw new EnvelopeError("ERR_ENVELOPE_MALFORMED")
  }
  return { payloadType: type, payload: bytes.subarray(end + 1), time: date }
}
