// Lets signed messages through. Nothing of a payload is looked at, let alone returned, before a signature of it was verified.

import type { Buffer } from "node:buffer"
import { createHash, verify } from "node:crypto"
import { isUint8Array } from "node:util/types"

import { checkBoolean, checkDuration, checkOptions, checkPositive } from "../check-options.js"
import { type Envelope, isPayloadType, parse, preAuthEncoding } from "./envelope.js"
import { EnvelopeError } from "./envelope-error.js"
import { MemoryNonceStore, type NonceStore } from "./nonce-store.js"
import { STAMPED_TYPE, unstamp } from "./signed-payload.js"
import { type KeyInput, type PublicKey, publicKey, type VerificationKey } from "./signing-keys.js"
import { VerifiedMessage } from "./verified-message.js"

type Resolved = KeyInput | VerificationKey | null | undefined

/** Options of a Verifier. */
export interface VerifierOptions {
  /** The public keys that may have signed. This or `resolveKey`. */
  keys?: readonly (KeyInput | VerificationKey)[]
  /** Looks up a key by its id, which anybody may have made up. Null or undefined: there is none. */
  resolveKey?: (keyId: string) => Resolved | Promise<Resolved>
  /** The payload types that are accepted. */
  payloadTypes: readonly string[]
  /** How many different keys must have signed. Default 1. */
  threshold?: number
  /** How old a message may be, in milliseconds. Default 300,000. */
  maxAge?: number
  /** How far the clocks of signers, and of a store of nonces, may be ahead or behind, in milliseconds. Default 10,000. */
  clockSkew?: number
  /** Where accepted messages are remembered. Default: a MemoryNonceStore of this Verifier's own. */
  nonces?: NonceStore
  /** How large an envelope may be, in bytes. Default 1 MiB. */
  maxSize?: number
  /**
   * Accepts messages of any age, any number of times, and plain DSSE, which has no time: for archives and attestations. A key must
   * have been valid at the time that the message says. Default false.
   */
  replayable?: boolean
}

/** Beyond the skew, for stores that count in seconds. Milliseconds. */
const MARGIN = 1000

const names = "keys resolveKey payloadTypes threshold maxAge clockSkew nonces maxSize replayable".split(" ")

function checkTypes(types: readonly string[]): Set<string> {
  if (!Array.isArray(types) || types.length === 0 || !types.every(isPayloadType) || types.includes(STAMPED_TYPE)) {
    throw new TypeError("Expected payloadTypes to be a list of the types that are accepted")
  }
  return new Set(types)
}

type FindKeys = (keyId: string | undefined) => Promise<PublicKey[]> | PublicKey[]

/** A signature without a key id is tried with all keys. */
function findInList(list: readonly (KeyInput | VerificationKey)[], threshold: number): FindKeys {
  if (!Array.isArray(list) || list.length === 0) throw new TypeError("Expected keys to be a list of public keys")
  const keys = list.map(publicKey)
  const byId = new Map(keys.map((key) => [key.keyId, [key]]))
  if (byId.size < keys.length) throw new TypeError("Two keys have the same keyId")
  if (new Set(keys.map(({ fingerprint }) => fingerprint)).size < threshold) {
    throw new TypeError("The threshold is higher than the number of keys")
  }
  return (keyId) => (keyId === undefined ? keys : (byId.get(keyId) ?? []))
}

function findByCallback(resolve: NonNullable<VerifierOptions["resolveKey"]>): FindKeys {
  if (typeof resolve !== "function") throw new TypeError("Expected resolveKey to be a function")
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
 * Verifies signed messages.
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
      throw new TypeError("A Verifier needs either keys or resolveKey")
    }
    if (typeof nonces?.add !== "function") throw new TypeError("Expected nonces to be a store with add()")
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

  /** Verifies an envelope. Rejects with an EnvelopeError if anything is wrong with it. */
  async verify(envelope: Uint8Array | string): Promise<VerifiedMessage> {
    if (typeof envelope !== "string" && !isUint8Array(envelope)) {
      throw new TypeError("Expected the envelope to be bytes or text")
    }
    const parsed = parse(envelope, this.#maxSize)
    const { payloadType, payload } = parsed
    const isStamped = payloadType === STAMPED_TYPE
    if (!isStamped && !(this.#replayable && this.#types.has(payloadType))) throw new EnvelopeError("ERR_ENVELOPE_TYPE")

    const signed = preAuthEncoding(payloadType, payload)
    const signers = await this.#signers(parsed, signed)
    // From here on the payload comes from somebody who is known.
    const content = isStamped ? unstamp(payload) : { payloadType, payload }
    if (!this.#types.has(content.payloadType)) throw new EnvelopeError("ERR_ENVELOPE_TYPE")
    const time = "time" in content ? content.time.getTime() : Date.now()
    if (!this.#replayable) this.#checkAge(time)
    const valid = signers.filter(({ notBefore, notAfter }) => notBefore <= time && time <= notAfter)
    const [first, ...others] = valid
    if (first === undefined) throw new EnvelopeError("ERR_ENVELOPE_KEY_EXPIRED")
    // A key that is known by several ids is still one.
    if (new Set(valid.map(({ fingerprint }) => fingerprint)).size < this.#threshold) {
      throw new EnvelopeError("ERR_ENVELOPE_THRESHOLD")
    }
    if (!this.#replayable) await this.#checkNew(signed, time)
    // The caller may write to the payload. What a countersignature would be for must be what was verified.
    const kept = { ...parsed, payload: signed.subarray(signed.length - payload.length) }
    return new VerifiedMessage(content, [first.keyId, ...others.map(({ keyId }) => keyId)], kept)
  }

  /** The keys whose signatures are right. */
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

  /** What was signed is what is remembered: of the same message with other signatures, or in other base64, too. */
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
