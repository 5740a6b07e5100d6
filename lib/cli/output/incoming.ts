// A message as the outputs see it.

import type { Buffer } from "node:buffer"

/** What is known of a message beside its parts. */
export interface Details {
  /** The authenticated user id. */
  readonly userId?: string | null
  readonly peerAddress?: string | null
  /** The routing id that the peer has chosen. */
  readonly routingId?: string | null
  readonly properties?: Readonly<Record<string, string>>
}

/** A message that was received. */
export interface Incoming {
  /** The parts; of a Dish the group first, of a Server or Peer the routing id. */
  readonly parts: readonly Buffer[]
  readonly details?: Details
  /** When it came, if that was not just now. */
  readonly time?: Date
  /** The group, of a Dish. */
  readonly group?: string
  /** The number of the peer, of a Server or Peer. */
  readonly peer?: number
}
