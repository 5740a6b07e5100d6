// Peers of a Router that come and go, told among its messages.

import { randomBytes } from "node:crypto"
import { EventEmitter } from "node:events"

import type { Message } from "./types.js"

/** "connect": a peer has come, told before its first message is received. "disconnect": it has gone, told after its last. */
export type PeerEvent = "connect" | "disconnect"

type PeerListener = (routingId: Buffer) => void

/**
 * Tells of the peers of a Router that come and go, in order with their messages, and as the program receives those: while
 * nothing is received, nothing is told.
 */
export class PeerEvents extends EventEmitter {
  /** What libzmq puts in for a peer that has gone. No peer can know it, so no peer can send it. */
  readonly #farewell: Buffer
  readonly #connected = new Set<string>()

  /** @internal */
  constructor(farewell: Buffer) {
    super()
    this.#farewell = farewell
  }

  /** The routing ids of the peers that are there, as far as was told. */
  get connected(): Buffer[] {
    return Array.from(this.#connected, (name) => Buffer.from(name, "latin1"))
  }

  /** @internal Tells of a message, if it is one of those that libzmq puts in. */
  consume(message: Message[]): boolean {
    if (message.length !== 2) return false
    const [routingId, body] = message as [Buffer, Buffer]
    const name = routingId.toString("latin1")
    // An empty message may also be a peer's own, but never its first: before that libzmq tells of the peer.
    if (body.length === 0 && !this.#connected.has(name)) {
      this.#connected.add(name)
      this.#tell("connect", routingId)
      return true
    }
    if (!body.equals(this.#farewell)) return false
    this.#connected.delete(name)
    this.#tell("disconnect", routingId)
    return true
  }

  /** Later, because this is in the middle of a receive, which a listener that throws must not end. */
  #tell(event: PeerEvent, routingId: Buffer): void {
    const copy = Buffer.from(routingId)
    queueMicrotask(() => this.emit(event, copy))
  }
}

export interface PeerEvents {
  on(event: PeerEvent, listener: PeerListener): this
  once(event: PeerEvent, listener: PeerListener): this
  off(event: PeerEvent, listener: PeerListener): this
}

export const farewell = (): Buffer => randomBytes(16)
