// The PAIR to which libzmq writes the events of a socket. The last one comes when libzmq has done away with the socket.

import { threadId } from "node:worker_threads"
import type { Iteration } from "../base/iteration.js"
import { socketType } from "../base/socket-types.js"
import { messageForm } from "../message/form.js"
import { Inbox } from "../message/inbox.js"
import type { Message } from "../message/message.js"
import { constant, type NativeContext, type NativeSocket, OwnedSocket } from "../native/addon.js"
import { onReady } from "../native/interface.js"
import { Readiness } from "./readiness.js"
import { Receiving } from "./receiving.js"

// What the names of monitors begin with. Threads share a context, and a thread may have loaded this file twice.
const prefix = `inproc://ohmq.monitor.${threadId}.${Math.random()}.`
let monitors = 0

const untimed = () => -1

/** libzmq's I/O thread waits for whoever reads it, so it must be read to the end. A socket has one at a time. */
export class MonitorPair {
  readonly #native: NativeSocket
  readonly #readiness: Readiness
  readonly #receiving: Receiving

  /**
   * Begins at once: events are lost until the monitor runs, and a program may have connected just now.
   *
   * @param onlyEnd Leaves out all events but the last.
   */
  constructor(observed: NativeSocket, context: NativeContext, onlyEnd: boolean) {
    const address = `${prefix}${monitors++}`
    const type = socketType(constant("ZMQ_PAIR"))
    this.#native = new OwnedSocket(context, type.number, this)
    const { slot } = this.#native
    const form = messageForm(slot, type)
    this.#readiness = new Readiness(slot)
    this.#receiving = new Receiving(this.#readiness, new Inbox(slot, form, () => 0), untimed)
    // The reader comes first: a monitor without one would hold libzmq up.
    this.#native.readMonitor(address)
    try {
      observed.monitor(address, onlyEnd)
    } catch (error) {
      this.#native.close()
      throw error
    }
  }

  messages(): Iteration<Message[]> {
    return this.#receiving.iterate()
  }

  /** To be called when the last event was read, or libzmq's threads would wait for a reader. */
  close(): void {
    this.#native.close()
    this.#receiving.inbox.clear()
    this.#readiness.close()
  }

  keepAlive(keep: boolean): void {
    if (!this.#readiness.isClosed) this.#native.keepAlive(keep)
  }

  /** @internal */
  [onReady](ready: number): void {
    this.#readiness.serve(ready)
  }
}
