// The errors of services. Match on `code`.

/**
 * What went wrong, as a code. These come from the client itself:
 *
 * - `TIMEOUT`: the deadline of the request has passed.
 * - `UNREACHABLE`: the deadline has passed, and no server was there all that time.
 * - `LOST`: the server was lost while it had the request. It may have handled it.
 * - `TOO_LARGE`: the request is larger than the server takes.
 * - `CLOSED`: the client was closed.
 *
 * These come from a server:
 *
 * - `BUSY`: as many requests wait as may. `retryAfter` says when to come again.
 * - `DRAINING`: the server ends, and begins nothing more.
 * - `NO_SERVICE`: the server has no service of that name.
 * - `INVALID_INPUT`, `INVALID_OUTPUT`: what came does not fit the schema. The client says so too, of what it sends and gets.
 * - `STREAMED`: the service answers with a stream, and was asked for one reply.
 * - `FAILED`: the handler threw an error that is not a ServiceError. Only the server knows which.
 * - `MALFORMED`: a message is not one of the protocol's.
 * - `VERSION`: the other side speaks another version of the protocol.
 *
 * Handlers may have more.
 */
export type ServiceErrorCode =
  | "TIMEOUT"
  | "UNREACHABLE"
  | "LOST"
  | "TOO_LARGE"
  | "CLOSED"
  | "BUSY"
  | "DRAINING"
  | "NO_SERVICE"
  | "INVALID_INPUT"
  | "INVALID_OUTPUT"
  | "STREAMED"
  | "FAILED"
  | "MALFORMED"
  | "VERSION"

/** What else an error says. */
export interface ServiceErrorDetails {
  /** When to try again, in milliseconds from now. */
  retryAfter?: number | undefined
  /** Whether no server has begun with the request, so that it is safe to send it again. False by default. */
  notBegun?: boolean | undefined
}

/**
 * An error of a request. What a handler throws of this class reaches the caller, with its code and message; never its stack.
 *
 * ```typescript
 * throw new ServiceError("NO_SUCH_IMAGE", "There is no image alpine:0")
 * ```
 */
export class ServiceError extends Error {
  override readonly name = "ServiceError"
  /** What went wrong: a {@link ServiceErrorCode}, or a code of the handler. 1 to 64 of A to Z, 0 to 9 and _. */
  readonly code: ServiceErrorCode | (string & {})
  /** When to try again, in milliseconds from now. */
  readonly retryAfter: number | undefined
  /** Whether no server has begun with the request. */
  readonly notBegun: boolean

  constructor(code: ServiceErrorCode | (string & {}), message: string, details: ServiceErrorDetails = {}) {
    super(message)
    if (!/^[A-Z0-9_]{1,64}$/.test(code))
      throw new TypeError(`Expected a code of 1 to 64 of A to Z, 0 to 9 and _ but received ${JSON.stringify(code)}`)
    this.code = code
    this.retryAfter = details.retryAfter
    this.notBegun = details.notBegun ?? false
  }
}
