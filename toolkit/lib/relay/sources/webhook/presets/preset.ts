// What a preset is, and what presets have in common.

import { createHash, timingSafeEqual } from "node:crypto"
import type { Severity } from "../../../../events/index.js"
import type { HttpRequest } from "../../../http/paths.js"
import { hasHmac } from "../../../http/signatures.js"
import type { Config } from "../options.js"

/** A reason to refuse a request. */
export interface Denied {
  readonly status: 400 | 401
  readonly reason: string
  readonly message: string
}

/** An event in a request. */
export interface Draft {
  readonly type: string
  /** Identifies the delivery of the event, and becomes its id: a redelivery has the same. */
  readonly delivery?: string | undefined
  readonly source?: string | undefined
  readonly subject?: string | undefined
  /** As RFC 3339 says. */
  readonly time?: string | undefined
  readonly severity?: Severity | undefined
  /** The body, byte for byte, unless the request has several events. */
  readonly data?: unknown
}

/** The events in a request. */
export interface Drafts {
  readonly events: readonly Draft[]
  /** How many events the sender left out. */
  readonly omitted?: number
}

/** How a sender proves who it is, and what its events are called. */
export interface Preset {
  /** Whether the body must be JSON. */
  readonly isJson: boolean
  /** Verifies the headers and the raw body. Returns what is wrong. */
  verify(request: HttpRequest, now: number): Denied | undefined
  /** Reads a request that was verified. `body` is the JSON of the body, if it is JSON. */
  read(request: HttpRequest, body: unknown): Drafts | Denied
}

export type PresetOf = (config: Config) => Preset

export const denied = (reason: string, message: string, status: 400 | 401 = 401): Denied => ({
  status,
  reason,
  message,
})

/** A request that is authentic, and not what the sender's documentation describes. */
export const unexpected = (message: string): Denied => denied("payload", message, 400)

export const headerOf = ({ headers }: HttpRequest, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === "string" && value !== "" ? value : undefined
}

/** A name that can be part of a type or an identifier. */
export const isName = (value: unknown): value is string => typeof value === "string" && /^[\w.:/-]{1,200}$/.test(value)

export const isSeverity = (text: string | undefined): text is Severity =>
  text !== undefined && ["critical", "high", "medium", "low", "info"].includes(text)

/** A member of a JSON value, by its path. Undefined if there is none. */
export const member = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>(
    (at, name) => (typeof at === "object" && at !== null ? (at as Record<string, unknown>)[name] : undefined),
    value,
  )

/** A text in a JSON value, by its path. Numbers are written out. Undefined if there is none, or if it is empty. */
export function textAt(value: unknown, ...path: string[]): string | undefined {
  const found = member(value, ...path)
  if (typeof found === "number" && Number.isSafeInteger(found)) return String(found)
  return typeof found === "string" && found !== "" ? found : undefined
}

/** A time in a JSON value as RFC 3339 writes it, if it is one. */
export function timeAt(value: unknown, ...path: string[]): string | undefined {
  const found = member(value, ...path)
  if (typeof found !== "string" && typeof found !== "number") return undefined
  const time = new Date(found)
  // Go writes 0001-01-01 for a time that is not set.
  return Number.isNaN(time.getTime()) || time.getTime() <= 0 ? undefined : time.toISOString()
}

/** Verifies the HMAC-SHA256 of the body in a header. */
export function verifyHmac(
  request: HttpRequest,
  { secret }: Config,
  { header, prefix, encodings }: { header: string; prefix: string; encodings: readonly ("hex" | "base64")[] },
): Denied | undefined {
  const signature = headerOf(request, header.toLowerCase())
  if (signature === undefined) return denied("unsigned", `${header} is missing: set the secret of the hook`)
  const secrets = secret.map((one) => one.reveal())
  const given = signature.slice(prefix.length)
  const isSigned =
    signature.startsWith(prefix) && encodings.some((encoding) => hasHmac(request.body, given, encoding, secrets))
  return isSigned ? undefined : denied("signature", "The signature does not match")
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Whether a text is one of the secrets. All are compared, in constant time. */
export const isSecret = (given: string, { secret }: Config): boolean =>
  secret.reduce((found, one) => timingSafeEqual(digest(one.reveal()), digest(given)) || found, false)

/** The token in `Authorization: Bearer TOKEN`, or the password in `Authorization: Basic`. */
function credentials(value: string): string | undefined {
  const [, scheme, given] = /^(Bearer|Basic) +(\S.*)$/i.exec(value) ?? []
  if (scheme === undefined || given === undefined) return undefined
  if (scheme.toLowerCase() === "bearer") return given
  const text = Buffer.from(given, "base64").toString("utf8")
  const colon = text.indexOf(":")
  return colon < 0 ? undefined : text.slice(colon + 1)
}

/** Verifies a secret that comes in clear: a bearer token or the password of basic authentication, or the value of another header. */
export function verifyToken(request: HttpRequest, config: Config, header = "Authorization"): Denied | undefined {
  const value = headerOf(request, header.toLowerCase())
  if (value === undefined) return denied("unsigned", `${header} is missing`)
  const given = header.toLowerCase() === "authorization" ? credentials(value) : value
  if (given === undefined) return denied("unsigned", "Authorization must be a bearer token or basic authentication")
  return isSecret(given, config) ? undefined : denied("signature", "The secret does not match")
}
