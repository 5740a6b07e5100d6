// Plain udp.

import type { Message, MessageLike } from "../message/message.js"
import { constant } from "../native/addon.js"
import type { OptionsOn } from "../options/types.js"
import type { ConstructorOptions, Receiver, Sender } from "../socket/interfaces.js"
import { Socket } from "../socket/socket.js"
import { defineSocket } from "./define.js"

/**
 * ZMQ_DGRAM: plain udp, for peers without ZMTP. Every message has two parts: an address such as "192.0.2.1:5561", and up to 8 KiB of
 * bytes; more throws EMSGSIZE. The socket must be bound even to send.
 *
 * ```typescript
 * const datagram = new Datagram()
 * await datagram.bind("udp://127.0.0.1:5561")
 * for await (const [address, bytes] of datagram) await datagram.send([address, bytes])
 * ```
 */
export class Datagram extends Socket {
  constructor(options?: ConstructorOptions<Datagram>) {
    super(constant("ZMQ_DGRAM"), options)
  }
}

export interface Datagram
  extends OptionsOn<"Datagram">,
    Sender<[MessageLike, MessageLike]>,
    Receiver<[Message, Message]> {}

defineSocket("Datagram", Datagram)
