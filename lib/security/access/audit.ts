// How an authenticator reports its decisions: as events, and through node:diagnostics_channel.

import { type Channel, channel } from "node:diagnostics_channel"

import type { Mechanism } from "./zap.js"

/**
 * One decision, or a summary of many denials of one address for one reason; then the other fields describe the last one. It contains
 * no passwords and no secret keys.
 */
export interface AuditEvent {
  /** Whether the peer was allowed. */
  outcome: "allowed" | "denied"
  /** Why, such as "known", "unknown key", "address denied", "too many failures", "the handler failed". */
  reason: string
  /** The reply: 200 allowed, 400 denied, 300 denied for now. */
  status: 200 | 300 | 400
  /** When it was made, in milliseconds since 1970, as from `Date.now()`. */
  time: number
  /** How many decisions this event reports. More than 1 if an address was denied repeatedly. */
  count: number
  /** When the first of them was made, like `time`. */
  first: number
  /** The server's ZAP domain. */
  domain: string
  /** The peer's IP address; over ipc what the system says about its process, if anything. */
  address: string
  /** Null if the request was malformed. */
  mechanism: Mechanism | null
  /** The user who was allowed; null if denied, or if the mechanism has no users. */
  userId: string | null
  /** The peer's CURVE key, as 40 characters of Z85. The peer has proven that it owns the secret key. */
  publicKey?: string
  /** The user name that the peer claims with PLAIN. It is proven only if the peer was allowed. */
  username?: string
  /** The peer's GSSAPI principal. */
  principal?: string

  /** How long the decision took, in milliseconds. */
  duration: number
}

/** A key, user or address that may no longer connect. */
export interface RevokedEvent {
  /** What was revoked: a public key, a user id or an address. */
  revoked: string
  /** When, in milliseconds since 1970. */
  time: number
  /** How many connections were closed because of it. */
  connections: number
}

/** The events of an Authenticator, with the arguments of their listeners. */
export interface AuthenticatorEvents {
  /** A peer was allowed. */
  allowed: [event: AuditEvent]
  /** A peer, or several, were denied. */
  denied: [event: AuditEvent]
  /** A key, user or address was revoked. */
  revoked: [event: RevokedEvent]
  /** A handler failed, or a file is invalid or cannot be read. */
  problem: [error: Error]
}

/** The channels "ohmq:security:allowed", "ohmq:security:denied" and "ohmq:security:revoked", of all authenticators. */
export const channels: Record<"allowed" | "denied" | "revoked", Channel> = {
  allowed: channel("ohmq:security:allowed"),
  denied: channel("ohmq:security:denied"),
  revoked: channel("ohmq:security:revoked"),
}
