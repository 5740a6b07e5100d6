// What can be wrong with an envelope. An error says which of these it is and nothing more: its reader may be whoever sent it.

import { brand } from "../../base/brand.js"

const messages = {
  ERR_ENVELOPE_MALFORMED: "This is no envelope, or larger than is allowed",
  ERR_ENVELOPE_TYPE: "The type of the payload is not one of those that are accepted",
  ERR_ENVELOPE_UNKNOWN_KEY: "The key is not known",
  ERR_ENVELOPE_KEY_EXPIRED: "The key was not valid at the time of the signature",
  ERR_ENVELOPE_KEY_REVOKED: "The key was revoked",
  ERR_ENVELOPE_SIGNATURE: "The signature is wrong",
  ERR_ENVELOPE_THRESHOLD: "Too few keys have signed",
  ERR_ENVELOPE_EXPIRED: "The message is older than is accepted, or from the future",
  ERR_ENVELOPE_REPLAYED: "The message was seen before",
  ERR_ENVELOPE_UNAVAILABLE: "The keys, or the nonces seen before, could not be looked up",
} as const

/** Why an envelope was refused. */
export type EnvelopeErrorCode = keyof typeof messages

/** What `verify` rejects with. Match on `code`. */
export class EnvelopeError extends Error {
  override readonly name = "EnvelopeError"
  readonly code: EnvelopeErrorCode

  constructor(code: EnvelopeErrorCode, options?: ErrorOptions) {
    super(messages[code], options)
    this.code = code
  }
}

brand("EnvelopeError", EnvelopeError)
