// Reads what libzmq's monitor of a socket writes.

import { threadId } from "node:worker_threads"
import { socketType } from "../base/socket-types.js"
import { handle } from "../base/symbols.js"
import { messageForm } from "../message/form.js"
import { Inbox } from "../message/inbox.js"
import { constant, type NativeSocket, OwnedSocket } from "../native/addon.js"
import { onReady } from "../native/interface.js"
import { Readiness } from "../socket/readiness.js"
import { Receiving } from "../socket/receiving.js"
import type { Socket } from "../socket/socket.js"
import { decodeEvent, type Event } from "./decoding.js"

// What the names of monitors begin with. Threads share a context, and a thread may have loaded this file twice.
const prefix = `inproc://ohmq.monitor.${threadId}.${Math.random()}.`
let monitors = 0

/** Sockets whose events somebody waits for: they are not collected, though nothing else refers to them. */
const awaited = new Set<NativeSocket>()

const untimed = () => -1

/** A PAIR to which libzmq writes the events of a socket. libzmq's I/O thread waits for whoever reads it. */
export class Monitor {
  readonly #observed: WeakRef<NativeSocket>
  readonly #native: NativeSocket
  readonly #readiness: Readiness
  readonly #receiving: Receiving
  /** For each connection, by both its ends: whether this socket has connected or accepted it. */
  readonly #sides = new Map<string, "local" | "remote">()

  /** Begins at once: events are lost until the monitor runs, and a program may have connected just now. */
  constructor(socket: Socket) {
    const observed = socket[handle]()
    const address = `${prefix}${monitors++}`
    const type = socketType(constant("ZMQ_PAIR"))
    this.#observed = new WeakRef(observed)
    this.#native = new OwnedSocket(socket.context[handle](), type.number, this)
    const { slot } = this.#native
    const form = messageForm(slot, type)
    this.#readiness = new Readiness(slot)
    this.#receiving = new Receiving(this.#readiness, new Inbox(slot, form, () => 0), untimed)
    // The reader comes first: a monitor without one would hold libzmq up.
    this.#native.readMonitor(address)
    try {
      observed.monitor(address)
    } catch (error) {
      this.#native.close()
      throw error
    }
  }

  /**
   * Takes events off libzmq for as long as there are any to come. The reader stays open until libzmq has reported the end, or its
   * threads would wait for one.
   */
  async read(deliver: (event: Event) => void): Promise<void> {
    try {
      for await (const message of this.#receiving.iterate()) {
        const event = decodeEvent(message, (ends, type) => {
          const key = `${ends.local}\n${ends.remote}`
          if (type === "accept") this.#sides.set(key, "local")
          else if (type === "connect") this.#sides.set(key, "remote")
          const side = this.#sides.get(key) ?? "local"
          if (type === "disconnect" || type === "close") this.#sides.delete(key)
          return side
        })
        deliver(event)
        if (event.type === "end") return
      }
    } catch (error) {
      // The context is being terminated, and with it whoever might wait for a reader.
      if ((error as { code?: string }).code !== "ETERM") throw error
    } finally {
      this.#native.close()
      this.#receiving.inbox.clear()
      this.#readiness.close()
    }
  }

  /** Which end of a connection the socket has named itself, if that connection is still known. */
  sideOf(localAddress: string, remoteAddress: string): "local" | "remote" | undefined {
    return this.#sides.get(`${localAddress}\n${remoteAddress}`)
  }

  /** Has libzmq report the end. */
  stop(): void {
    try {
      this.#observed.deref()?.monitor(null)
    } catch {
      // The socket is closed, and libzmq reports its end when it is gone.
    }
  }

  /** Keeps the process and the observed socket alive, or no longer. */
  keepAlive(keep: boolean): void {
    if (!this.#readiness.isClosed) this.#native.keepAlive(keep)
    const observed = this.#observed.deref()
    if (observed === undefined) return
    if (keep) awaited.add(observed)
    else awaited.delete(observed)
  }

  /** @internal */
  [onReady](ready: number): void {
    this.#readiness.serve(ready)
  }
}
