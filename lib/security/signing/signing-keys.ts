// Ed25519 keys from where they are kept. What Node says about a key it cannot read may quote it, so that is never passed on.

import { Buffer } from "node:buffer"
import { createHash, createPrivateKey, createPublicKey, KeyObject } from "node:crypto"
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs"
import process from "node:process"
import { isDate, isUint8Array } from "node:util/types"

import { checkBoolean, checkOptions } from "../check-options.js"
import { isKeyId } from "./envelope.js"

/**
 * A JSON Web Key (RFC 7517), as `keyObject.export({ format: "jwk" })` makes. Without an index signature, as that of @types/node 25 is,
 * which the earlier ones have in node:crypto.
 */
export type JsonWebKey = {
  kty?: string | undefined
  crv?: string | undefined
  x?: string | undefined
  d?: string | undefined
  kid?: string | undefined
  alg?: string | undefined
  use?: string | undefined
  key_ops?: string[] | undefined
  ext?: boolean | undefined
}

/** A key: PEM (PKCS#8 or SPKI), JWK or KeyObject. Ed25519 only. */
export type KeyInput = string | Uint8Array | JsonWebKey | KeyObject

/** A public key, and what it is good for. */
export interface VerificationKey {
  /** The key. This or `file`. */
  key?: KeyInput
  /** A PEM file with the key. */
  file?: string | URL
  /** What envelopes call it. Default: its fingerprint, which is the SHA-256 of its SPKI in hexadecimal. */
  keyId?: string
  /** Signatures of an earlier time are refused. A Date, or a text that Date takes. */
  notBefore?: Date | string
  /** Signatures of a later time are refused. */
  notAfter?: Date | string
  /** Refuses all of its signatures. Default false. */
  revoked?: boolean
}

/** A private key in a form that needs no more checks. */
export interface PrivateKey {
  key: KeyObject
  publicKey: KeyObject
  keyId: string
}

/** A public key in a form that needs no more checks. */
export interface PublicKey {
  key: KeyObject
  keyId: string
  fingerprint: string
  notBefore: number
  notAfter: number
  revoked: boolean
}

const invalid = (message: string) => Object.assign(new TypeError(message), { code: "ERR_ENVELOPE_KEY" })

const LARGEST_FILE = 64 << 10
const hasModes = process.platform !== "win32"
const { O_RDONLY, O_NONBLOCK = 0 } = constants

/** The contents of a key file. That of a private key is refused, as ssh does, if group or others may do anything with it. */
function readKeyFile(file: string | URL, isPrivate: boolean): Buffer {
  // Without O_NONBLOCK a pipe of that name would hold this thread until somebody writes to it.
  const descriptor = openSync(file, O_RDONLY | O_NONBLOCK)
  try {
    const stat = fstatSync(descriptor)
    const { mode, size } = stat
    if (!stat.isFile() || size > LARGEST_FILE) throw invalid(`${file} is no key file`)
    if (isPrivate && hasModes && (mode & 0o077) !== 0) {
      const now = (mode & 0o777).toString(8).padStart(4, "0")
      const message = `${file} has a private key and the mode ${now}, but only its owner may have access: chmod 600`
      throw Object.assign(new Error(message), { code: "EACCES", path: String(file) })
    }
    const contents = Buffer.alloc(size)
    return contents.subarray(0, readSync(descriptor, contents, 0, size, 0))
  } finally {
    closeSync(descriptor)
  }
}

const isText = (key: unknown): key is string | Uint8Array => typeof key === "string" || isUint8Array(key)

/** Whether this is a key itself, and not an object that has one. */
const isKey = (source: KeyInput | object): source is KeyInput =>
  isText(source) || source instanceof KeyObject || (typeof source === "object" && source !== null && "kty" in source)

function asPrivate(key: KeyInput, passphrase: string | undefined): KeyObject {
  try {
    if (key instanceof KeyObject) return key
    return isText(key)
      ? createPrivateKey({ key: key as Buffer, format: "pem", passphrase })
      : createPrivateKey({ key, format: "jwk" })
  } catch {
    throw invalid("The private key cannot be read: expected PEM (PKCS#8; with its passphrase, if it has one) or JWK")
  }
}

function asPublic(key: KeyInput): KeyObject {
  const isPrivate = isText(key)
    ? Buffer.from(key as Uint8Array).includes("PRIVATE KEY-----")
    : key instanceof KeyObject
      ? key.type === "private"
      : "d" in key
  if (isPrivate) throw invalid("This is a private key, where a public one belongs")
  try {
    if (key instanceof KeyObject) return key
    return isText(key)
      ? createPublicKey({ key: key as Buffer, format: "pem" })
      : createPublicKey({ key, format: "jwk" })
  } catch {
    throw invalid("The public key cannot be read: expected PEM (SPKI) or JWK")
  }
}

/** Takes the key, or the contents of the file, whichever is there. */
function load(what: string, { key, file }: VerificationKey, read: (key: KeyInput) => KeyObject): KeyObject {
  if ((key === undefined) === (file === undefined)) throw invalid(`A ${what} needs either key or file`)
  if (key !== undefined && !isKey(key)) throw invalid("A key must be PEM, JWK or a KeyObject")
  const contents = file === undefined ? undefined : readKeyFile(file, what === "Signer")
  try {
    const object = read(contents ?? (key as KeyInput))
    if (object.asymmetricKeyType !== "ed25519") throw invalid("The key is not an Ed25519 key")
    return object
  } finally {
    contents?.fill(0)
  }
}

const fingerprintOf = (key: KeyObject) =>
  createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex")

function checkKeyId(keyId: string): string {
  if (!isKeyId(keyId)) throw invalid("A keyId must be text of 1 to 255 bytes without control characters")
  return keyId
}

/** The private key of a Signer's options. */
export function privateKey(options: VerificationKey & { passphrase?: string }): PrivateKey {
  const key = load("Signer", options, (source) => asPrivate(source, options.passphrase))
  if (key.type !== "private") throw invalid("This is a public key, where a private one belongs")
  const publicKey = createPublicKey(key)
  return { key, publicKey, keyId: checkKeyId(options.keyId ?? fingerprintOf(publicKey)) }
}

function timeOf(name: string, value: Date | string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise
  const time = isDate(value) || typeof value === "string" ? new Date(value).getTime() : Number.NaN
  if (Number.isNaN(time)) throw invalid(`Expected ${name} to be a date`)
  return time
}

const names = ["key", "file", "keyId", "notBefore", "notAfter", "revoked"]

/** One of a Verifier's keys. */
export function publicKey(source: KeyInput | VerificationKey): PublicKey {
  const options = isKey(source) ? { key: source } : checkOptions("the options of a verification key", source, names)
  const { revoked = false } = options
  const key = load("verification key", options, asPublic)
  const fingerprint = fingerprintOf(key)
  return {
    key,
    fingerprint,
    keyId: checkKeyId(options.keyId ?? fingerprint),
    notBefore: timeOf("notBefore", options.notBefore, Number.NEGATIVE_INFINITY),
    notAfter: timeOf("notAfter", options.notAfter, Number.POSITIVE_INFINITY),
    revoked: checkBoolean("revoked", revoked),
  }
}
