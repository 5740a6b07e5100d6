// Two sockets that exchange messages in both directions.

import { constant } from "../native/addon.js"
import type { OptionsOn } from "../options/types.js"
import type { ConstructorOptions, Receiver, Sender } from "../socket/interfaces.js"
import { Socket } from "../socket/socket.js"
import { defineSocket } from "./define.js"

/**
 * ZMQ_PAIR: exchanges messages with exactly one peer, in both directions; mostly between threads, over inproc.
 *
 * ```typescript
 * const pair = new Pair()
 * await pair.bind("inproc://worker")
 * await pair.send("ready?")
 * ```
 */
export class Pair extends Socket {
  constructor(options?: ConstructorOptions<Pair>) {
    super(constant("ZMQ_PAIR"), options)
  }
}

export interface Pair extends OptionsOn<"Pair">, Sender, Receiver {}

defineSocket("Pair", Pair)
