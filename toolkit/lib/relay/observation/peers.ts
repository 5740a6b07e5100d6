// Who talks to the sockets with CURVE, for the status page, and who was not let in. The peers of links have sessions of their own
// (link-metrics.ts); what was refused is counted for them, too.

import { Counter, Gauge, type Registry } from "prom-client"

/** The component that has the socket. */
export interface SocketOwner {
  readonly role: "source" | "sink"
  readonly name: string
}

/** A connection, or several that cannot be told apart. */
export interface PeerConnections {
  /** The IP address, or "" over ipc. */
  readonly address: string
  /** Whose it is: of one of them, if there are several. */
  readonly userIds: readonly string[]
  /** In milliseconds since 1970. */
  readonly since: number
}

/** A peer that has been connected since the relay has opened the socket. */
export interface Peer {
  /** What CURVE has proved. */
  readonly identity: string
  /** The last one that is known: "" over ipc. */
  address: string
  /** `unsure`: a connection belongs to it or to another one. */
  state: "connected" | "unsure" | "gone"
  /** Since when it is connected, in milliseconds since 1970. */
  since: number | undefined
  /** Those that it sent. */
  messages: number
  /** When the last one came, in milliseconds since 1970. */
  last: number | undefined
}

/** A peer that was not let in. */
interface Denial {
  readonly reason: string
  readonly address: string
  readonly time: number
  readonly count: number
}

/** The peers of one socket. There are at most as many as certificates have been let in. */
export class SocketPeers {
  readonly #connections: () => readonly PeerConnections[]
  readonly #server: string | undefined
  readonly #peers = new Map<string, Peer>()

  /** @param server Who the peer is if the socket connects: a server has no user id. */
  constructor(connections: () => readonly PeerConnections[], server?: string) {
    this.#connections = connections
    this.#server = server
  }

  #peer(identity: string): Peer {
    let peer = this.#peers.get(identity)
    if (peer === undefined) {
      peer = { identity, address: "", state: "gone", since: undefined, messages: 0, last: undefined }
      this.#peers.set(identity, peer)
    }
    return peer
  }

  /** Counts a message, by what ØMQ says about its sender. */
  heard({ userId, peerAddress }: { userId: string | null; peerAddress: string | null }): void {
    const identity = userId ?? this.#server
    if (identity === undefined) return
    const peer = this.#peer(identity)
    peer.messages++
    peer.last = Date.now()
    if (peerAddress !== null) peer.address = peerAddress
  }

  /** The peers now. */
  list(): readonly Peer[] {
    for (const peer of this.#peers.values()) Object.assign(peer, { state: "gone", since: undefined })
    // What is known for sure goes before what is not.
    const connections = this.#connections().toSorted((a, b) => a.userIds.length - b.userIds.length || a.since - b.since)
    for (const { address, userIds, since } of connections) {
      for (const identity of userIds) {
        const peer = this.#peer(identity)
        if (peer.state !== "gone") continue
        Object.assign(peer, { address, since, state: userIds.length === 1 ? "connected" : "unsure" })
      }
    }
    return [...this.#peers.values()]
  }
}

/** The peers of all sockets with CURVE of a relay. */
export class Peers {
  readonly #sockets = new Map<SocketOwner, SocketPeers>()
  readonly #denials = new Map<SocketOwner, Denial | undefined>()
  readonly #denied: Counter

  constructor(registry: Registry) {
    this.#denied = new Counter({
      name: "ohmq_relay_peers_denied_total",
      help: "Connections of peers that were not let in, by reason",
      labelNames: ["source", "sink", "reason"],
      registers: [registry],
    })
    const sockets = this.#sockets
    new Gauge({
      name: "ohmq_relay_peers_connected",
      help: "Peers with CURVE that are connected",
      labelNames: ["source", "sink"],
      registers: [registry],
      collect() {
        this.reset()
        for (const [{ role, name }, peers] of sockets)
          this.set({ [role]: name }, peers.list().filter(({ state }) => state !== "gone").length)
      },
    })
  }

  /** Shows the peers of a socket. Returns what ends that. */
  watch(owner: SocketOwner, peers: SocketPeers): () => void {
    this.#sockets.set(owner, peers)
    return () => this.#sockets.delete(owner)
  }

  /** Shows who is not let in by a socket that binds. */
  guard(owner: SocketOwner): { deny(reason: string, address: string, count: number): void; end(): void } {
    this.#denials.set(owner, undefined)
    return {
      deny: (reason, address, count) => {
        this.#denied.inc({ [owner.role]: owner.name, reason }, count)
        const total = (this.#denials.get(owner)?.count ?? 0) + count
        this.#denials.set(owner, { reason, address, time: Date.now(), count: total })
      },
      end: () => this.#denials.delete(owner),
    }
  }

  /** The peers of each socket. */
  sockets(): { owner: SocketOwner; peers: readonly Peer[] }[] {
    return [...this.#sockets].map(([owner, peers]) => ({ owner, peers: peers.list() }))
  }

  /** Of each socket that binds, how many were not let in, and the last of them. */
  denials(): { owner: SocketOwner; last: Denial | undefined }[] {
    return [...this.#denials].map(([owner, last]) => ({ owner, last }))
  }
}
