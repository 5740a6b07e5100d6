// The PAIR to which libzmq writes the events of a socket. The last one comes when libzmq has freed the socket.

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

// The addresses of monitors begin with this. Threads share a context, and a thread may load this file twice.
const prefix = `inproc://ohmq.monitor.${threadId}.${Math.random()}.`
let monitors = 0

const untimed = () => -1

/** libzmq's I/O thread waits for the reader, so this must be read to the end. A socket has one at a time. */
export class MonitorPair {
  readonly #native: NativeSocket
  readonly #readiness: Readiness
  readonly #receiving: Receiving

  /**
   * Starts at once, because events before that are lost, and the program may have connected just now.
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
    // The reader comes first: libzmq's threads would wait on a monitor without one.
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

  /** Call it once the last event was read. Before that, libzmq's threads would wait for a reader. */
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
