// Forwards messages between two sockets, on a thread of its own.

import { stopWaiting, waitForAbort } from "./base/abort.js"
import { brand } from "./base/brand.js"
import { checkInterface, checkNames, checkSignal, expected, isObject, tooMany } from "./base/checks.js"
import { asyncDispose, dispose } from "./base/dispose.js"
import { closedError, errnoError, withReason } from "./base/errors.js"
import { needsNew } from "./base/exports.js"
import { endpoints, lend } from "./base/symbols.js"
import type { Message } from "./message/message.js"
import { addon, type NativeProxy, type NativeSocket } from "./native/addon.js"
import { ProxyCommand } from "./native/numbers.js"
import { Socket } from "./socket/socket.js"

/** How much passed in one direction. */
export interface ProxyCount {
  /** The number of messages. */
  messages: number
  /** The size of their parts, without framing. */
  bytes: number
}

/** How much passed through one socket of a proxy. */
export interface ProxyCounts {
  /** The messages that it received. */
  received: ProxyCount
  /** The messages that it sent. */
  sent: ProxyCount
}

/** What a proxy has carried. */
export interface ProxyStatistics {
  /** The counts of the front-end socket. */
  frontEnd: ProxyCounts
  /** The counts of the back-end socket. */
  backEnd: ProxyCounts
}

/** Options of a proxy. */
export interface ProxyOptions<C extends Socket = Socket> {
  /**
   * Gets a copy of every message, both ways: a Push, Publisher, Dealer or Pair, for instance. What it has no room for is
   * dropped.
   */
  capture?: C
}

const isReference = (value: unknown) => isObject(value) || typeof value === "function"

/** Another object in place of a socket: the error of zeromq, and the reason. */
const notASocket = (name: string) => withReason(errnoError("EINVAL"), `${name} must be a socket object`)

/**
 * Forwards messages from a front-end to a back-end socket and back, natively and without the event loop: brokers for
 * Router and Dealer, XSubscriber and XPublisher, Pull and Push.
 *
 * ```typescript
 * const proxy = new Proxy(new Router(), new Dealer())
 * await proxy.frontEnd.bind("tcp://127.0.0.1:5555")
 * await proxy.backEnd.bind("tcp://127.0.0.1:5556")
 * await proxy.run()
 * ```
 *
 * While it runs, the sockets belong to it, and the process stays alive; when it has ended, they are closed.
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: the name is that of zeromq
export class Proxy<F extends Socket = Socket, B extends Socket = Socket, C extends Socket = Socket> {
  readonly #frontEnd: F
  readonly #backEnd: B
  readonly #capture: C | undefined
  #native: NativeProxy | undefined
  /** There while it runs. */
  #stop: AbortController | undefined
  #running: Promise<void> | undefined
  #last: ProxyStatistics | undefined

  /** @throws {TypeError} for what is not an object, and EINVAL, with the `reason`, for an object that is not a socket. */
  constructor(frontEnd: F, backEnd: B, options: ProxyOptions<C> = {}) {
    for (const [name, socket] of [
      ["Front-end", frontEnd],
      ["Back-end", backEnd],
    ] as const) {
      if (!isReference(socket)) throw new TypeError(`${name} must be a socket object`)
    }
    // A program for zeromq, where a proxy takes two arguments, does not mean these as options.
    if (arguments.length > 3 || !isReference(options) || options instanceof Socket) throw tooMany(2, arguments.length)
    if (!(frontEnd instanceof Socket)) throw notASocket("Front-end")
    if (!(backEnd instanceof Socket)) throw notASocket("Back-end")
    checkNames(options, "capture")
    if (options.capture !== undefined && !(options.capture instanceof Socket)) {
      throw new TypeError("Capture must be a socket object")
    }
    for (const socket of [frontEnd, backEnd, options.capture]) if (socket) checkInterface("socket", socket)
    this.#frontEnd = frontEnd
    this.#backEnd = backEnd
    this.#capture = options.capture
  }

  /** The front-end socket. */
  get frontEnd(): F {
    return this.#frontEnd
  }

  /** The back-end socket. */
  get backEnd(): B {
    return this.#backEnd
  }

  /** The capture socket, if there is one. */
  get capture(): C | undefined {
    return this.#capture
  }

  /**
   * Starts forwarding. Resolves when the proxy, or a context of its sockets, was terminated. Throws EINVAL if a socket is
   * neither bound nor connected, is closed, or has peerEvents, EBUSY if one is in use.
   *
   * @param options A `signal` terminates it, too; `run` then resolves.
   */
  run(options: { signal?: AbortSignal } = {}): Promise<void> {
    if (!isObject(options)) throw expected("options", "an object", options)
    checkNames(options, "signal")
    checkSignal(options.signal)
    const names = ["Front-end", "Back-end", "Capture"] as const
    const sockets = this.#sockets
    if (this.#stop !== undefined) throw errnoError("EBUSY", "Proxy is already running")
    for (const [index, socket] of sockets.entries()) {
      if (socket.closed || !socket[lend].isAttached) {
        throw errnoError("EINVAL", `${names[index]} socket must be bound or connected`)
      }
      socket[lend].check()
      if (socket[endpoints].hasPeerEvents) {
        throw errnoError("EINVAL", `${names[index]} socket has peerEvents, whose messages must not be forwarded`)
      }
    }
    if (new Set(sockets).size < sockets.length)
      throw errnoError("EINVAL", "The sockets of a proxy must be different sockets")
    this.#running = this.#run(sockets, options.signal)
    return this.#running
  }

  async #run(sockets: Socket[], signal: AbortSignal | undefined): Promise<void> {
    const stop = new AbortController()
    this.#stop = stop
    if (signal?.aborted) stop.abort()
    const terminate = () => this.terminate()
    if (signal !== undefined) waitForAbort(signal, terminate)
    const begun: Socket[] = []
    try {
      // Messages that were fetched ahead are no longer in the socket. Usually there are none, and this does not wait.
      const toBack = this.#forward(this.frontEnd[lend].takeFetched(), this.backEnd, stop.signal)
      if (toBack !== undefined) await toBack
      const toFront = this.#forward(this.backEnd[lend].takeFetched(), this.frontEnd, stop.signal)
      if (toFront !== undefined) await toFront
      for (const socket of sockets) socket[lend].check()
      const giveBack = () => this.#stopAndWait()
      const [front, back, capture = null] = sockets.map((socket) => {
        const lent = socket[lend].begin(giveBack)
        begun.push(socket)
        return lent
      })
      if (stop.signal.aborted) return
      this.#native = new addon.NativeProxy(front as NativeSocket, back as NativeSocket, capture)
      await this.#native.start()
    } finally {
      if (this.#native !== undefined) this.#last = this.#read(this.#native)
      this.#native = undefined
      this.#stop = undefined
      for (const socket of begun) socket[lend].end()
      if (signal !== undefined) stopWaiting(signal, terminate)
    }
  }

  /** Stops forwarding until `resume`; messages wait in the sockets' queues. Throws EBADF unless it runs. */
  pause(): void {
    this.#send(ProxyCommand.Pause)
  }

  /** Forwards again after `pause`. Throws EBADF unless it runs. */
  resume(): void {
    this.#send(ProxyCommand.Resume)
  }

  /** Ends the proxy and closes its sockets. Throws EBADF unless it runs. */
  terminate(): void {
    this.#stop?.abort()
    if (this.#native !== undefined || this.#stop === undefined) this.#send(ProxyCommand.Terminate)
  }

  /** Ends the proxy at the end of its scope. Its sockets are closed, whether it ever ran or not. */
  [dispose](): void {
    const isRunning = this.#stop !== undefined
    this.#stopRunning()
    // Those of a running proxy are closed when it has given them back.
    if (!isRunning) for (const socket of this.#sockets) socket.close()
  }

  /** Ends the proxy at the end of its scope, and waits until it has, and its sockets have sent what was queued. */
  async [asyncDispose](): Promise<void> {
    if (this.#native === undefined) await this.#stopAndWait()
    const gone = this.#sockets.map((socket) => socket.close({ wait: true }))
    await this.#stopAndWait()
    await Promise.all(gone)
  }

  /** What it has carried so far. */
  statistics(): ProxyStatistics {
    if (this.#native !== undefined) return this.#read(this.#native)
    const none = () => ({ received: { messages: 0, bytes: 0 }, sent: { messages: 0, bytes: 0 } })
    return this.#last ?? { frontEnd: none(), backEnd: none() }
  }

  get #sockets(): Socket[] {
    return [this.frontEnd, this.backEnd, this.capture].filter((socket) => socket !== undefined)
  }

  #stopRunning(): void {
    try {
      this.terminate()
    } catch {
      // It has not begun, or has ended just now.
    }
  }

  async #stopAndWait(): Promise<void> {
    this.#stopRunning()
    await this.#running?.catch(() => {})
  }

  #forward(messages: Message[][], to: Socket, signal: AbortSignal): Promise<void> | undefined {
    if (messages.length === 0) return undefined
    const send = async () => {
      for (const message of messages) {
        if (signal.aborted) return
        // What has nowhere to go is dropped, as by the proxy itself.
        await to[lend].send(message, { signal }).catch(() => {})
      }
    }
    return send()
  }

  #read(native: NativeProxy): ProxyStatistics {
    const numbers = native.statistics()
    const count = (from: number) => ({ messages: numbers[from] as number, bytes: numbers[from + 1] as number })
    return {
      frontEnd: { received: count(0), sent: count(2) },
      backEnd: { received: count(4), sent: count(6) },
    }
  }

  #send(command: ProxyCommand): void {
    if (this.#native === undefined) throw closedError()
    this.#native.send(command)
  }
}

brand("Proxy", Proxy)
exports.Proxy = needsNew(
  Proxy,
  (construct) =>
    // biome-ignore lint/suspicious/noShadowRestrictedNames: the name is that of zeromq
    function Proxy() {
      return construct(arguments, new.target)
    },
)
