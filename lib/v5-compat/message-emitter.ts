// Emits the messages of a socket as they arrive.

import { callSoon, setImmediate, throwLater } from "../base/timers.js"
import { outOfTime } from "../base/turn.js"
import type { Message } from "../index.js"
import { arePending } from "./callbacks.js"
import type { Link } from "./link.js"

export class MessageEmitter {
  readonly #link: Link
  /** Whether anything listens for messages. */
  readonly #wanted: () => boolean
  /** Called after each message. */
  readonly #after: () => void
  /** Whether `#deliver` is running or scheduled. */
  #active = false
  /** A message that arrived after the last listener was removed. */
  #held: Message[] | undefined

  constructor(link: Link, wanted: () => boolean, after: () => void) {
    this.#link = link
    this.#wanted = wanted
    this.#after = after
  }

  /** Call it after any change that messages may have waited for. */
  wake(): void {
    if (this.#active || !this.#open) return
    this.#active = true
    callSoon(this.#deliver)
  }

  get #open(): boolean {
    return this.#link.allows("receive") && this.#wanted()
  }

  readonly #deliver = (): void => {
    try {
      this.#emitAll()
    } catch (error) {
      // If a listener throws, the process gets the error, and later messages are still emitted.
      throwLater(error)
      setImmediate(this.#deliver)
    }
  }

  #emitAll(): void {
    const { emitter } = this.#link
    while (this.#open) {
      if (arePending()) {
        callSoon(this.#deliver)
        return
      }
      const message = this.#take()
      if (message === undefined) {
        void this.#wait()
        return
      }
      this.#link.pass("send")
      // Most messages have one part, and spreading is slower.
      if (message.length === 1) emitter.emit("message", message[0])
      else emitter.emit("message", ...message)
      this.#after()
      if (outOfTime()) {
        setImmediate(this.#deliver)
        return
      }
    }
    this.#active = false
  }

  #take(): Message[] | undefined {
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) return held
    try {
      return this.#link.socket.tryReceive?.()
    } catch {
      // The receive that follows fails for the same reason, and reports it.
      return undefined
    }
  }

  async #wait(): Promise<void> {
    const { socket, emitter } = this.#link
    try {
      // Without a timeout, as in zeromq 5: a listener waits forever.
      this.#held = await socket.receive?.({ timeout: -1 })
      callSoon(this.#deliver)
    } catch (error) {
      this.#active = false
      if (!socket.closed) callSoon(() => emitter.emit("error", error))
    }
  }
}
