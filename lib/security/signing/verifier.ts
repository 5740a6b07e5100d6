// Verifies signed messages. It reads nothing of a payload, and returns none, before it has verified a signature.

import type { Buffer } from "node:buffer"
import { createHash, verify } from "node:crypto"
import { isUint8Array } from "node:util/types"

import { checkBoolean, checkDuration, checkOptions, checkPositive, unexpected } from "../../base/checks.js"
import { type Envelope, isPayloadType, parse, preAuthEncoding } from "./envelope.js"
import { EnvelopeError } from "./envelope-error.js"
import { MemoryNonceStore, type NonceStore } from "./nonce-store.js"
import { STAMPED_TYPE, unstamp } from "./signed-payload.js"
import { type KeyInput, type PublicKey, publicKey, type VerificationKey } from "./signing-keys.js"
import { VerifiedMessage } from "./verified-message.js"

type Resolved = KeyInput | VerificationKey | null | undefined

/** Options of a Verifier. */
export interface VerifierOptions {
  /** The public keys whose signatures are accepted. Required, unless `resolveKey` is given. */
  keys?: readonly (KeyInput | VerificationKey)[]
  /** Looks up a key by its id, which an attacker may have chosen. Returns null or undefined if the key is unknown. */
  resolveKey?: (keyId: string) => Resolved | Promise<Resolved>
  /** The accepted payload types. */
  payloadTypes: readonly string[]
  /** How many different keys must have signed the message. Default 1. */
  threshold?: number
  /** How old a message may be, in milliseconds. Default 300,000. */
  maxAge?: number
  /** How far the clocks of signers and of the nonce store may be ahead or behind, in milliseconds. Default 10,000. */
  clockSkew?: number
  /** Where to remember accepted messages. Default: a MemoryNonceStore for this Verifier alone. */
  nonces?: NonceStore
  /** How large an envelope may be, in bytes. Default 1 MiB. */
  maxSize?: number
  /**
   * Accepts messages of any age, repeatedly, and plain DSSE, which has no time: for archives and attestations. A key must still have been
   * valid at the message's time. Default false.
   */
  replayable?: boolean
}

/** Added to the skew for nonce stores that round to seconds. Milliseconds. */
const MARGIN = 1000

const names = "keys resolveKey payloadTypes threshold maxAge clockSkew nonces maxSize replayable".split(" ")

function checkTypes(types: readonly string[]): Set<string> {
  if (!Array.isArray(types) || types.length === 0 || !types.every(isPayloadType) || types.includes(STAMPED_TYPE)) {
    throw new TypeError("Expected payloadTypes to be a list of payload types, each a string of 1 to 255 bytes")
  }
  return new Set(types)
}

type FindKeys = (keyId: string | undefined) => Promise<PublicKey[]> | PublicKey[]

/** A signature without a key id is verified with every key. */
function findInList(list: readonly (KeyInput | VerificationKey)[], threshold: number): FindKeys {
  if (!Array.isArray(list) || list.length === 0)
    throw new TypeError("Expected keys to be a list of at least one public key")
  const keys = list.map(publicKey)
  const byId = new Map(keys.map((key) => [key.keyId, [key]]))
  if (byId.size < keys.length) throw new TypeError("Two of the keys have the same keyId. Give each its own")
  const { size } = new Set(keys.map(({ fingerprint }) => fingerprint))
  if (size < threshold) throw new TypeError(`threshold is ${threshold}, but the number of different keys is ${size}`)
  return (keyId) => (keyId === undefined ? keys : (byId.get(keyId) ?? []))
}

function findByCallback(resolve: NonNullable<VerifierOptions["resolveKey"]>): FindKeys {
  if (typeof resolve !== "function") throw unexpected("resolveKey", "a function", resolve)
  return async (keyId) => {
    if (keyId === undefined) return []
    try {
      const found = await resolve(keyId)
      return found === undefined || found === null ? [] : [{ ...publicKey(found), keyId }]
    } catch (cause) {
      throw new EnvelopeError("ERR_ENVELOPE_UNAVAILABLE", { cause })
    }
  }
}

/**
 * Verifies signed messages. The constructor throws a TypeError for an invalid option, with the code ERR_ENVELOPE_KEY for an invalid key.
 *
 * ```typescript
 * const verifier = new Verifier({ keys: [{ file: "audit.pub" }], payloadTypes: ["application/vnd.example.audit+json"] })
 * for await (const [part] of pull) {
 *   const { payload, keyId } = await verifier.verify(part)
 * }
 * ```
 */
export class Verifier {
  readonly #findKeys: FindKeys
  readonly #types: Set<string>
  readonly #threshold: number
  readonly #maxAge: number
  readonly #clockSkew: number
  readonly #nonces: NonceStore
  readonly #maxSize: number
  readonly #replayable: boolean

  constructor(options: VerifierOptions) {
    const {
      keys,
      resolveKey,
      payloadTypes,
      nonces = new MemoryNonceStore(),
    } = checkOptions("the options of a Verifier", options, names)
    if ((keys === undefined) === (resolveKey === undefined)) {
      throw new TypeError(
        `A Verifier needs either keys or resolveKey, but received ${keys === undefined ? "neither" : "both"}`,
      )
    }
    if (typeof nonces?.add !== "function")
      throw unexpected("nonces", "a NonceStore, which has the method add()", nonces)
    const { threshold = 1, maxAge = 300_000, clockSkew = 10_000, maxSize = 1 << 20, replayable = false } = options
    this.#threshold = checkPositive("threshold", threshold)
    this.#findKeys = resolveKey === undefined ? findInList(keys ?? [], threshold) : findByCallback(resolveKey)
    this.#types = checkTypes(payloadTypes)
    this.#maxAge = checkPositive("maxAge", maxAge)
    this.#clockSkew = checkDuration("clockSkew", clockSkew)
    this.#nonces = nonces
    this.#maxSize = checkPositive("maxSize", maxSize)
    this.#replayable = checkBoolean("replayable", replayable)
  }

  /** Verifies an envelope and returns its message. Rejects with an EnvelopeError if the envelope does not pass a check. */
  async verify(envelope: Uint8Array | string): Promise<VerifiedMessage> {
    if (typeof envelope !== "string" && !isUint8Array(envelope)) {
      throw unexpected("envelope", "a string or Uint8Array", envelope)
    }
    const parsed = parse(envelope, this.#maxSize)
    const { payloadType, payload } = parsed
    const isStamped = payloadType === STAMPED_TYPE
    if (!isStamped && !(this.#replayable && this.#types.has(payloadType))) throw new EnvelopeError("ERR_ENVELOPE_TYPE")

    const signed = preAuthEncoding(payloadType, payload)
    const signers = await this.#signers(parsed, signed)
    // From here on, the payload is known to come from the owner of a known key.
    const content = isStamped ? unstamp(payload) : { payloadType, payload }
    if (!this.#types.has(content.payloadType)) throw new EnvelopeError("ERR_ENVELOPE_TYPE")
    const time = "time" in content ? content.time.getTime() : Date.now()
    if (!this.#replayable) this.#checkAge(time)
    const valid = signers.filter(({ notBefore, notAfter }) => notBefore <= time && time <= notAfter)
    const [first, ...others] = valid
    if (first === undefined) throw new EnvelopeError("ERR_ENVELOPE_KEY_EXPIRED")
    // Count a key once, even if it has several ids.
    if (new Set(valid.map(({ fingerprint }) => fingerprint)).size < this.#threshold) {
      throw new EnvelopeError("ERR_ENVELOPE_THRESHOLD")
    }
    if (!this.#replayable) await this.#checkNew(signed, time)
    // A countersignature must be for the verified bytes, even if the caller writes to the payload.
    const kept = { ...parsed, payload: signed.subarray(signed.length - payload.length) }
    return new VerifiedMessage(content, [first.keyId, ...others.map(({ keyId }) => keyId)], kept)
  }

  /** The keys whose signatures are valid. */
  async #signers({ signatures }: Envelope, signed: Buffer): Promise<PublicKey[]> {
    const signers: PublicKey[] = []
    let isKnown = false
    for (const { keyId, bytes } of signatures) {
      for (const key of await this.#findKeys(keyId)) {
        isKnown = true
        if (verify(null, signed, key.key, bytes)) signers.push(key)
      }
    }
    if (signers.length === 0) throw new EnvelopeError(isKnown ? "ERR_ENVELOPE_SIGNATURE" : "ERR_ENVELOPE_UNKNOWN_KEY")
    const trusted = signers.filter(({ revoked }) => !revoked)
    if (trusted.length === 0) throw new EnvelopeError("ERR_ENVELOPE_KEY_REVOKED")
    return trusted
  }

  #checkAge(time: number): void {
    const age = Date.now() - time
    if (age > this.#maxAge + this.#clockSkew || age < -this.#clockSkew) throw new EnvelopeError("ERR_ENVELOPE_EXPIRED")
  }

  /** Remembers the signed bytes, so that other signatures or other base64 do not make the same message a new one. */
  async #checkNew(signed: Buffer, time: number): Promise<void> {
    const nonce = createHash("sha256").update(signed).digest("base64url")
    let isNew: boolean
    try {
      isNew = await this.#nonces.add(nonce, new Date(time + this.#maxAge + 2 * this.#clockSkew + MARGIN))
    } catch (cause) {
      throw cause instanceof EnvelopeError ? cause : new EnvelopeError("ERR_ENVELOPE_UNAVAILABLE", { cause })
    }
    if (typeof isNew !== "boolean") throw new EnvelopeError("ERR_ENVELOPE_UNAVAILABLE")
    if (!isNew) throw new EnvelopeError("ERR_ENVELOPE_REPLAYED")
  }
}
