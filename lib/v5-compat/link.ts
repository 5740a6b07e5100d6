// What the two directions of a socket know of it, and of each other.

import type { Dealer, Socket } from "../index.js"

/** Any socket of the main API. Those of one direction lack the methods of the other. */
export type AnySocket = Socket & Partial<Pick<Dealer, "send" | "trySend" | "receive" | "tryReceive">>

/** What emits the events. */
export interface Emitter {
  emit(event: string, ...values: unknown[]): boolean
  listenerCount(event: string): number
}

/** A socket of the main API and the v5 socket in front of it. */
export class Link {
  /** Nothing is sent, and no message emitted. */
  paused = false
  /** A bind or unbind is under way; others must not use the socket meanwhile. */
  blocked = false
  /** Whose turn it is on a REQ or REP, undefined on others. */
  turn: "send" | "receive" | undefined

  constructor(
    readonly socket: AnySocket,
    readonly emitter: Emitter,
    type: string,
  ) {
    if (type === "req") this.turn = "send"
    if (type === "rep") this.turn = "receive"
  }

  /** Whether a message could go now in that direction. */
  allows(direction: "send" | "receive"): boolean {
    return !this.paused && !this.blocked && !this.socket.closed && (this.turn === undefined || this.turn === direction)
  }

  /** To be called when one has gone. */
  pass(next: "send" | "receive"): void {
    if (this.turn !== undefined) this.turn = next
  }
}
