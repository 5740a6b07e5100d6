// Certificates: a public key, its owner, and perhaps the secret key, which nothing here ever shows.

import { Buffer } from "node:buffer"
import { randomBytes } from "node:crypto"
import type { Stats } from "node:fs"
import { rm } from "node:fs/promises"
import process from "node:process"
import type { inspect } from "node:util"
import { isUint8Array } from "node:util/types"

import { brand } from "../../base/brand.js"
import { checkBoolean, checkOptions, checkTimeout, isObject } from "../../base/checks.js"
import { hasKeyForm, KEY_BYTES, KEY_CHARACTERS } from "../../base/curve-key.js"
import { dispose } from "../../base/dispose.js"
import { clearTimeout, setTimeout, type Timer } from "../../base/timers.js"
import { curveKeyPair } from "../../index.js"
import { checkFile, checkMode, createFile, LARGEST, readFile, replaceFile } from "./certificate-file.js"
import { decodeBytes, encodeToBytes, z85Decode } from "./z85.js"
import { FormatError, parseZpl, zplLine } from "./zpl.js"

/** The keys and metadata of a certificate. */
export interface KeyMaterial {
  /** 40 characters of Z85, or 32 bytes. Default: derived from the secret key. */
  publicKey?: string | Uint8Array
  /** 40 characters of Z85, or 32 bytes. Default: none. */
  secretKey?: string | Uint8Array | null
  /** The owner, and anything else about it. An Authenticator uses `name` as the user id. */
  metadata?: Record<string, string>
}

/** Options of `fromEnvironment`. */
export interface EnvironmentOptions {
  /** The prefix of the variables' names. Default "OHMQ": OHMQ_SECRET_KEY, OHMQ_PUBLIC_KEY, OHMQ_NAME. */
  prefix?: string
  /** Leaves the secret key in `process.env`, where child processes inherit it. Default false: deletes it. */
  keep?: boolean
}

/** Options of `fromVault`. */
export interface VaultOptions {
  /** How long the callback may take, in milliseconds. Default 30,000. */
  timeout?: number
}

/** Options of `save`. */
export interface SaveOptions {
  /** Replaces existing files. Default true. */
  overwrite?: boolean
}

// Read now, because a test may replace curveKeyPair later.
const { publicKeyFrom: derivePublicKey } = curveKeyPair

const invalid = (message: string) => Object.assign(new TypeError(message), { code: "ERR_CERTIFICATE" })

/** What an error may say about an invalid key. */
function sizeOf(key: unknown): string {
  if (typeof key === "string") return `${key.length} characters`
  return isUint8Array(key) ? `${key.length} bytes` : typeof key
}

/** The 32 bytes of a key, in memory that nothing else shares. */
function keyBytes(what: string, key: unknown): Buffer {
  if (!hasKeyForm(key))
    throw invalid(`Expected the ${what} to be 40 characters of Z85 or 32 bytes, but received ${sizeOf(key)}`)
  if (typeof key !== "string") {
    const copy = Buffer.alloc(KEY_BYTES)
    copy.set(key)
    return copy
  }
  try {
    return z85Decode(key)
  } catch {
    throw invalid(`The ${what} is not valid Z85`)
  }
}

/** The public key of a secret key, as 40 characters of Z85. Throws a TypeError with the code ERR_CERTIFICATE for an invalid key. */
export function publicKeyFrom(secretKey: string | Uint8Array): string {
  const bytes = keyBytes("secret key", secretKey)
  try {
    return derivePublicKey(bytes)
  } finally {
    bytes.fill(0)
  }
}

const publicHeader = `#   ZeroMQ CURVE Public Certificate
#   Exchange it securely, or verify its contents by other means after exchange.

`

const secretHeader = `#   ZeroMQ CURVE **Secret** Certificate
#   Do not give this file to others, nor change its permissions.

`

function checkMetadata(metadata: unknown): Readonly<Record<string, string>> {
  if (!isObject(metadata)) throw invalid("Expected metadata to be an object of strings")
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== "string")
      throw invalid(`Expected metadata ${JSON.stringify(name)} to be a string, but received ${typeof value}`)
    zplLine(name, value)
  }
  return Object.freeze({ ...(metadata as Record<string, string>) })
}

/**
 * A CURVE certificate. With its secret key, a socket uses it as its own (`security`). Without, peers recognize its owner by it.
 *
 * ```typescript
 * const certificate = Certificate.generate({ name: "server" })
 * await certificate.save("server.key") // and server.key_secret, which only this user can read
 * const mine = await Certificate.load("server.key_secret")
 * ```
 *
 * The secret key is kept as bytes outside of JavaScript's heap. No error, inspection or JSON shows it. `destroy()`, or the end of a `using`
 * block, zeroes it. Invalid keys and files throw a TypeError with the code ERR_CERTIFICATE or an Error with ERR_CERTIFICATE_FORMAT.
 */
export class Certificate {
  /** The public key, as 40 characters of Z85. */
  readonly publicKey: string
  /** The owner, and anything else about it. */
  readonly metadata: Readonly<Record<string, string>>
  #secret: Buffer | undefined
  #destroyed = false

  private constructor(publicKey: string, secret: Buffer | undefined, metadata: Readonly<Record<string, string>>) {
    this.publicKey = publicKey
    this.metadata = metadata
    this.#secret = secret
  }

  /** Generates a key pair. */
  static generate(metadata: Record<string, string> = {}): Certificate {
    const secret = randomBytes(32)
    return new Certificate(derivePublicKey(secret), secret, checkMetadata(metadata))
  }

  /** Makes a certificate of existing keys, and copies the secret key. */
  static from(material: KeyMaterial): Certificate {
    if (!isObject(material)) throw invalid("Expected an object with a publicKey or a secretKey")
    // A certificate of another copy of this package is copied like any other object.
    if (#secret in material) return material
    const { publicKey, secretKey, metadata = {} } = material
    const known = checkMetadata(metadata)
    const bytes = publicKey === undefined ? undefined : keyBytes("public key", publicKey)
    if (secretKey === undefined || secretKey === null) {
      if (bytes === undefined) throw invalid("A certificate needs a publicKey or a secretKey, but received neither")
      return new Certificate(encodeToBytes(bytes).toString("latin1"), undefined, known)
    }
    const secret = keyBytes("secret key", secretKey)
    const derived = derivePublicKey(secret)
    if (bytes !== undefined && derived !== encodeToBytes(bytes).toString("latin1")) {
      secret.fill(0)
      throw invalid("The public key does not match the secret key. Are they swapped?")
    }
    return new Certificate(derived, secret, known)
  }

  /** Parses the contents of a certificate file. Pass bytes rather than a string: the caller can zero them. */
  static parse(text: string | Uint8Array): Certificate {
    const file = Buffer.from(text as string)
    try {
      const values = parseZpl(file)
      const key = (name: string) => {
        const value = values.get(`curve/${name}`)
        if (value === undefined) return undefined
        if (value.length !== KEY_CHARACTERS)
          throw new FormatError(0, `${name} must have 40 characters, but has ${value.length}`)
        try {
          return decodeBytes(value)
        } catch {
          throw new FormatError(0, `${name} is not valid Z85`)
        }
      }
      const metadata: [string, string][] = []
      for (const [name, value] of values) {
        if (name.startsWith("metadata/")) metadata.push([name.slice("metadata/".length), value.toString()])
      }
      const secretKey = key("secret-key")
      try {
        const publicKey = key("public-key")
        if (publicKey === undefined) throw new FormatError(0, "the public-key under curve is missing")
        return Certificate.from({ publicKey, secretKey, metadata: Object.fromEntries(metadata) })
      } finally {
        secretKey?.fill(0)
      }
    } finally {
      file.fill(0)
    }
  }

  /**
   * Reads a certificate file of CZMQ, pyzmq or this class: the public one (`.key`) or the secret one (`.key_secret`). Rejects with EACCES
   * if the file has a secret key and its group or others can read or change it.
   */
  static load(file: string): Promise<Certificate> {
    return loadCertificate(file)
  }

  /** Reads the secret key, the public key and the name from environment variables. One of the keys must be set. */
  static fromEnvironment(options: EnvironmentOptions = {}): Certificate {
    const { prefix = "OHMQ", keep = false } = checkOptions("the options of fromEnvironment", options, [
      "prefix",
      "keep",
    ])
    checkBoolean("keep", keep)
    const [secretName, publicName, name] = ["SECRET_KEY", "PUBLIC_KEY", "NAME"].map((end) => `${prefix}_${end}`)
    const secretKey = process.env[secretName as string]
    const publicKey = process.env[publicName as string]
    if (!secretKey && !publicKey) throw invalid(`Neither ${secretName} nor ${publicName} is set in the environment`)
    const user = process.env[name as string]
    try {
      return Certificate.from({
        ...(secretKey && { secretKey }),
        ...(publicKey && { publicKey }),
        ...(user && { metadata: { name: user } }),
      })
    } finally {
      if (!keep) delete process.env[secretName as string]
    }
  }

  /** Gets the keys, or the contents of a certificate file, from a callback: for vaults and key services. */
  static async fromVault(
    fetch: () => KeyMaterial | string | Uint8Array | Promise<KeyMaterial | string | Uint8Array>,
    options: VaultOptions = {},
  ): Promise<Certificate> {
    const { timeout = 30_000 } = checkOptions("the options of fromVault", options, ["timeout"])
    checkTimeout("timeout", timeout)
    if (typeof fetch !== "function") throw invalid(`Expected fetch to be a function, but received ${typeof fetch}`)
    let timer: Timer | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(invalid(`The vault did not answer within ${timeout} ms`)), timeout)
    })
    try {
      const material = await Promise.race([fetch(), late])
      return typeof material === "string" || isUint8Array(material)
        ? Certificate.parse(material)
        : Certificate.from(material)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Whether this certificate contains the secret key. */
  get hasSecretKey(): boolean {
    return this.#secret !== undefined
  }

  /** The 32 bytes of the secret key, or null. They are not a copy: `destroy()` zeroes them, and then this throws. */
  get secretKey(): Buffer | null {
    if (this.#destroyed) throw invalid("The certificate was destroyed, and its secret key zeroed")
    return this.#secret ?? null
  }

  /** This certificate without the secret key, to give to others. */
  get public(): Certificate {
    return new Certificate(this.publicKey, undefined, this.metadata)
  }

  /** Zeroes the secret key. Sockets that use it keep their own copy. */
  destroy(): void {
    if (this.#secret === undefined) return
    this.#secret.fill(0)
    this.#secret = undefined
    this.#destroyed = true
  }

  /** Calls `destroy()`, at the end of a `using` block. */
  [dispose](): void {
    this.destroy()
  }

  /**
   * Writes the public certificate to a file, and if it has a secret key, the secret certificate to the file's name with "_secret", which
   * only its owner can read. Replaces each file as a whole; with `overwrite: false`, rejects with EEXIST if one of them exists.
   */
  async save(file: string, options: SaveOptions = {}): Promise<void> {
    const { overwrite = true } = checkOptions("the options of save", options, ["overwrite"])
    if (checkBoolean("overwrite", overwrite)) {
      await this.savePublic(file)
      if (this.hasSecretKey) await this.saveSecret(`${file}_secret`)
      return
    }
    const secret = `${file}_secret`
    if (this.hasSecretKey) await this.#write(secret, this.secretKey, createFile)
    try {
      await this.#write(file, null, createFile)
    } catch (error) {
      if (this.hasSecretKey) await rm(secret)
      throw error
    }
  }

  /** Writes the public certificate to a file. */
  savePublic(file: string): Promise<void> {
    return this.#write(file, null, replaceFile)
  }

  /** Writes the secret certificate to a file that only its owner can read. */
  async saveSecret(file: string): Promise<void> {
    const { secretKey } = this
    if (secretKey === null) throw invalid("The certificate has no secret key to save")
    await this.#write(file, secretKey, replaceFile)
  }

  async #write(file: string, secret: Buffer | null, write: typeof replaceFile): Promise<void> {
    const text = this.#text(secret)
    try {
      await write(file, text, { mode: secret === null ? 0o644 : 0o600 })
    } finally {
      text.fill(0)
    }
  }

  #text(secret: Buffer | null): Buffer {
    const lines = Object.entries(this.metadata).map(([name, value]) => zplLine(name, value))
    const head = `${secret ? secretHeader : publicHeader}metadata\n${lines.join("")}curve\n    public-key = "${this.publicKey}"\n`
    if (secret === null) return Buffer.from(head)
    const encoded = encodeToBytes(secret)
    try {
      return Buffer.concat([Buffer.from(`${head}    secret-key = "`), encoded, Buffer.from('"\n')])
    } finally {
      encoded.fill(0)
    }
  }

  /** The certificate without its secret key. */
  toJSON(): Pick<Certificate, "publicKey" | "metadata" | "hasSecretKey"> {
    return { publicKey: this.publicKey, metadata: this.metadata, hasSecretKey: this.hasSecretKey }
  }

  /** `Certificate(NAME)`, or with the public key if it has no name. */
  toString(): string {
    return `Certificate(${this.metadata.name ?? this.publicKey})`
  }

  [Symbol.for("nodejs.util.inspect.custom")](_: number, options: object, show: typeof inspect): string {
    const secret = this.hasSecretKey ? "[hidden]" : null
    return `Certificate ${show({ publicKey: this.publicKey, metadata: this.metadata, secretKey: secret }, options)}`
  }
}

brand("Certificate", Certificate)

/** Loads a certificate from a file, after a check of the file. */
export async function loadCertificate(file: string, check: (stats: Stats) => void = () => {}): Promise<Certificate> {
  let stats: Stats | undefined
  const contents = await readFile(file, (found) => {
    stats = found
    checkFile(file, found, LARGEST)
    check(found)
  })
  let certificate: Certificate
  try {
    certificate = Certificate.parse(contents)
  } catch (error) {
    throw Object.assign(invalid(`${file} is not a valid certificate: ${(error as Error).message}`), { path: file })
  } finally {
    contents.fill(0)
  }
  try {
    const why = "has a secret key that other users than its owner can read or change"
    if (certificate.hasSecretKey) checkMode(file, stats as Stats, 0o077, why, "chmod 600")
  } catch (error) {
    certificate.destroy()
    throw error
  }
  return certificate
}

/** Generates a key pair, as a certificate. */
export const generateKeyPair = (metadata?: Record<string, string>): Certificate => Certificate.generate(metadata)
