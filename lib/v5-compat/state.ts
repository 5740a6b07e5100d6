// The state behind a v5 socket.

import { EventEmitter } from "node:events"
import { LONGEST_TIMER } from "../base/checks.js"
import { callSoon, clearInterval, setInterval, type Timer } from "../base/timers.js"
import type * as zmq from "../index.js"
import { Link } from "./link.js"
import { MessageEmitter } from "./message-emitter.js"
import { monitor } from "./monitor.js"
import { type Callback, SendQueue } from "./send-queue.js"
import { createMainSocket, type SocketType } from "./socket-types.js"

export class State {
  readonly link: Link
  readonly outgoing: SendQueue
  readonly messages: MessageEmitter
  #observer: zmq.Observer | undefined
  /** Keeps the process alive while the socket is open, with or without listeners. */
  readonly #hold: Timer | undefined

  constructor(owner: EventEmitter, type: SocketType) {
    const socket = createMainSocket(type)
    this.link = new Link(socket, owner, type)
    const canReceive = socket.receive !== undefined
    // A subclass that overrides emit() may want messages without a listener.
    const wanted = () =>
      canReceive && (owner.listenerCount("message") > 0 || owner.emit !== EventEmitter.prototype.emit)
    this.messages = new MessageEmitter(this.link, wanted, () => this.outgoing.flush())
    this.outgoing = new SendQueue(this.link, () => this.messages.wake())
    if (canReceive) this.#hold = setInterval(() => owner.listenerCount("message"), LONGEST_TIMER)
    // The constructor of a subclass may still be running.
    callSoon(() => this.messages.wake())
  }

  /** Continues with messages that had to wait. */
  resume(): void {
    this.messages.wake()
    this.outgoing.flush()
  }

  /** Waits for a bind or unbind, during which nothing else may use the socket. */
  block(work: Promise<void>, event: "bind" | "unbind", address: string, callback: Callback | undefined): void {
    const { link } = this
    const settle = (error?: Error) => {
      link.blocked = false
      if (link.socket.closed) this.#end()
      else this.resume()
      callSoon(() => {
        if (error === undefined) {
          link.emitter.emit(event, address)
          callback?.call(link.emitter)
        } else if (callback === undefined) {
          link.emitter.emit("error", error)
        } else {
          callback.call(link.emitter, error)
        }
      })
    }
    link.blocked = true
    work.then(() => settle(), settle)
  }

  close(): void {
    this.link.socket.close()
    // During a bind or unbind, the socket closes only when that has finished.
    if (this.link.socket.closed) this.#end()
  }

  monitor(): void {
    if (this.#observer === undefined || this.#observer.closed) this.#observer = monitor(this.link)
  }

  unmonitor(): void {
    this.#observer?.close()
  }

  ref(): void {
    this.link.socket.ref()
    this.#hold?.ref()
  }

  unref(): void {
    this.link.socket.unref()
    this.#hold?.unref()
  }

  #end(): void {
    clearInterval(this.#hold)
    this.outgoing.close()
  }
}
