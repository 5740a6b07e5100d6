// Keys of logs and witnesses, as signed notes have them: https://c2sp.org/signed-note, and https://c2sp.org/tlog-cosignature for witnesses.

import { Buffer } from "node:buffer"
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from "node:crypto"
import { inspect } from "node:util"
import { AuditError } from "../error.js"
import { fromBase64 } from "./base64.js"

/** What a key signs: checkpoints of its own log, or those of others as a witness. The numbers are the types of signed notes. */
export const keyTypes = { log: 1, witness: 4 } as const
/** What a key signs. */
export type KeyUse = keyof typeof keyTypes

// RFC 8410 has the DER of Ed25519 keys: these bytes, then those of the key.
const SPKI = Buffer.from("302a300506032b6570032100", "hex")
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex")
const KEY_SIZE = 32
const SIGNATURE_SIZE = 64
const TIME_SIZE = 8
const PRIVATE = "PRIVATE+KEY+"
const MAX_NAME = 255

const invalid = (message: string) => new AuditError("INVALID", message)

/** Refuses what cannot be the name of a key: it is a word of a line of a note. */
export function checkName(name: string): string {
  // Unicode spaces and control characters would end the name in a note.
  if (typeof name !== "string" || name === "" || /[\s+\p{Z}\p{C}]/u.test(name))
    throw invalid(
      `Expected a name without spaces, "+" and control characters, such as audit.example.com/prod, but received ${JSON.stringify(name)}`,
    )
  if (Buffer.byteLength(name) > MAX_NAME)
    throw invalid(`The name has more than ${MAX_NAME} bytes: ${name.slice(0, 40)}…`)
  return name
}

const idOf = (name: string, type: number, key: Buffer): number =>
  hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([type]), key]), "buffer").readUInt32BE(0)

const idText = (id: number): string => id.toString(16).padStart(8, "0")

const useOf = (type: number | undefined): KeyUse | undefined =>
  type === keyTypes.log ? "log" : type === keyTypes.witness ? "witness" : undefined

/** The text that a witness signs. */
const cosigned = (time: bigint, text: string) => Buffer.from(`cosignature/v1\ntime ${time}\n${text}`)

/** A public key. */
export class VerifierKey {
  /** The name of its owner: for a log, its origin. */
  readonly name: string
  /** What it signs. */
  readonly use: KeyUse
  /** The number that signatures name it by, a hint only. */
  readonly id: number
  readonly #bytes: Buffer
  readonly #key: KeyObject

  constructor(name: string, use: KeyUse, bytes: Buffer) {
    this.name = checkName(name)
    this.use = use
    this.id = idOf(name, keyTypes[use], bytes)
    this.#bytes = bytes
    this.#key = createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: "der", type: "spki" })
  }

  /**
   * Reads a key such as `example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k`.
   *
   * @throws AuditError `INVALID`.
   */
  static parse(text: string): VerifierKey {
    const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim()) ?? []
    if (name === undefined || id === undefined || encoded === undefined)
      throw invalid(
        `Expected a public key such as example.com/log+530d903a+AekyeRrm…, but received ${JSON.stringify(text.slice(0, 200))}`,
      )
    const { use, bytes } = material(name, encoded)
    const key = new VerifierKey(name, use, bytes)
    if (idText(key.id) !== id)
      throw invalid(
        `The public key of ${name} is damaged: it says that its id is ${id}, but that would be ${idText(key.id)}`,
      )
    return key
  }

  /** Whether the other one is the same key for the same purpose. */
  equals(other: VerifierKey): boolean {
    return this.toString() === other.toString()
  }

  /** The time of a cosignature in seconds since 1970, 0 for a signature of a log; undefined if it does not verify. */
  verify(text: string, signature: Buffer): number | undefined {
    const isCosignature = this.use === "witness"
    if (signature.length !== SIGNATURE_SIZE + (isCosignature ? TIME_SIZE : 0)) return undefined
    const time = isCosignature ? signature.readBigUInt64BE(0) : 0n
    if (time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
    const message = isCosignature ? cosigned(time, text) : Buffer.from(text)
    return verifyBytes(null, message, this.#key, signature.subarray(isCosignature ? TIME_SIZE : 0))
      ? Number(time)
      : undefined
  }

  /** As it is given to others: a verifier key of signed notes. */
  toString(): string {
    return `${this.name}+${idText(this.id)}+${Buffer.concat([Buffer.from([keyTypes[this.use]]), this.#bytes]).toString("base64")}`
  }
}

/** The bytes of a key, after those that say its type. */
function material(name: string, encoded: string): { use: KeyUse; bytes: Buffer } {
  const bytes = fromBase64(encoded)
  const use = useOf(bytes?.[0])
  if (bytes === undefined || use === undefined || bytes.length !== 1 + KEY_SIZE)
    throw invalid(`The key of ${name} is not an Ed25519 key of a log (type 1) or of a witness (type 4)`)
  return { use, bytes: bytes.subarray(1) }
}

/** A private key. It does not appear in logs, errors or inspections. */
export class SignerKey {
  /** Its public key. */
  readonly verifier: VerifierKey
  readonly #seed: Buffer
  readonly #key: KeyObject

  private constructor(name: string, use: KeyUse, seed: Buffer) {
    this.#seed = seed
    this.#key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" })
    const spki = createPublicKey(this.#key).export({ format: "der", type: "spki" })
    this.verifier = new VerifierKey(name, use, spki.subarray(SPKI.length))
  }

  /** A new key. */
  static generate(name: string, use: KeyUse): SignerKey {
    checkName(name)
    const pkcs8 = generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" })
    return new SignerKey(name, use, pkcs8.subarray(PKCS8.length))
  }

  /**
   * Reads a private key as Go's package note writes it: `PRIVATE+KEY+name+id+base64`.
   *
   * @throws AuditError `INVALID`. The message does not repeat the key.
   */
  static parse(text: string): SignerKey {
    const [, name, id, encoded] = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim()) ?? []
    if (name === undefined || id === undefined || encoded === undefined)
      throw invalid("Expected a private key: a line that begins with PRIVATE+KEY+, as `ohmq audit init` writes it")
    const { use, bytes } = material(name, encoded)
    const key = new SignerKey(name, use, bytes)
    if (idText(key.verifier.id) !== id)
      throw invalid(
        `The private key of ${name} is damaged: it says that its id is ${id}, but that would be ${idText(key.verifier.id)}`,
      )
    return key
  }

  /** Signs the text of a checkpoint. Returns the line of the signature. A witness also signs the time. */
  sign(text: string, now = Date.now()): string {
    let bytes: Buffer
    if (this.verifier.use === "witness") {
      const time = BigInt(Math.floor(now / 1000))
      const stamp = Buffer.alloc(TIME_SIZE)
      stamp.writeBigUInt64BE(time)
      bytes = Buffer.concat([stamp, signBytes(null, cosigned(time, text), this.#key)])
    } else bytes = signBytes(null, Buffer.from(text), this.#key)
    const id = Buffer.alloc(4)
    id.writeUInt32BE(this.verifier.id)
    return `— ${this.verifier.name} ${Buffer.concat([id, bytes]).toString("base64")}\n`
  }

  /** The private key as text, to be kept secret. */
  reveal(): string {
    const { name, id, use } = this.verifier
    return `${PRIVATE}${name}+${idText(id)}+${Buffer.concat([Buffer.from([keyTypes[use]]), this.#seed]).toString("base64")}`
  }

  toString(): string {
    return `[private key of ${this.verifier.name}]`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}
