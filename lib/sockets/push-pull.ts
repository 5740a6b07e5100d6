// A pipeline: each message goes to one peer, in turn.

import { constant } from "../native/addon.js"
import type { OptionsOn } from "../options/types.js"
import type { ConstructorOptions, Receiver, Sender } from "../socket/interfaces.js"
import { Socket } from "../socket/socket.js"
import { defineSocket } from "./define.js"

/**
 * ZMQ_PUSH: sends each message to one of its peers in turn. A send waits while no peer has room.
 *
 * ```typescript
 * const push = new Push()
 * await push.bind("tcp://127.0.0.1:5555")
 * await push.send("task")
 * ```
 */
export class Push extends Socket {
  constructor(options?: ConstructorOptions<Push>) {
    super(constant("ZMQ_PUSH"), options)
  }
}

export interface Push extends OptionsOn<"Push">, Sender {}

defineSocket("Push", Push)

/**
 * ZMQ_PULL: receives messages from all its peers in turn.
 *
 * ```typescript
 * const pull = new Pull()
 * pull.connect("tcp://127.0.0.1:5555")
 * for await (const [task] of pull) await work(task)
 * ```
 */
export class Pull extends Socket {
  constructor(options?: ConstructorOptions<Pull>) {
    super(constant("ZMQ_PULL"), options)
  }
}

export interface Pull extends OptionsOn<"Pull">, Receiver {}

defineSocket("Pull", Pull)
