// The state of a socket that sending and receiving share.

import type { Dealer, Socket } from "../index.js"

/** Any socket of the main API. Sockets that only send or only receive lack the other methods. */
export type AnySocket = Socket & Partial<Pick<Dealer, "send" | "trySend" | "receive" | "tryReceive">>

/** The v5 socket, which emits the events. */
export interface EventSource {
  emit(event: string, ...values: unknown[]): boolean
  listenerCount(event: string): number
}

/** A socket of the main API and the v5 socket in front of it. */
export class Link {
  /** If true, no message is sent or emitted. */
  paused = false
  /** If true, a bind or unbind is in progress, and nothing else may use the socket. */
  blocked = false
  /** The operation that REQ or REP allows next; undefined for other types. */
  next: "send" | "receive" | undefined

  constructor(
    readonly socket: AnySocket,
    readonly emitter: EventSource,
    type: string,
  ) {
    if (type === "req") this.next = "send"
    if (type === "rep") this.next = "receive"
  }

  /** Whether the socket allows this operation now. */
  allows(operation: "send" | "receive"): boolean {
    return !this.paused && !this.blocked && !this.socket.closed && (this.next === undefined || this.next === operation)
  }

  /** Call it after an operation, with the one that follows. */
  pass(next: "send" | "receive"): void {
    if (this.next !== undefined) this.next = next
  }
}
