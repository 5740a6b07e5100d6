// A pipeline: each message goes to one of the peers, in turn, as they have room.

import { constant } from "../native/addon.js"
import type { OptionsOn } from "../options/types.js"
import type { ConstructorOptions, Receiver, Sender } from "../socket/interfaces.js"
import { Socket } from "../socket/socket.js"
import { defineSocket } from "./define.js"

/**
 * ZMQ_PUSH: sends each message to one of its peers; waits while none has room.
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
 * ZMQ_PULL: receives from all its peers, taking from each in turn.
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
