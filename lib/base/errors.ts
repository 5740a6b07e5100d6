// The errors that TypeScript creates. The addon creates those of libzmq, with the same fields.

import { addon } from "../native/addon.js"

/** An error of libzmq or of the system. Match on `code`. */
export interface ErrnoError extends Error {
  /** The name of the error, such as "EAGAIN". */
  code: string
  /** Its number on this platform. */
  errno: number
  /** What bind, unbind, connect or disconnect was called with. */
  address?: string
  /** The name of the option that a constructor could not set. A TypeError for its value has this, too. */
  option?: string
  /**
   * More than the code says. With EAGAIN, "timeout" if the time ran out, "closed" if the socket or observer was closed
   * meanwhile. With the error of an address, such as EINVAL or EPROTONOSUPPORT, what is wrong with it and what a valid one looks like.
   */
  reason?: string
}

export const errnoError = (code: string, message?: string): ErrnoError => addon.errnoError(code, message) as ErrnoError

export const errnoErrorOf = (number: number): ErrnoError => addon.errnoErrorOf(number) as ErrnoError

/**
 * Records the stack of the caller, for errors that are created later or on another thread. The function that it returns puts that stack on
 * an error. Without an error it is cheap: V8 formats a stack only when it is read.
 *
 * @param callee The function that was called. It is left out of the stack, with everything that it called itself.
 */
export function noteCaller(callee: (...values: never[]) => unknown): <T>(error: T) => T {
  const caller: { stack?: unknown } = {}
  Error.captureStackTrace(caller, callee)
  return (error) => {
    const { stack } = caller
    // A program may format stacks itself (Error.prepareStackTrace) or turn them off.
    const frames = typeof stack === "string" ? stack.slice(stack.indexOf("\n")) : ""
    if (frames.startsWith("\n")) {
      Object.defineProperty(error, "stack", { value: `${error}${frames}`, writable: true, configurable: true })
    }
    return error
  }
}

export const closedError = () => errnoError("EBADF")
/** Adds a reason to an error whose code and message are zeromq's. */
export const withReason = <E extends object>(error: E, reason: string): E => Object.assign(error, { reason })

/** The error of an operation that timed out. */
export const timeoutError = () => withReason(errnoError("EAGAIN"), "timeout")
/** The error of an operation that was waiting when its socket or observer was closed. */
export const interruptedError = () => withReason(errnoError("EAGAIN"), "closed")
export const blockedError = () => errnoError("EBUSY", "Socket is blocked by a bind or unbind operation")
export const lentError = () => errnoError("EBUSY", "Socket belongs to a running proxy")
export const busyWritingError = () =>
  errnoError("EBUSY", "Socket is busy writing; only one send operation may be in progress at any time")
export const busyReadingError = () =>
  errnoError("EBUSY", "Socket is busy reading; only one receive operation may be in progress at any time")

export const busyObserverError = () =>
  errnoError("EBUSY", "Observer is busy reading; only one receive operation may be in progress at any time")

export const queueFullError = (direction: string, limit: number) =>
  errnoError("EBUSY", `The ${direction} queue is full (${limit} ${direction}s are waiting)`)
export const droppedError = (direction: string) =>
  errnoError("ECANCELED", `The ${direction} queue was full, and this ${direction} made room for a newer one`)

/** The error of sendMany if it did not send all messages. */
export interface BatchError extends ErrnoError {
  /** How many messages were sent, from the first on. */
  sent: number
}

/** Adds the number of sent messages to an error. The reason of a signal may be any value, so it becomes the `cause` of a new error. */
export function batchError(error: unknown, sent: number, aborted: boolean): BatchError {
  const failure = aborted
    ? Object.assign(new Error("The operation was aborted", { cause: error }), { name: "AbortError", code: "ABORT_ERR" })
    : (error as Error)
  return Object.assign(failure, { sent }) as BatchError
}
