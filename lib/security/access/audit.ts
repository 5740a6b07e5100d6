// What an authenticator tells of its decisions: to listeners, and through node:diagnostics_channel.

import { type Channel, channel } from "node:diagnostics_channel"

import type { Mechanism } from "./zap.js"

/**
 * One decision, or many denials of one address for one reason, of which it tells the last. There are no passwords and no secret
 * keys in it.
 */
export interface AuditEvent {
  outcome: "allowed" | "denied"
  /** Why, such as "known", "unknown key", "address denied", "too many failures", "the handler failed". */
  reason: string
  /** The reply: 200 allowed, 400 denied, 300 denied for now. */
  status: 200 | 300 | 400
  /** When, as Date.now() has it. */
  time: number
  /** How many decisions this tells of: more than one where an address is denied again and again. */
  count: number
  /** When the first of them was. */
  first: number
  domain: string
  /** The peer's IP address; over ipc what the system tells of the process, if anything. */
  address: string
  mechanism: Mechanism | null
  /** Who was let in. */
  userId: string | null
  /** Who the peer has claimed to be: for CURVE this is proven, for PLAIN only if it is let in. */
  publicKey?: string
  username?: string
  principal?: string
  /** How long the decision took, in milliseconds. */
  duration: number
}

/** A key, user or address that may connect no more. */
export interface RevokedEvent {
  /** What was revoked: a public key, a user id or an address. */
  revoked: string
  time: number
  /** How many connections were ended for it. */
  connections: number
}

export interface AuthenticatorEvents {
  allowed: [event: AuditEvent]
  denied: [event: AuditEvent]
  revoked: [event: RevokedEvent]
  /** A handler has failed or a file cannot be used. */
  problem: [error: Error]
}

/** The channels "ohmq:security:allowed", "ohmq:security:denied" and "ohmq:security:revoked", of all authenticators. */
export const channels: Record<"allowed" | "denied" | "revoked", Channel> = {
  allowed: channel("ohmq:security:allowed"),
  denied: channel("ohmq:security:denied"),
  revoked: channel("ohmq:security:revoked"),
}
