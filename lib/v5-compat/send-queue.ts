// Sends the messages of a socket in order. Any number of them may wait.

import { closedError, timeoutError } from "../base/errors.js"
import { callSoon, setImmediate } from "../base/timers.js"
import { outOfTime } from "../base/turn.js"
import type { MessageLike } from "../index.js"
import { callBack } from "./callbacks.js"
import type { Link } from "./link.js"

/** A callback of `send`, `bind` or `unbind`, called with the error if there is one. */
export type Callback = (error?: Error) => void

interface Outgoing {
  readonly message: MessageLike | MessageLike[]
  readonly callbacks: readonly Callback[]
  next: Outgoing | undefined
}

const none: readonly Callback[] = []

export class SendQueue {
  readonly #link: Link
  /** Called after each message. */
  readonly #after: () => void
  /** The parts of an incomplete message, and their callbacks. */
  #parts: MessageLike[] = []
  #partCallbacks: Callback[] = []
  #first: Outgoing | undefined
  #last: Outgoing | undefined
  /** Whether the first message waits for room. */
  #waiting = false
  /** Whether the rest waits for the next turn of the event loop. */
  #deferred = false

  constructor(link: Link, after: () => void) {
    this.#link = link
    this.#after = after
  }

  /** @param more Whether more parts of the same message follow. */
  send(message: MessageLike | MessageLike[], more: boolean, callback: Callback | undefined): void {
    if (!more && this.#parts.length === 0) {
      this.#add({ message, callbacks: callback === undefined ? none : [callback], next: undefined })
      return
    }
    this.#parts = this.#parts.concat(message)
    if (callback !== undefined) this.#partCallbacks.push(callback)
    if (more) return
    const whole = { message: this.#parts, callbacks: this.#partCallbacks, next: undefined }
    this.#parts = []
    this.#partCallbacks = []
    this.#add(whole)
  }

  /** Call it after any change that messages may have waited for. */
  readonly flush = (): void => {
    while (this.#first !== undefined && !this.#waiting && !this.#deferred && this.#link.allows("send")) {
      if (!this.#attempt(this.#first)) {
        this.#wait(this.#first)
        return
      }
      this.#first = this.#first.next
      if (outOfTime()) {
        this.#deferred = true
        setImmediate(() => {
          this.#deferred = false
          this.flush()
        })
      }
    }
  }

  /** Call it when the socket is closed. It fails the messages that still wait. */
  close(): void {
    // If the first message waits in the socket, that rejects it, and the others follow then.
    if (this.#waiting) return
    for (let left = this.#first; left !== undefined; left = left.next) this.#fail(left, timeoutError())
    this.#first = undefined
  }

  #add(outgoing: Outgoing): void {
    if (this.#link.socket.closed) {
      this.#fail(outgoing, closedError())
      return
    }
    if (this.#first === undefined && this.#link.allows("send")) {
      if (this.#attempt(outgoing)) return
      this.#first = outgoing
      this.#last = outgoing
      this.#wait(outgoing)
      return
    }
    // The message must wait, and the caller may change the array meanwhile.
    const { message, callbacks } = outgoing
    const kept = { message: Array.isArray(message) ? message.slice() : message, callbacks, next: undefined }
    if (this.#first === undefined) this.#first = kept
    else if (this.#last !== undefined) this.#last.next = kept
    this.#last = kept
  }

  /** Sends without waiting. False if there is no room. */
  #attempt(outgoing: Outgoing): boolean {
    const { socket } = this.#link
    if (socket.trySend === undefined) {
      this.#fail(outgoing, new Error("Cannot send on this socket type."))
      return true
    }
    try {
      if (!socket.trySend(outgoing.message)) return false
      this.#done(outgoing)
    } catch (error) {
      this.#fail(outgoing, error as Error)
    }
    return true
  }

  #wait(outgoing: Outgoing): void {
    const settle = () => {
      this.#waiting = false
      this.#first = outgoing.next
      if (this.#link.socket.closed) this.close()
      else this.flush()
    }
    this.#waiting = true
    this.#link.socket.send?.(outgoing.message).then(
      () => {
        this.#done(outgoing)
        settle()
      },
      (error) => {
        this.#fail(outgoing, error)
        settle()
      },
    )
  }

  #done({ callbacks }: Outgoing): void {
    this.#link.pass("receive")
    for (const callback of callbacks) callBack(() => callback.call(this.#link.emitter))
    this.#after()
  }

  /** Passes an error to the callbacks. Without callbacks, emits it, unless the socket is closed. */
  #fail({ callbacks }: Outgoing, error: Error): void {
    const { emitter, socket } = this.#link
    for (const callback of callbacks) callSoon(() => callback.call(emitter, error))
    if (callbacks.length === 0 && !socket.closed) callSoon(() => emitter.emit("error", error))
  }
}
