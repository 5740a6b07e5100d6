// `events` and `connected()` of sockets.

import { reasonOf } from "../base/abort.js"
import { checkOperation, expected, type OperationOptions } from "../base/checks.js"
import { closedError, errnoError } from "../base/errors.js"
import { endpoints, waitForPeers } from "../base/symbols.js"
import { Socket } from "../socket/socket.js"
import { Observer } from "./observer.js"

const observers = new WeakMap<Socket, Observer>()

/** Options of `connected`. */
export interface ConnectedOptions extends OperationOptions {
  /** The number of peers to wait for. Default 1. */
  count?: number
}

declare module "../socket/socket.js" {
  interface Socket {
    /** The events of this socket: always the same object. Events are observed from the first time that this is read. */
    readonly events: Observer

    /**
     * Resolves when at least `count` peers are connected and their handshakes are done, so that a message sent now reaches them. (The
     * subscriptions of a subscriber may still be on their way.) It does not work over inproc, which reports no connections.
     *
     * Call it, or read `events`, before the first bind or connect, because peers are counted from then on:
     *
     * ```typescript
     * const ready = socket.connected({ count: 3, timeout: 5000 })
     * await socket.bind("tcp://127.0.0.1:5555")
     * await ready
     * ```
     *
     * Rejects with EAGAIN if the time passes or the socket is closed first, with EBADF if the socket or `events` is closed already, and
     * with EINVAL if the socket has endpoints and was not observed.
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
      // libzmq does not report peers whose handshake was done before.
      if (!observers.has(this) && !this[endpoints].isEmpty) {
        throw errnoError("EINVAL", "Call connected(), or read events, before the socket binds or connects")
      }
      if (this.events.closed)
        throw errnoError("EBADF", "The socket's events are closed, so its peers are no longer counted")
      await this.events[waitForPeers](count, { timeout, signal })
    },
  },
})
