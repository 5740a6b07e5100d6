// Timers for processes in which a fake clock has replaced the exports of node:timers. They use socket timeouts, which fake clocks do not
// replace.

import { Socket } from "node:net"
import { scheduler } from "node:timers/promises"
import { MessageChannel, type MessagePort } from "node:worker_threads"

/** Keeps the process alive while a timer should, because the timeout of a socket never does. */
let port: MessagePort | undefined
let holding = 0

function hold(change: 1 | -1): void {
  holding += change
  port ??= new MessageChannel().port1
  if (holding > 0) port.ref()
  else port.unref()
}

export class SocketTimer {
  readonly #call: () => void
  readonly #delay: number
  readonly #repeats: boolean
  /** The socket whose timeout counts. Earlier ones run on, ignored: net clears timeouts through node:timers, which is replaced. */
  #latest: Socket | undefined
  #isReferenced = true
  #holds = false

  constructor(call: () => void, delay: number, repeats: boolean) {
    this.#call = call
    this.#delay = Math.max(delay, 1)
    this.#repeats = repeats
    this.refresh()
  }

  refresh(): this {
    const socket = new Socket()
    this.#latest = socket
    socket.setTimeout(this.#delay, () => {
      if (this.#latest !== socket) return
      if (this.#repeats) this.refresh()
      else this.clear()
      this.#call()
    })
    return this.#update()
  }

  clear(): void {
    this.#latest = undefined
    this.#update()
  }

  ref(): this {
    this.#isReferenced = true
    return this.#update()
  }

  unref(): this {
    this.#isReferenced = false
    return this.#update()
  }

  #update(): this {
    const holds = this.#isReferenced && this.#latest !== undefined
    if (holds !== this.#holds) hold(holds ? 1 : -1)
    this.#holds = holds
    return this
  }
}

const clear = (timer: SocketTimer | undefined) => timer?.clear()

export const setTimeout = (call: () => void, delay: number) => new SocketTimer(call, delay, false)
export const clearTimeout = clear
export const setInterval = (call: () => void, delay: number) => new SocketTimer(call, delay, true)
export const clearInterval = clear

/** Not the setImmediate of node:timers/promises, which fake clocks replace as well. */
export const setImmediate = (call: () => void) => void scheduler.yield().then(call)
