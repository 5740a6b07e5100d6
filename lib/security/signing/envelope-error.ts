// What can be wrong with an envelope. Errors give no more details than these, because the sender of the envelope may read them.

import { brand } from "../../base/brand.js"

const messages = {
  ERR_ENVELOPE_MALFORMED: "The envelope is malformed or too large",
  ERR_ENVELOPE_TYPE: "The payload type is not accepted",
  ERR_ENVELOPE_UNKNOWN_KEY: "The signing key is unknown",
  ERR_ENVELOPE_KEY_EXPIRED: "The signing key was not valid when the message was signed",
  ERR_ENVELOPE_KEY_REVOKED: "The signing key was revoked",
  ERR_ENVELOPE_SIGNATURE: "The signature is invalid",
  ERR_ENVELOPE_THRESHOLD: "The message has fewer signatures than required",
  ERR_ENVELOPE_EXPIRED: "The message is too old, or its time is in the future",
  ERR_ENVELOPE_REPLAYED: "The message was already received",
  ERR_ENVELOPE_UNAVAILABLE: "The key lookup or the nonce store failed",
} as const

/** Why an envelope was rejected; see docs/errors.md. */
export type EnvelopeErrorCode = keyof typeof messages

/** The error with which `Verifier.verify` rejects an envelope. Match on `code`. */
export class EnvelopeError extends Error {
  /** Always "EnvelopeError". */
  override readonly name = "EnvelopeError"
  /** Why the envelope was rejected. */
  readonly code: EnvelopeErrorCode

  constructor(code: EnvelopeErrorCode, options?: ErrorOptions) {
    super(messages[code], options)
    this.code = code
  }
}

brand("EnvelopeError", EnvelopeError)
