// Reads what libzmq's monitor of a socket writes.

import { handle } from "../base/symbols.js"
import type { Ending, OwnedSocket } from "../native/addon.js"
import { MonitorPair } from "../socket/monitor-pair.js"
import type { Socket } from "../socket/socket.js"
import { decodeEvent, type Event } from "./decoding.js"

/** Sockets whose events an operation waits for. They must not be collected, although nothing else refers to them. */
const awaited = new Set<OwnedSocket>()

/** The events of a socket. */
export class Monitor {
  readonly #observed: WeakRef<OwnedSocket>
  readonly #pair: MonitorPair
  /** For each connection, by both its ends: whether this socket has connected or accepted it. */
  readonly #sides = new Map<string, "local" | "remote">()
  #ending: Ending | undefined
  /** A close of the socket waits for its end. */
  #isHeld = false
  #isAwaited = false

  /** Starts at once. */
  constructor(socket: Socket) {
    const observed = socket[handle]() as OwnedSocket
    this.#observed = new WeakRef(observed)
    this.#pair = new MonitorPair(observed, socket.context[handle](), false)
  }

  /**
   * Reads events until libzmq has reported the end. The reader stays open until then, because libzmq's threads would wait
   * for one.
   */
  read(deliver: (event: Event) => void): Promise<void> {
    const reading = this.#read(deliver)
    const observed = this.#observed.deref()
    this.#ending = {
      told: reading,
      hold: () => {
        this.#isHeld = true
        this.#keepAlive()
      },
    }
    if (observed !== undefined) observed.ending = this.#ending
    return reading
  }

  async #read(deliver: (event: Event) => void): Promise<void> {
    try {
      for await (const message of this.#pair.messages()) {
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
      // The context is being terminated, so no thread of libzmq waits for the reader any more.
      if ((error as { code?: string }).code !== "ETERM") throw error
    } finally {
      this.#pair.close()
    }
  }

  /** Which end of a connection the socket has named itself, if that connection is still known. */
  sideOf(localAddress: string, remoteAddress: string): "local" | "remote" | undefined {
    return this.#sides.get(`${localAddress}\n${remoteAddress}`)
  }

  /** Makes libzmq report the end of the monitor. */
  stop(): void {
    const observed = this.#observed.deref()
    try {
      observed?.monitor(null, false)
      // What it reports now is not the end of the socket.
      if (observed?.ending === this.#ending) delete observed?.ending
    } catch {
      // The socket is closed, and libzmq reports its end when it is gone.
    }
  }

  /** Whether to keep the process and the observed socket alive. */
  keepAlive(keep: boolean): void {
    this.#isAwaited = keep
    this.#keepAlive()
    const observed = this.#observed.deref()
    if (observed === undefined) return
    if (keep) awaited.add(observed)
    else awaited.delete(observed)
  }

  #keepAlive(): void {
    this.#pair.keepAlive(this.#isAwaited || this.#isHeld)
  }
}
