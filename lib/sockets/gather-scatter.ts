// A pipeline like Push and Pull, for messages of one part.

import type { Message, MessageLike } from "../message/message.js"
import { constant } from "../native/addon.js"
import type { OptionsOn } from "../options/types.js"
import type { ConstructorOptions, Receiver, Sender } from "../socket/interfaces.js"
import { Socket } from "../socket/socket.js"
import { defineSocket } from "./define.js"

/** ZMQ_GATHER: receives messages of one part from all its peers in turn. */
export class Gather extends Socket {
  constructor(options?: ConstructorOptions<Gather>) {
    super(constant("ZMQ_GATHER"), options)
  }
}

export interface Gather extends OptionsOn<"Gather">, Receiver<[Message]> {}

defineSocket("Gather", Gather)

/** ZMQ_SCATTER: sends each message, of one part, to one of its peers in turn. A send waits while no peer has room. */
export class Scatter extends Socket {
  constructor(options?: ConstructorOptions<Scatter>) {
    super(constant("ZMQ_SCATTER"), options)
  }
}

export interface Scatter extends OptionsOn<"Scatter">, Sender<MessageLike | [MessageLike]> {}

defineSocket("Scatter", Scatter)
