// The other end of a measurement without a peer: a source of messages or an echo, in a process or a thread of its own.

import process from "node:process"
import { parentPort } from "node:worker_threads"

import * as zmq from "../../index.js"
import { type Channel, echo, payload } from "./measuring.js"

/** What the peer is to be next. */
export interface Role {
  readonly kind: "source" | "echo"
  readonly endpoint: string
  readonly size: number
  readonly hwm: number
  /** The keys of a CURVE server. */
  readonly keys?: zmq.CurveKeyPair
}

/** What goes to the peer: a role, or the end of the last one. */
export type Order = { readonly open: Role } | { readonly close: true }

/** What comes back. */
export type Report = { readonly opened: string } | { readonly closed: true } | { readonly failed: string }

/** Sends until it is aborted. */
async function supply(socket: zmq.Push, size: number, signal: AbortSignal): Promise<void> {
  const count = Math.max(1, Math.min(256, Math.floor((256 * 1024) / Math.max(1, size))))
  const group = Array.from({ length: count }, () => payload(size))
  try {
    while (!signal.aborted) await socket.sendMany(group, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    socket.close({ linger: 0 })
  }
}

/** A peer that plays one role after the other. */
class Peer {
  readonly #report: (report: Report) => void
  #stop = new AbortController()
  #playing: Promise<unknown> = Promise.resolve()

  constructor(report: (report: Report) => void) {
    this.#report = report
  }

  async obey(order: Order): Promise<void> {
    try {
      if ("open" in order) {
        this.#report({ opened: await this.#open(order.open) })
        return
      }
      this.#stop.abort()
      await this.#playing
      this.#report({ closed: true })
    } catch (error) {
      this.#report({ failed: (error as Error).message })
    }
  }

  async #open({ kind, endpoint, size, hwm, keys }: Role): Promise<string> {
    const options = keys === undefined ? {} : { security: { server: keys, clients: "any" as const } }
    const socket = kind === "source" ? new zmq.Push(options) : new zmq.Reply(options)
    socket.sendHighWaterMark = hwm
    await socket.bind(endpoint)
    this.#stop = new AbortController()
    const { signal } = this.#stop
    this.#playing = socket instanceof zmq.Push ? supply(socket, size, signal) : echo(socket as Channel, signal)
    this.#playing.catch((error: Error) => this.#report({ failed: error.message }))
    return socket.lastEndpoint ?? endpoint
  }
}

if (parentPort !== null) {
  const port = parentPort
  const peer = new Peer((report) => port.postMessage(report))
  port.on("message", (order: Order) => void peer.obey(order))
} else if (process.send !== undefined) {
  const send = process.send.bind(process)
  const peer = new Peer((report) => send(report))
  process.on("message", (order: Order) => void peer.obey(order))
  process.on("disconnect", () => process.exit())
  // Ctrl-C reaches this process too, but the other end decides.
  process.on("SIGINT", () => {})
}
