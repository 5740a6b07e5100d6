// The message of an envelope that passed all checks.

import type { Buffer } from "node:buffer"

import type { Envelope } from "./envelope.js"

/** The envelope that contained a message. */
export let envelopeOf: (message: VerifiedMessage) => Envelope

/** A message that known keys signed and that passed all other checks. Only a Verifier creates them. */
export class VerifiedMessage {
  /** The bytes that were signed. */
  readonly payload: Buffer
  /** The type of the payload, as its signer gave it. */
  readonly payloadType: string
  /** The id of the key that signed it; of several, the first. */
  readonly keyId: string
  /** The ids of all known keys that signed it. */
  readonly keyIds: readonly string[]
  /** When it was signed, by the signer's clock. Undefined for plain DSSE, which contains no time. */
  readonly time: Date | undefined
  readonly #envelope: Envelope

  static {
    envelopeOf = (message) => message.#envelope
  }

  /** @internal */
  constructor(
    content: { payload: Buffer; payloadType: string; time?: Date },
    keyIds: [string, ...string[]],
    envelope: Envelope,
  ) {
    this.payload = content.payload
    this.payloadType = content.payloadType
    this.keyId = keyIds[0]
    this.keyIds = keyIds
    this.time = content.time
    this.#envelope = envelope
  }
}
