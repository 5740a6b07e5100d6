// What sockets have of their events: `events` and `connected`.

import { reasonOf } from "../base/abort.js"
import { checkOperation, expected, type OperationOptions } from "../base/checks.js"
import { closedError, errnoError } from "../base/errors.js"
import { endpoints, waitForPeers } from "../base/symbols.js"
import { Socket } from "../socket/socket.js"
import { Observer } from "./observer.js"

const observers = new WeakMap<Socket, Observer>()

/** Options of `connected`. */
export interface ConnectedOptions extends OperationOptions {
  /** How many peers. Default 1. */
  count?: number
}

declare module "../socket/socket.js" {
  interface Socket {
    /** The events of this socket; observing begins when this is first read. The same object each time. */
    readonly events: Observer

    /**
     * Resolves when so many peers are connected, handshake and all, so that a message sent now reaches them. (A
     * subscriber's subscriptions may still be on their way.) Not over inproc, which tells nothing.
     *
     * Peers are counted from the first use of this, or of `events`, which must come before the first bind or connect:
     *
     * ```typescript
     * const ready = socket.connected({ count: 3, timeout: 5000 })
     * await socket.bind("tcp://127.0.0.1:5555")
     * await ready
     * ```
     *
     * Rejects with EAGAIN when time runs out or the socket is closed meanwhile, with EBADF if it or `events` is closed
     * already, and with EINVAL if the socket has endpoints and was not observed.
     */
    connected(options?: ConnectedOptions): Promise<void>
  }
}

Object.defineProperties(Socket.prototype, {
  events: {
    configurable: true,
    get(this: Socket) {
      let observer = observers.get(this)
      if (observer === undefined) {
        observer = new Observer(this)
        observers.set(this, observer)
      }
      return observer
    },
  },
  connected: {
    configurable: true,
    writable: true,
    async value(this: Socket, options: ConnectedOptions = {}) {
      checkOperation(options, "count")
      const { count = 1, timeout = -1, signal } = options
      if (!(Number.isSafeInteger(count) && count > 0)) throw expected("count", "a positive integer", count)
      if (this.closed) throw closedError()
      if (signal?.aborted) throw reasonOf(signal)
      // Whose handshake is over already, libzmq does not tell.
      if (!observers.has(this) && !this[endpoints].isEmpty) {
        throw errnoError("EINVAL", "Call connected(), or read events, before the socket binds or connects")
      }
      if (this.events.closed)
        throw errnoError("EBADF", "The socket's events are closed, so its peers are no longer counted")
      await this.events[waitForPeers](count, { timeout, signal })
    },
  },
})
