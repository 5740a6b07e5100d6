// Thread-safe sockets between equals: many of them (PEER), or exactly two (CHANNEL).

import { tooMany } from "../base/checks.js"
import { errnoError } from "../base/errors.js"
import { connectBy } from "../base/symbols.js"
import type { PeerEvents } from "../events/peer-events.js"
import type { RoutingOptions } from "../message/form.js"
import type { Message, MessageLike } from "../message/message.js"
import { addon, constant } from "../native/addon.js"
import type { OptionsOn } from "../options/types.js"
import type { ConstructorOptions, Receiver, Sender } from "../socket/interfaces.js"
import { Socket } from "../socket/socket.js"
import { defineSocket } from "./define.js"
import { definePeerEvents, numbered } from "./peer-telling.js"
import { defineTaggedSending, type TaggedWritable } from "./tagged-sending.js"

/**
 * ZMQ_PEER: a Server that can also be the first to speak: connecting tells the number of the peer.
 *
 * ```typescript
 * const peer = new Peer()
 * const routingId = peer.connectPeer("tcp://127.0.0.1:5562")
 * await peer.send("hello", { routingId })
 * const [answer] = await peer.receive()
 * ```
 */
export class Peer extends Socket {
  constructor(options?: ConstructorOptions<Peer>) {
    super(constant("ZMQ_PEER"), options)
  }

  /** Connects to an address, like `connect`, and returns the number of the peer there. Not with `immediate`. */
  connectPeer(address: string): number {
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    return this[connectBy](address, ({ slot }) => {
      if (this.immediate) {
        throw Object.assign(errnoError("EINVAL", "connectPeer() cannot be used with 'immediate'"), { address })
      }
      return addon.connectPeer(slot, address)
    })
  }
}

export interface Peer extends OptionsOn<"Peer">, TaggedWritable<RoutingOptions>, Receiver<[Message, RoutingOptions]> {
  /** As of a Server: so it is for a Peer that only binds. */
  readonly peerEvents: PeerEvents<number>
}

defineSocket("Peer", Peer)
defineTaggedSending(Peer, "routingId")
definePeerEvents(Peer, numbered)

/** ZMQ_CHANNEL: exactly two sockets, in both directions, with messages of one part: a thread-safe Pair. */
export class Channel extends Socket {
  constructor(options?: ConstructorOptions<Channel>) {
    super(constant("ZMQ_CHANNEL"), options)
  }
}

export interface Channel extends OptionsOn<"Channel">, Sender<MessageLike | [MessageLike]>, Receiver<[Message]> {}

defineSocket("Channel", Channel)
