// Reports when peers of a Router, Server or Peer connect and disconnect. libzmq reports this among the messages of the socket.

import { Buffer } from "node:buffer"

import { Emitter } from "../base/emitter.js"
import { callSoon } from "../base/timers.js"

/** "connect" is emitted before the first message of a peer is received, "disconnect" after its last. */
export type PeerEvent = "connect" | "disconnect"

/** How to find the sender of a message. */
export interface PeerForm<Id extends Buffer | number> {
  sender(message: never): Id
  /** The body of a message that may be a report of libzmq: such messages name the peer and have one part. */
  body(message: never): Buffer | undefined
  /** Whether libzmq inserts an empty message when a peer connects. */
  announces: boolean
}

/**
 * Emits the connects and disconnects of a socket's peers, in order with their messages. They are emitted while the program receives: if it
 * does not receive, nothing is emitted.
 */
export class PeerEvents<Id extends Buffer | number = Buffer> extends Emitter<Record<PeerEvent, [routingId: Id]>> {
  readonly #form: PeerForm<Id>
  readonly #farewell: Buffer
  readonly #connected = new Map<string | number, Id>()

  /**
   * @internal
   * @param farewell The message that libzmq inserts when a peer disconnects: random bytes, so that no peer can send them.
   */
  constructor(form: PeerForm<Id>, farewell: Buffer) {
    super()
    this.#form = form
    this.#farewell = farewell
  }

  /** The routing ids of connected peers, according to the events so far. */
  get connected(): Id[] {
    return Array.from(this.#connected.values(), copy)
  }

  /** @internal Emits the events of a message, and returns whether libzmq inserted it. */
  consume(message: unknown[]): boolean {
    const id = this.#form.sender(message as never)
    const body = this.#form.body(message as never)
    const name = typeof id === "number" ? id : id.toString("latin1")
    if (body?.equals(this.#farewell)) {
      if (this.#connected.delete(name)) this.#tell("disconnect", id)
      return true
    }
    // An empty message may also come from the peer, but never as its first, because libzmq reports the peer before that. It does not
    // report a peer twice without a disconnect in between: a peer whose routing id is taken is ignored.
    if (this.#connected.has(name)) return false
    this.#connected.set(name, copy(id))
    this.#tell("connect", id)
    return this.#form.announces && body?.length === 0
  }

  /** Emits later, because this runs within a receive, which a throwing listener must not end. */
  #tell(event: PeerEvent, id: Id): void {
    const copied = copy(id)
    callSoon(() => this.emit(event, copied))
  }
}

/** A copy, because a view would keep the memory of many messages, and listeners could change a Buffer that they share. */
const copy = <Id extends Buffer | number>(id: Id): Id => (typeof id === "number" ? id : (Buffer.from(id) as Id))
