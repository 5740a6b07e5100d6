// Makes signed messages.

import { Buffer } from "node:buffer"
import { type KeyObject, sign } from "node:crypto"
import { isUint8Array } from "node:util/types"

import { checkBoolean, checkOptions } from "../check-options.js"
import { type Envelope, isPayloadType, preAuthEncoding, serialize } from "./envelope.js"
import { STAMPED_TYPE, stamp } from "./signed-payload.js"
import { type KeyInput, type PrivateKey, privateKey } from "./signing-keys.js"
import { envelopeOf, VerifiedMessage } from "./verified-message.js"

/** Options of a Signer. */
export interface SignerOptions {
  /** The private key. This or `file`. */
  key?: KeyInput
  /** A PEM file with the private key. It is refused (EACCES) if group or others have access to it. */
  file?: string | URL
  /** The passphrase of an encrypted PEM. */
  passphrase?: string
  /** What envelopes call the key. Default: the SHA-256 of the public key's SPKI, in hexadecimal. */
  keyId?: string
  /**
   * Signs the payload alone, as plain DSSE, without time and nonce: for attestations of in-toto and the like. Anybody can send such
   * an envelope again. Default false.
   */
  replayable?: boolean
}

const names = ["key", "file", "passphrase", "keyId", "replayable"]

/** An object that is data. JSON would make `{}` of a promise or a Map, and that would then be signed. */
function isData(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  return isPlain || Array.isArray(value) || typeof (value as { toJSON?: unknown }).toJSON === "function"
}

function payloadBytes(payload: Uint8Array | string | object): Uint8Array {
  if (isUint8Array(payload)) return payload
  if (typeof payload === "string") {
    if (/\p{Surrogate}/u.test(payload))
      throw new TypeError("The payload has half a surrogate pair, which UTF-8 cannot say")
    return Buffer.from(payload)
  }
  if (typeof payload === "object" && payload !== null && isData(payload)) {
    const json = JSON.stringify(payload)
    if (json !== undefined) return Buffer.from(json)
  }
  throw new TypeError("Expected the payload to be bytes, text, or an object to be written as JSON")
}

/**
 * Signs messages with an Ed25519 key, as DSSE envelopes.
 *
 * ```typescript
 * const signer = new Signer({ file: "audit.key" })
 * await push.send(signer.sign("application/vnd.example.audit+json", { user: "ada", action: "login" }))
 * ```
 */
export class Signer {
  /** What envelopes call the key. */
  readonly keyId: string
  readonly #key: PrivateKey
  readonly #replayable: boolean

  constructor(options: SignerOptions) {
    const { replayable = false } = checkOptions("the options of a Signer", options, names)
    this.#replayable = checkBoolean("replayable", replayable)
    this.#key = privateKey(options)
    this.keyId = this.#key.keyId
  }

  /** The public key, for Verifiers. */
  get publicKey(): KeyObject {
    return this.#key.publicKey
  }

  /** Signs a payload together with its type, the time and a nonce. Returns the envelope as JSON. */
  sign(payloadType: string, payload: Uint8Array | string | object): string {
    if (!isPayloadType(payloadType) || payloadType === STAMPED_TYPE) {
      throw new TypeError("Expected the payload type to be text of 1 to 255 bytes, such as a media type of your own")
    }
    const bytes = payloadBytes(payload)
    const content = this.#replayable
      ? { payloadType, payload: bytes as Buffer }
      : { payloadType: STAMPED_TYPE, payload: stamp(payloadType, bytes) }
    return this.#addSignature({ ...content, signatures: [] })
  }

  /** Adds a signature to a message that a Verifier let through. Returns the envelope as JSON, with the signatures that it had. */
  countersign(message: VerifiedMessage): string {
    if (!(message instanceof VerifiedMessage)) throw new TypeError("Expected a message that a Verifier returned")
    const envelope = envelopeOf(message)
    if (envelope.signatures.some(({ keyId }) => keyId === this.keyId)) {
      throw new TypeError("The message has a signature of this key id already")
    }
    return this.#addSignature(envelope)
  }

  #addSignature({ payloadType, payload, signatures }: Envelope): string {
    const bytes = sign(null, preAuthEncoding(payloadType, payload), this.#key.key)
    return serialize({ payloadType, payload, signatures: [...signatures, { keyId: this.keyId, bytes }] })
  }
}
