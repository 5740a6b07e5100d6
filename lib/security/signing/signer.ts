// Signs messages.

import { Buffer } from "node:buffer"
import { type KeyObject, sign } from "node:crypto"
import { isUint8Array } from "node:util/types"

import { checkBoolean, checkOptions, unexpected } from "../../base/checks.js"
import { type Envelope, isPayloadType, preAuthEncoding, serialize } from "./envelope.js"
import { STAMPED_TYPE, stamp } from "./signed-payload.js"
import { type KeyInput, type PrivateKey, privateKey } from "./signing-keys.js"
import { envelopeOf, VerifiedMessage } from "./verified-message.js"

/** Options of a Signer. */
export interface SignerOptions {
  /** The private key. Required, unless `file` is given. */
  key?: KeyInput
  /** A PEM file with the private key. EACCES if its group or others have access to it. */
  file?: string | URL
  /** The passphrase of an encrypted PEM. Default: none. */
  passphrase?: string
  /** The key's id in envelopes, 1 to 255 bytes. Default: the SHA-256 of the public key's SPKI in hexadecimal. */
  keyId?: string
  /**
   * Signs the payload alone, as plain DSSE, without time and nonce: for attestations such as in-toto's. Anyone can send such an envelope
   * again. Default false.
   */
  replayable?: boolean
}

const names = ["key", "file", "passphrase", "keyId", "replayable"]

/** Whether an object is data. JSON would turn a promise or a Map into `{}`, which would then be signed. */
function isData(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  return isPlain || Array.isArray(value) || typeof (value as { toJSON?: unknown }).toJSON === "function"
}

function payloadBytes(payload: Uint8Array | string | object): Uint8Array {
  if (isUint8Array(payload)) return payload
  if (typeof payload === "string") {
    if (/\p{Surrogate}/u.test(payload))
      throw new TypeError("The payload contains half a surrogate pair, which UTF-8 cannot encode")
    return Buffer.from(payload)
  }
  if (typeof payload === "object" && payload !== null && isData(payload)) {
    const json = JSON.stringify(payload)
    if (json !== undefined) return Buffer.from(json)
  }
  throw unexpected("the payload", "a string, a Uint8Array, or an object that JSON can express", payload)
}

/**
 * Signs messages with an Ed25519 key, as DSSE envelopes. The constructor throws a TypeError for an invalid option, with the code
 * ERR_ENVELOPE_KEY for an invalid key.
 *
 * ```typescript
 * const signer = new Signer({ file: "audit.key" })
 * await push.send(signer.sign("application/vnd.example.audit+json", { user: "ada", action: "login" }))
 * ```
 */
export class Signer {
  /** The key's id in envelopes. */
  readonly keyId: string
  readonly #key: PrivateKey
  readonly #replayable: boolean

  constructor(options: SignerOptions) {
    const { replayable = false } = checkOptions("the options of a Signer", options, names)
    this.#replayable = checkBoolean("replayable", replayable)
    this.#key = privateKey(options)
    this.keyId = this.#key.keyId
  }

  /** The public key, to give to Verifiers. */
  get publicKey(): KeyObject {
    return this.#key.publicKey
  }

  /** Signs a payload together with its type, the time and a nonce. Returns the envelope as JSON. Throws a TypeError for an invalid argument. */
  sign(payloadType: string, payload: Uint8Array | string | object): string {
    if (!isPayloadType(payloadType) || payloadType === STAMPED_TYPE) {
      throw new TypeError(
        "Expected the payload type to be a string of 1 to 255 bytes, such as a media type of your own",
      )
    }
    const bytes = payloadBytes(payload)
    const content = this.#replayable
      ? { payloadType, payload: bytes as Buffer }
      : { payloadType: STAMPED_TYPE, payload: stamp(payloadType, bytes) }
    return this.#addSignature({ ...content, signatures: [] })
  }

  /** Adds a signature to a message that a Verifier returned. Returns the envelope as JSON, with the earlier signatures. */
  countersign(message: VerifiedMessage): string {
    if (!(message instanceof VerifiedMessage))
      throw unexpected("message", "a VerifiedMessage, which a Verifier returns", message)
    const envelope = envelopeOf(message)
    if (envelope.signatures.some(({ keyId }) => keyId === this.keyId)) {
      throw new TypeError(`The message already has a signature with the key id ${JSON.stringify(this.keyId)}`)
    }
    return this.#addSignature(envelope)
  }

  #addSignature({ payloadType, payload, signatures }: Envelope): string {
    const bytes = sign(null, preAuthEncoding(payloadType, payload), this.#key.key)
    return serialize({ payloadType, payload, signatures: [...signatures, { keyId: this.keyId, bytes }] })
  }
}
