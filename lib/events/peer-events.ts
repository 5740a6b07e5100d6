// Peers of a Router, Server or Peer that come and go, told among its messages.

import { Buffer } from "node:buffer"

import { Emitter } from "../base/emitter.js"
import { callSoon } from "../base/timers.js"

/** "connect": a peer has come, told before its first message is received. "disconnect": it has gone, told after its last. */
export type PeerEvent = "connect" | "disconnect"

/** How the messages of a socket tell who has sent them. */
export interface PeerForm<Id extends Buffer | number> {
  sender(message: never): Id
  /** What may be one of those that libzmq puts in, which have one part and name the peer. */
  body(message: never): Buffer | undefined
  /** Whether libzmq puts in an empty one when a peer has come. */
  announces: boolean
}

/**
 * Tells of the peers of a socket that come and go, in order with their messages, and as the program receives those: while
 * nothing is received, nothing is told.
 */
export class PeerEvents<Id extends Buffer | number = Buffer> extends Emitter<Record<PeerEvent, [routingId: Id]>> {
  readonly #form: PeerForm<Id>
  readonly #farewell: Buffer
  readonly #connected = new Map<string | number, Id>()

  /**
   * @internal
   * @param farewell What libzmq puts in for a peer that has gone: bytes that no peer can know, and so none can send.
   */
  constructor(form: PeerForm<Id>, farewell: Buffer) {
    super()
    this.#form = form
    this.#farewell = farewell
  }

  /** The routing ids of the peers that are there, as far as was told. */
  get connected(): Id[] {
    return Array.from(this.#connected.values(), copy)
  }

  /** @internal Tells of a message, and says whether it is one of those that libzmq puts in. */
  consume(message: unknown[]): boolean {
    const id = this.#form.sender(message as never)
    const body = this.#form.body(message as never)
    const name = typeof id === "number" ? id : id.toString("latin1")
    if (body?.equals(this.#farewell)) {
      if (this.#connected.delete(name)) this.#tell("disconnect", id)
      return true
    }
    // An empty message may also be a peer's own, but never its first: before that libzmq tells of the peer. Nor does it do so
    // again before it has told of the end, for nobody is heard whose name is taken.
    if (this.#connected.has(name)) return false
    this.#connected.set(name, copy(id))
    this.#tell("connect", id)
    return this.#form.announces && body?.length === 0
  }

  /** Later, because this is in the middle of a receive, which a listener that throws must not end. */
  #tell(event: PeerEvent, id: Id): void {
    const copied = copy(id)
    callSoon(() => this.emit(event, copied))
  }
}

/** Not part of a slab, which would be kept for it, nor one Buffer for all, which anybody might write to. */
const copy = <Id extends Buffer | number>(id: Id): Id => (typeof id === "number" ? id : (Buffer.from(id) as Id))
