// Counts the peers of a socket from its events.

import type { SocketType } from "../base/socket-types.js"
import type { Event } from "./decoding.js"

/** Connections with the same ends, as over ipc: their number, and the endpoint as the socket names it. */
interface Entry {
  count: number
  endpoint: string
}

export class PeerCount {
  readonly #connections = new Map<string, Entry>()
  readonly #begins: ReadonlySet<Event["type"]>
  readonly #most: number
  #total = 0

  constructor(type: SocketType) {
    this.#begins = new Set(type.plain ? ["accept", "connect"] : ["handshake"])
    this.#most = type.singlePeer ? 1 : Number.POSITIVE_INFINITY
  }

  get total(): number {
    return this.#total
  }

  /** Call it with every event. "disconnect" and "close" also come for connections whose handshake failed. */
  see(event: Event): void {
    if (!("address" in event) || event.address === undefined) return
    const { address, localAddress, remoteAddress } = event
    const known = localAddress !== undefined && remoteAddress !== undefined
    // A libzmq without drafts names one end only. Then any connection to that end stands for the lost one.
    const key = known ? `${localAddress}\n${remoteAddress}` : address
    const entry = this.#connections.get(key)
    if (this.#begins.has(event.type)) {
      if (this.#total >= this.#most) return
      this.#total += 1
      this.#connections.set(key, { count: (entry?.count ?? 0) + 1, endpoint: address })
    } else if (entry !== undefined && (event.type === "disconnect" || (event.type === "close" && known))) {
      this.#total -= 1
      entry.count -= 1
      if (entry.count === 0) this.#connections.delete(key)
    }
  }

  /** Call it after an unbind or disconnect. libzmq reports the end of the connections later, but no longer uses them. */
  forget(endpoint: string): void {
    for (const [key, entry] of this.#connections) {
      if (entry.endpoint !== endpoint) continue
      this.#total -= entry.count
      this.#connections.delete(key)
    }
  }

  clear(): void {
    this.#connections.clear()
    this.#total = 0
  }
}
