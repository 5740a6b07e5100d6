// Loads Ed25519 keys. Node's errors about an unreadable key may quote it, so they are never passed on.

import { Buffer } from "node:buffer"
import { createHash, createPrivateKey, createPublicKey, KeyObject } from "node:crypto"
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs"
import process from "node:process"
import { isDate, isUint8Array } from "node:util/types"

import { checkBoolean, checkOptions } from "../../base/checks.js"
import { isKeyId } from "./envelope.js"

/**
 * A JSON Web Key (RFC 7517), as `keyObject.export({ format: "jwk" })` returns. It has no index signature, like that of @types/node 25
 * and unlike that of earlier versions.
 */
export type JsonWebKey = {
  /** The key type: "OKP" for Ed25519. */
  kty?: string | undefined
  /** The curve: "Ed25519". */
  crv?: string | undefined
  /** The public key, as base64url. */
  x?: string | undefined
  /** The private key, as base64url. */
  d?: string | undefined
  /** The key id, which is ignored. */
  kid?: string | undefined
  /** The algorithm, which is ignored. */
  alg?: string | undefined
  /** The intended use, which is ignored. */
  use?: string | undefined
  /** The allowed operations, which are ignored. */
  key_ops?: string[] | undefined
  /** Whether the key is extractable, which is ignored. */
  ext?: boolean | undefined
}

/** A key: PEM (PKCS#8 or SPKI), JWK or KeyObject. Ed25519 only. */
export type KeyInput = string | Uint8Array | JsonWebKey | KeyObject

/** A public key, and when its signatures are valid. */
export interface VerificationKey {
  /** The key. Required, unless `file` is given. */
  key?: KeyInput
  /** A PEM file with the key. Required, unless `key` is given. */
  file?: string | URL
  /** The key's id in envelopes, 1 to 255 bytes. Default: its fingerprint, the SHA-256 of its SPKI in hexadecimal. */
  keyId?: string
  /** Rejects earlier signatures. A Date, or a string that Date accepts. Default: no limit. */
  notBefore?: Date | string
  /** Rejects later signatures, like `notBefore`. */
  notAfter?: Date | string
  /** Rejects all signatures of this key. Default false. */
  revoked?: boolean
}

/** A private key that was checked. */
export interface PrivateKey {
  key: KeyObject
  publicKey: KeyObject
  keyId: string
}

/** A public key that was checked. */
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

/** The contents of a key file. EACCES for a private key if its group or others have any access, as in ssh. */
function readKeyFile(file: string | URL, isPrivate: boolean): Buffer {
  // Without O_NONBLOCK, opening a pipe would block this thread until it has a writer.
  const descriptor = openSync(file, O_RDONLY | O_NONBLOCK)
  try {
    const stat = fstatSync(descriptor)
    const { mode, size } = stat
    if (!stat.isFile()) throw invalid(`${file} is not a regular file`)
    if (size > LARGEST_FILE) throw invalid(`${file} is too large for a key: it has ${size} bytes`)
    if (isPrivate && hasModes && (mode & 0o077) !== 0) {
      const now = (mode & 0o777).toString(8).padStart(4, "0")
      const message = `${file} has a private key that other users than its owner can access. Its mode is ${now}; run: chmod 600 ${file}`
      throw Object.assign(new Error(message), { code: "EACCES", path: String(file) })
    }
    const contents = Buffer.alloc(size)
    return contents.subarray(0, readSync(descriptor, contents, 0, size, 0))
  } finally {
    closeSync(descriptor)
  }
}

const isText = (key: unknown): key is string | Uint8Array => typeof key === "string" || isUint8Array(key)

/** Whether this is a key itself, and not an object that contains one. */
const isKey = (source: KeyInput | object): source is KeyInput =>
  isText(source) || source instanceof KeyObject || (typeof source === "object" && source !== null && "kty" in source)

function asPrivate(key: KeyInput, passphrase: string | undefined): KeyObject {
  try {
    if (key instanceof KeyObject) return key
    return isText(key)
      ? createPrivateKey({ key: key as Buffer, format: "pem", passphrase })
      : createPrivateKey({ key, format: "jwk" })
  } catch {
    throw invalid(
      "The private key cannot be read. Expected PEM (PKCS#8, with its passphrase if it is encrypted) or JWK",
    )
  }
}

function asPublic(key: KeyInput): KeyObject {
  const isPrivate = isText(key)
    ? Buffer.from(key as Uint8Array).includes("PRIVATE KEY-----")
    : key instanceof KeyObject
      ? key.type === "private"
      : "d" in key
  if (isPrivate) throw invalid("Expected a public key, but received a private key")
  try {
    if (key instanceof KeyObject) return key
    return isText(key)
      ? createPublicKey({ key: key as Buffer, format: "pem" })
      : createPublicKey({ key, format: "jwk" })
  } catch {
    throw invalid("The public key cannot be read. Expected PEM (SPKI) or JWK")
  }
}

/** Reads the key or the file, whichever is given. */
function load(what: string, { key, file }: VerificationKey, read: (key: KeyInput) => KeyObject): KeyObject {
  if ((key === undefined) === (file === undefined))
    throw invalid(`A ${what} needs either key or file, but received ${key === undefined ? "neither" : "both"}`)
  if (key !== undefined && !isKey(key)) throw invalid("Expected key to be PEM, JWK or a KeyObject")
  const contents = file === undefined ? undefined : readKeyFile(file, what === "Signer")
  try {
    const object = read(contents ?? (key as KeyInput))
    if (object.asymmetricKeyType !== "ed25519")
      throw invalid(`Expected an Ed25519 key, but received ${object.asymmetricKeyType ?? "a secret key"}`)
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
  if (!isKeyId(keyId)) throw invalid("Expected keyId to be a string of 1 to 255 bytes without control characters")
  return keyId
}

/** The private key of a Signer's options. */
export function privateKey(options: VerificationKey & { passphrase?: string }): PrivateKey {
  const key = load("Signer", options, (source) => asPrivate(source, options.passphrase))
  if (key.type !== "private") throw invalid("Expected a private key, but received a public key")
  const publicKey = createPublicKey(key)
  return { key, publicKey, keyId: checkKeyId(options.keyId ?? fingerprintOf(publicKey)) }
}

function timeOf(name: string, value: Date | string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise
  const time = isDate(value) || typeof value === "string" ? new Date(value).getTime() : Number.NaN
  if (Number.isNaN(time)) throw invalid(`Expected ${name} to be a Date or a string that Date accepts`)
  return time
}

const names = ["key", "file", "keyId", "notBefore", "notAfter", "revoked"]

/** One of the public keys of a Verifier. */
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
