// The errors of the link. Match on `code`.

/**
 * What went wrong, as a code:
 *
 * - `MALFORMED`: the other side sent a message that the protocol does not have.
 * - `REFUSED`: the receiver refused the session; `refusal` says why. The sender tries again.
 * - `RESTORED`: the receiver has events of this stream that this store never had: the store was restored from a backup, or a copy of it runs
 *   elsewhere. The sender stops.
 * - `LOST`: the connection was lost.
 * - `CLOSED`: the sender or receiver was closed.
 */
export type LinkErrorCode = "MALFORMED" | "REFUSED" | "RESTORED" | "LOST" | "CLOSED"

/** An error of the link. */
export class LinkError extends Error {
  override readonly name = "LinkError"
  /** What went wrong. */
  readonly code: LinkErrorCode
  /** The reason that the receiver gave. */
  readonly refusal: RefusalCode | undefined

  constructor(code: LinkErrorCode, message: string, refusal?: RefusalCode) {
    super(message)
    this.code = code
    this.refusal = refusal
  }
}

/** Why a receiver refuses a session or an event, with the byte that stands for it. */
export const refusals = {
  /** It speaks another version of the protocol. */
  version: 1,
  /** A message is not one of the protocol's. */
  malformed: 2,
  /** The sender is not who it must be. */
  unauthenticated: 3,
  /** Another sender with this stream id is connected. */
  "stream-in-use": 4,
  /** An event came without a session: after a connection was replaced. */
  "no-session": 5,
  /** The store could not append. */
  "store-failed": 6,
  /** More bytes were sent than the receiver had allowed. */
  "credit-exceeded": 7,
  /** Events are missing before this one, and were not announced as lost. */
  "missing-events": 8,
  /** The event itself is invalid, and will be whenever it is sent. */
  "invalid-event": 9,
  /** The receiver closes. */
  closing: 10,
} as const

/** Why a receiver refuses a session or an event. */
export type RefusalCode = keyof typeof refusals
