// What a server tells about itself.

import type { ServiceError } from "../service-error.js"

/** The events of a server, and their arguments. */
export interface ServerEvents {
  /**
   * A handler threw an error that is not a ServiceError, or answered what cannot be sent: the caller learns `FAILED` only. Without a
   * call, it is the socket that has failed.
   */
  failed: [error: unknown, call?: { service: string; caller: string | undefined }]
  /** A message was refused. */
  refused: [error: ServiceError, caller: string | undefined]
}

/** The state of a server. */
export interface ServerStats {
  /** Clients that are connected. */
  clients: number
  /** Requests that are handled now. */
  running: number
  /** Requests that wait for a handler. */
  waiting: number
  /** Requests that were answered by their handlers, with a reply or an error. */
  answered: number
  /** Requests that were refused with `BUSY` or `DRAINING`. */
  shed: number
  /** Messages that are not the protocol's. */
  malformed: number
}
