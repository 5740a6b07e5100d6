// Sends the messages of a socket in the order in which they were given, without a limit to how many wait.

import { closedError, timeoutError } from "../base/errors.js"
import { callSoon, setImmediate } from "../base/timers.js"
import type { MessageLike } from "../index.js"
import { callBack } from "./callbacks.js"
import { outOfTime } from "./fairness.js"
import type { Link } from "./link.js"

/** What `send`, `bind` and `unbind` call when they are done. */
export type Callback = (error?: Error) => void

interface Outgoing {
  readonly message: MessageLike | MessageLike[]
  readonly callbacks: readonly Callback[]
  next: Outgoing | undefined
}

const none: readonly Callback[] = []

export class Sender {
  readonly #link: Link
  /** To be called after each message. */
  readonly #after: () => void
  /** The parts, and their callbacks, of a message that is not complete. */
  #parts: MessageLike[] = []
  #partCallbacks: Callback[] = []
  #first: Outgoing | undefined
  #last: Outgoing | undefined
  /** The first message waits for room. */
  #waiting = false
  /** The rest is put off to the next turn of the event loop. */
  #putOff = false

  constructor(link: Link, after: () => void) {
    this.#link = link
    this.#after = after
  }

  /** @param more Whether other parts of the same message follow. */
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

  /** To be called when something has changed that messages may have waited for. */
  readonly flush = (): void => {
    while (this.#first !== undefined && !this.#waiting && !this.#putOff && this.#link.allows("send")) {
      if (!this.#attempt(this.#first)) {
        this.#wait(this.#first)
        return
      }
      this.#first = this.#first.next
      if (outOfTime()) {
        this.#putOff = true
        setImmediate(() => {
          this.#putOff = false
          this.flush()
        })
      }
    }
  }

  /** To be called when the socket is closed: what waits here is not sent any more. */
  close(): void {
    // The first is told by the socket, if it waits there, and the others after it.
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
    // It waits, and the caller's array may change meanwhile.
    const { message, callbacks } = outgoing
    const kept = { message: Array.isArray(message) ? message.slice() : message, callbacks, next: undefined }
    if (this.#first === undefined) this.#first = kept
    else if (this.#last !== undefined) this.#last.next = kept
    this.#last = kept
  }

  /** False if there is no room now. */
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

  /** Tells the callbacks or, where there are none, everybody; nobody once the socket is closed. */
  #fail({ callbacks }: Outgoing, error: Error): void {
    const { emitter, socket } = this.#link
    for (const callback of callbacks) callSoon(() => callback.call(emitter, error))
    if (callbacks.length === 0 && !socket.closed) callSoon(() => emitter.emit("error", error))
  }
}
