// The errors of the task queue. Match on `code`.

/**
 * What went wrong, as a code:
 *
 * - `INVALID`: what was passed is not valid; the message names it.
 * - `UNKNOWN`: there is no task, schedule or request with this name.
 * - `FULL`: a bound of the queue is reached.
 * - `DRAINING`: the named queue takes no tasks.
 * - `STALE`: the lease is not the last one of the task: it expired, and the task was given to another worker or has ended.
 * - `DENIED`: the user may not do that, or the queue does not let this side in.
 * - `MALFORMED`: the other side sent a message that the protocol does not have.
 * - `VERSION`: the other side speaks another version of the protocol.
 * - `STORE`: the store of the queue failed. What was not acknowledged is not stored.
 * - `TAKEN_OVER`: another process has opened the queue in the same store.
 * - `TIMEOUT`: there was no answer in time.
 * - `CLOSED`: it was closed.
 */
export type TaskErrorCode =
  | "INVALID"
  | "UNKNOWN"
  | "FULL"
  | "DRAINING"
  | "STALE"
  | "DENIED"
  | "MALFORMED"
  | "VERSION"
  | "STORE"
  | "TAKEN_OVER"
  | "TIMEOUT"
  | "CLOSED"

/** An error of the task queue. */
export class TaskError extends Error {
  override readonly name = "TaskError"
  /** What went wrong. */
  readonly code: TaskErrorCode

  constructor(code: TaskErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
