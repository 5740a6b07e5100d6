// How a socket is closed: at once, or when a bind or a proxy no longer uses it; and when libzmq has freed it.

import { checkNames, checkObject, expected } from "../base/checks.js"
import { handle } from "../base/symbols.js"
import { clearInterval, clearTimeout, setInterval, setTimeout, type Timer } from "../base/timers.js"
import type { Context } from "../context.js"
import type { NativeSocket } from "../native/addon.js"
import { checkValue } from "../options/values.js"
import type { Endpoints } from "./endpoints.js"
import { MonitorPair } from "./monitor-pair.js"
import type { Readiness } from "./readiness.js"

interface Parts {
  native: NativeSocket
  readiness: Readiness
  endpoints: Endpoints
}

/** Options of `close`: those of zeromq, and `wait`. */
export interface CloseOptions {
  linger?: number
  wait?: boolean
}

export function checkCloseOptions(options: CloseOptions): void {
  checkObject(options)
  checkNames(options, "linger", "wait")
  const { linger, wait } = options
  if (linger !== undefined) checkValue("int32", linger)
  if (wait !== undefined && typeof wait !== "boolean") throw expected("wait", "a boolean", wait)
}

/** While a close waits for other sockets of this thread, it looks at them this often, in milliseconds. */
const LOOK = 20

/** Waits for the end, the only event of such a monitor. */
async function readEnd(pair: MonitorPair): Promise<void> {
  try {
    await pair.messages().next()
  } catch (error) {
    // The context is being terminated.
    if ((error as { code?: string }).code !== "ETERM") throw error
  } finally {
    pair.close()
  }
}

/** Makes libzmq process what other threads have told a socket. Reading the socket's state does that. */
const look = (socket: object & { readable?: boolean; writable?: boolean }) => socket.readable || socket.writable

export class Closing {
  readonly #parts: Parts
  readonly #linger: () => number
  /** The options of a close() that came while the socket was blocked or lent. */
  deferred: { linger?: number } | undefined
  #gone: Promise<void> | undefined
  #settle: ((ended: void | PromiseLike<void>) => void) | undefined

  /** @param linger Reads the option. */
  constructor(parts: Parts, linger: () => number) {
    this.#parts = parts
    this.#linger = linger
  }

  /**
   * Resolves when libzmq has freed the socket. Read it before the socket is closed, because libzmq reports the end only to a monitor,
   * which must be running by then. For a socket that is closed already, it resolves at once.
   */
  get gone(): Promise<void> {
    this.#gone ??= new Promise((resolve) => {
      if (this.#parts.readiness.isClosed) resolve()
      else this.#settle = resolve
    })
    return this.#gone
  }

  /** Closes the addon's socket. */
  close(context: Context): void {
    const { native, endpoints } = this.#parts
    // What was sent over inproc is already in its receiver's queue.
    const ended = this.#settle && endpoints.hasRemote ? this.#untilGone(context) : undefined
    native.close()
    this.#settle?.(ended)
  }

  async #untilGone(context: Context): Promise<void> {
    if (!context.terminated) await this.#untilTold(context)
    // A monitor also ends when its context is terminated. The sockets are then gone when the context is.
    if (context.terminated) await context.terminate()
  }

  async #untilTold(context: Context): Promise<void> {
    const { native, endpoints, readiness } = this.#parts
    if (native.ending === undefined) {
      const pair = new MonitorPair(native, context[handle](), true)
      pair.keepAlive(readiness.keepsAlive)
      native.ending = { told: readEnd(pair), hold: () => {} }
    } else if (readiness.keepsAlive) {
      native.ending.hold()
    }
    const { told } = native.ending
    await (endpoints.hasInproc ? this.#besideInproc(told, context) : told)
  }

  /**
   * Whatever the linger, libzmq waits until the peers over inproc have noticed and have received what was sent to them. A socket
   * notices when it is used, so this uses those of this thread.
   */
  async #besideInproc(told: Promise<void>, context: Context): Promise<void> {
    const linger = this.#linger()
    const timers: Timer[] = []
    const lingered = new Promise<void>((resolve) => {
      if (linger >= 0) timers.push(setTimeout(resolve, linger))
    })
    const looks = setInterval(() => {
      if (!context.terminated) for (const socket of context[handle]().sockets(false)) look(socket as object)
    }, LOOK)
    timers.push(looks)
    if (!this.#parts.readiness.keepsAlive) for (const timer of timers) timer.unref()
    try {
      await Promise.race([told, lingered])
    } finally {
      clearTimeout(timers[0])
      clearInterval(looks)
    }
  }
}
