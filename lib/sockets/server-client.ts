// Requests and replies between thread-safe sockets, in any order.

import type { PeerEvents } from "../events/peer-events.js"
import type { RoutingOptions } from "../message/form.js"
import type { Message, MessageLike } from "../message/message.js"
import { constant } from "../native/addon.js"
import type { OptionsOn } from "../options/types.js"
import type { ConstructorOptions, Receiver, Sender } from "../socket/interfaces.js"
import { Socket } from "../socket/socket.js"
import { defineSocket } from "./define.js"
import { byNumber, definePeerEvents } from "./peer-reports.js"
import { defineTaggedSending, type TaggedWritable } from "./tagged-sending.js"

/**
 * ZMQ_SERVER: receives from many clients, and sends to one of them by the numeric routing id that came with its messages.
 *
 * ```typescript
 * const server = new Server()
 * await server.bind("tcp://127.0.0.1:5559")
 * for await (const [question, { routingId }] of server) await server.send(answer(question), { routingId })
 * ```
 *
 * A send to an unknown peer rejects with EHOSTUNREACH.
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
   * Reports clients that connect and disconnect, by their routing id, like `peerEvents` of a Router and with the same restrictions.
   * libzmq does not report new clients, so "connect" comes with a client's first message, and never for a client that sends nothing.
   */
  readonly peerEvents: PeerEvents<number>
}

defineSocket("Server", Server)
defineTaggedSending(Server, "routingId")
definePeerEvents(Server, byNumber)

/** ZMQ_CLIENT: sends messages of one part to its servers in turn, and receives from all of them. */
export class Client extends Socket {
  constructor(options?: ConstructorOptions<Client>) {
    super(constant("ZMQ_CLIENT"), options)
  }
}

export interface Client extends OptionsOn<"Client">, Sender<MessageLike | [MessageLike]>, Receiver<[Message]> {}

defineSocket("Client", Client)
