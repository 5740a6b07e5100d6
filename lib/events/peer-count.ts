// How many peers a socket has, counted from its events.

import type { SocketType } from "../base/socket-types.js"
import type { Event } from "./decoding.js"

/** Connections that have the same ends, as those over ipc do: how many, and what the socket itself calls the endpoint. */
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

  /** To be called with every event. "disconnect" and "close" also come for connections that failed in their handshake. */
  see(event: Event): void {
    if (!("address" in event) || event.address === undefined) return
    const { address, localAddress, remoteAddress } = event
    const known = localAddress !== undefined && remoteAddress !== undefined
    // A libzmq without drafts names one end only. Then any one of those to that end stands for the one that was lost.
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

  /** The socket has given up an endpoint. Its connections end some time later, and libzmq tells of that, but uses them no more. */
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
