// What an error of the server says about an event. The codes: https://github.com/nats-io/nats-server/blob/main/server/errors.json

import { JetStreamApiError } from "@nats-io/jetstream"
import { errors } from "@nats-io/transport-node"
import type { Outcome } from "../../components.js"

/** About the event: it is larger than the stream takes, or its headers than the server. */
const refused = new Set([10054, 10097])

/** A person must change something: a limit of the account, another stream than `stream`, a sealed stream. */
const held = new Set([10002, 10060, 10109])

/** Nobody took the event. The client calls that "not enabled", whatever the cause. */
export const isUnheard = (error: unknown): boolean => (error as Error).name === "JetStreamNotEnabled"

export function verdictOf(error: unknown, subject: string): Outcome {
  // The client wraps what becomes of a request.
  const cause = error instanceof errors.RequestError && error.cause instanceof Error ? error.cause : (error as Error)
  if (cause instanceof JetStreamApiError) {
    const reason = `The server answered ${cause.code}: ${cause.message}`
    if (refused.has(cause.code)) return { refused: reason }
    return held.has(cause.code) ? { retry: reason, isHeld: true } : { retry: reason }
  }
  if (cause instanceof errors.InvalidArgumentError && cause.message.includes("max_payload"))
    return { refused: "The event is larger than the server takes (max_payload)" }
  if (cause instanceof errors.PermissionViolationError)
    return { retry: `The user may not publish to ${subject}`, isHeld: true }
  if (cause instanceof errors.AuthorizationError || cause instanceof errors.UserAuthenticationExpiredError)
    return { retry: `The server refuses the credentials: ${cause.message}`, isHeld: true }
  if (cause instanceof errors.TimeoutError) return { retry: "The server did not acknowledge in time" }
  return { retry: cause.message || "The connection failed" }
}
