// Thread-safe sockets for symmetric patterns: many peers (PEER), or exactly two (CHANNEL).

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
import { byNumber, definePeerEvents } from "./peer-reports.js"
import { defineTaggedSending, type TaggedWritable } from "./tagged-sending.js"

/**
 * ZMQ_PEER: a Server that can also send first, because `connectPeer` returns the routing id of the peer.
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

  /** Connects to an address, like `connect`, and returns the routing id of the peer. EINVAL with `immediate`. */
  connectPeer(address: string): number {
    if (arguments.length > 1) throw tooMany(1, arguments.length)
    return this[connectBy](address, ({ slot }) => {
      if (this.immediate) {
        throw Object.assign(
          errnoError(
            "EINVAL",
            "connectPeer() needs immediate: false, because it returns the peer's routing id before the connection is established",
          ),
          { address },
        )
      }
      return addon.connectPeer(slot, address)
    })
  }
}

export interface Peer extends OptionsOn<"Peer">, TaggedWritable<RoutingOptions>, Receiver<[Message, RoutingOptions]> {
  /** Like `peerEvents` of a Server, for a Peer that only binds. */
  readonly peerEvents: PeerEvents<number>
}

defineSocket("Peer", Peer)
defineTaggedSending(Peer, "routingId")
definePeerEvents(Peer, byNumber)

/** ZMQ_CHANNEL: a thread-safe Pair for messages of one part. */
export class Channel extends Socket {
  constructor(options?: ConstructorOptions<Channel>) {
    super(constant("ZMQ_CHANNEL"), options)
  }
}

export interface Channel extends OptionsOn<"Channel">, Sender<MessageLike | [MessageLike]>, Receiver<[Message]> {}

defineSocket("Channel", Channel)
