// What is left of an envelope after all checks.

import type { Buffer } from "node:buffer"

import type { Envelope } from "./envelope.js"

/** The envelope that a message came in. */
export let envelopeOf: (message: VerifiedMessage) => Envelope

/** A message that was signed by keys that are known, and passed all other checks. Only a Verifier makes them. */
export class VerifiedMessage {
  /** The bytes that were signed. */
  readonly payload: Buffer
  readonly payloadType: string
  /** The key that signed it; of several, the first. */
  readonly keyId: string
  /** All keys that are known and signed it. */
  readonly keyIds: readonly string[]
  /** When it was signed, by the signer's clock. Undefined for plain DSSE, which has no time. */
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
