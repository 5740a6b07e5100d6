// What a sender tells: its events, and its state.

import type { LinkError } from "./link-error.js"

/** The events of a sender, and their arguments. */
export interface SenderEvents {
  /** There is no connection yet, and `error` says why. The sender goes on trying. */
  unreachable: [error: LinkError]
  /** The receiver is ready. */
  connected: [endpoint: string]
  /** The session has ended; `error` says why. The sender tries again. */
  disconnected: [error: Error]
  /** The receiver has stored so many more events. */
  delivered: [events: number]
  /** This store has lost so many events, at most, and the receiver knows that. */
  lost: [events: number]
  /** The receiver refused an event. It is a dead letter of the cursor. */
  refused: [refusal: { sequence: number; reason: string }]
  /** The receiver has less than was acknowledged. */
  behind: [report: { last: number; acknowledged: number; resentFrom: number }]
  /** The sender has stopped, and does not try again: `RESTORED`. */
  stopped: [error: LinkError]
}

/** The state of a sender. */
export interface SenderStats {
  /** What it does. It is `stopped` after it has found that its store was restored from a backup. */
  state: "connecting" | "connected" | "stopped" | "closed"
  /** The receiver that it is connected to, or tries to reach. */
  endpoint: string
  /** The name of the stream that it sends. */
  stream: string
  /** The last sequence that is stored at the receiver. */
  acknowledged: number
  /** How many positions of the store are not stored there. */
  lag: number
  /** What is sent and not acknowledged. */
  underWay: number
  /** How many bytes those have. */
  underWayBytes: number
  /** When the oldest event that the receiver does not have was received, in milliseconds since 1970, if that is known. */
  oldest: number | undefined
  /** Events that were sent, some of them more than once. */
  sent: number
  /** Events that the receiver has stored. */
  delivered: number
  /** Events that the receiver has refused, which are dead letters now. */
  refused: number
  /** How often the sender had to wait for credit. */
  creditWaits: number
  /** Sessions so far. */
  sessions: number
  /** Why the last session ended. */
  error: Error | undefined
}
