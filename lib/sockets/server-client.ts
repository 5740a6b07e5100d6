// Questions and answers between thread-safe sockets, in any order.

import type { PeerEvents } from "../events/peer-events.js"
import type { RoutingOptions } from "../message/form.js"
import type { Message, MessageLike } from "../message/message.js"
import { constant } from "../native/addon.js"
import type { OptionsOn } from "../options/types.js"
import type { ConstructorOptions, Receiver, Sender } from "../socket/interfaces.js"
import { Socket } from "../socket/socket.js"
import { defineSocket } from "./define.js"
import { definePeerEvents, numbered } from "./peer-telling.js"
import { defineTaggedSending, type TaggedWritable } from "./tagged-sending.js"

/**
 * ZMQ_SERVER: receives from many clients, and sends to one of them by the number with which its messages come.
 *
 * ```typescript
 * const server = new Server()
 * await server.bind("tcp://127.0.0.1:5559")
 * for await (const [question, { routingId }] of server) await server.send(answer(question), { routingId })
 * ```
 *
 * A send to a peer that is not there rejects with EHOSTUNREACH.
 */
export class Server extends Socket {
  constructor(options?: ConstructorOptions<Server>) {
    super(constant("ZMQ_SERVER"), options)
  }
}

export interface Server
  extends OptionsOn<"Server">,
    TaggedWritable<RoutingOptions>,
    Receiver<[Message, RoutingOptions]> {
  /**
   * Tells of clients that come and go, by their number, from its first use on: like that of a Router, with what it refuses.
   * Of one that has come, libzmq says nothing; so it is told of when its first message is received, and one that sends
   * nothing never is.
   */
  readonly peerEvents: PeerEvents<number>
}

defineSocket("Server", Server)
defineTaggedSending(Server, "routingId")
definePeerEvents(Server, numbered)

/** ZMQ_CLIENT: sends messages of one part to its servers in turn, and receives from all of them. */
export class Client extends Socket {
  constructor(options?: ConstructorOptions<Client>) {
    super(constant("ZMQ_CLIENT"), options)
  }
}

export interface Client extends OptionsOn<"Client">, Sender<MessageLike | [MessageLike]>, Receiver<[Message]> {}

defineSocket("Client", Client)
