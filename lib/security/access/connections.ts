// Who is behind which connection, so that those of a revoked key can be ended. libzmq does not tell: a ZAP request names the
// peer's address without its port, a monitor the port without the user. The two are matched by address and order; where
// handshakes of several users from one address overlap, each connection counts as any of theirs, and an end may hit one too
// many, which connects again by itself, but misses none. So they are kept from overlapping, as far as they do not take long.
// One that was accepted and is never told of, since its peer has left, may still be any that follows, until it is too old.

import { clearTimeout, clock, setTimeout } from "../../base/timers.js"
import type { Event, Socket } from "../../index.js"
import { plainAddress } from "./addresses.js"

/** Handshakes take no longer: libzmq's `handshakeInterval` is 30 s. */
const LONGEST = 35_000

/**
 * For so long, others wait for a handshake that was accepted: libzmq tells of it at once. Those that are accepted while nobody
 * waits are one group for so long. Milliseconds.
 */
const PATIENCE = 250

/** Handshakes of one domain and address that overlap. */
interface Group {
  /** Resolves when all are told of, or when that takes too long; then nobody waits any more. */
  over: Promise<void> | undefined
  end(): void
  identities: Set<string>
  /** Accepted by the authenticator and not told of by a monitor yet, as far as it was not another group's. */
  open: number
  /** When the first one was accepted. */
  since: number
}

interface Connection {
  remoteAddress: string
  localAddress: string | undefined
  /** Of the peer, "" over ipc. */
  address: string
  /** Several over ipc, where peers have no names. */
  fds: Set<number>
  identities: Set<Set<string>>
}

const addressOf = (peer: string) => plainAddress(peer.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1"))

/** The connections of one socket. */
class Guarded {
  readonly connections = new Map<string, Connection>()
  readonly domain: string
  /** Weak, so that a socket that nobody uses any more can go. */
  readonly #socket: WeakRef<Socket>
  readonly #onHandshake: (guarded: Guarded, connection: Connection) => void
  readonly stop: () => void

  constructor(
    socket: Socket,
    onHandshake: (guarded: Guarded, connection: Connection) => void,
    onEnd: (guarded: Guarded) => void,
  ) {
    this.#socket = new WeakRef(socket)
    this.domain = socket.zapDomain ?? ""
    this.#onHandshake = onHandshake
    const { events } = socket
    this.stop = events.watch((event) => {
      this.#see(event)
      if (event.type === "end") onEnd(this)
    })
  }

  shutDown(connection: Connection): number {
    const socket = this.#socket.deref()
    if (socket === undefined || socket.closed) return 0
    let ended = 0
    for (const fd of connection.fds) if (socket.events.shutDown({ ...connection, fd })) ended += 1
    return ended
  }

  #see(event: Event): void {
    if (!("remoteAddress" in event) || event.remoteAddress === undefined) return
    const { localAddress, remoteAddress } = event
    const key = `${localAddress}\n${remoteAddress}`
    const known = this.connections.get(key)
    if (event.type === "accept" || event.type === "connect") {
      const peer = this.#socket.deref()?.events.peerOf(event)
      if (peer === undefined) return
      const address = addressOf(peer)
      const connection = known ?? { localAddress, remoteAddress, address, fds: new Set(), identities: new Set() }
      if (event.fd !== undefined) connection.fds.add(event.fd)
      this.connections.set(key, connection)
    } else if (event.type === "handshake" && known !== undefined) {
      this.#onHandshake(this, known)
    } else if ((event.type === "disconnect" || event.type === "close") && known !== undefined) {
      if (event.fd !== undefined) known.fds.delete(event.fd)
      if (known.fds.size === 0) this.connections.delete(key)
    }
  }
}

function newGroup(since: number, isWaitedFor: boolean): Group {
  const group: Group = { over: undefined, end: () => {}, identities: new Set(), open: 0, since }
  if (!isWaitedFor) return group
  group.over = new Promise((resolve) => {
    group.end = () => {
      clearTimeout(timer)
      group.over = undefined
      resolve()
    }
    const timer = setTimeout(() => group.end(), PATIENCE).unref()
  })
  return group
}

export class Connections {
  readonly #guarded = new Set<Guarded>()
  readonly #sockets = new WeakSet<Socket>()
  /** By domain and address, the oldest first: any of them may be meant by the next handshake that is told of. */
  readonly #groups = new Map<string, Group[]>()
  /** By domain and address: how many handshakes were under way, one of them of somebody who was revoked then. */
  readonly #tainted = new Map<string, { handshakes: number; until: number }>()

  /** Watches a socket. */
  add(socket: Socket): void {
    if (this.#sockets.has(socket)) return
    this.#sockets.add(socket)
    this.#guarded.add(
      new Guarded(
        socket,
        (guarded, connection) => this.#complete(guarded, connection),
        (guarded) => this.#guarded.delete(guarded),
      ),
    )
  }

  /**
   * What to wait for before a peer of a domain and address is accepted: the handshake of somebody else. To be asked again until it is
   * undefined, and then to be followed by `accept` at once.
   */
  before(domain: string, address: string, identities: string[]): Promise<void> | undefined {
    const group = this.#groups.get(`${domain}\n${address}`)?.at(-1)
    return group === undefined || identities.every((one) => group.identities.has(one)) ? undefined : group.over
  }

  /** A peer was accepted: its handshake will be told of next. */
  accept(domain: string, address: string, identities: string[]): void {
    if (this.#guarded.size === 0) return
    const now = clock.now()
    const key = `${domain}\n${address}`
    this.#expire(key, now)
    const groups = this.#groups.get(key) ?? []
    let group = groups.at(-1)
    if (group === undefined || now - group.since > PATIENCE) {
      // Beside one that is not over, waiting would tell nothing.
      group = newGroup(now, groups.length === 0)
      groups.push(group)
      this.#groups.set(key, groups)
    }
    for (const identity of identities) group.identities.add(identity)
    group.open += 1
    if (this.#groups.size > 10_000) for (const other of this.#groups.keys()) this.#expire(other, now)
  }

  /** Ends the connections that may be those of a user or key. Says how many. */
  revoke(identity: string): number {
    const now = clock.now()
    for (const [key, groups] of this.#groups) {
      this.#expire(key, now)
      if (!groups.some(({ identities }) => identities.has(identity))) continue
      this.#forget(key)
      const open = groups.reduce((sum, group) => sum + group.open, 0)
      this.#tainted.set(key, { handshakes: open + (this.#tainted.get(key)?.handshakes ?? 0), until: now + LONGEST })
    }
    return this.#shutDown(({ identities }) => [...identities].some((group) => group.has(identity)))
  }

  /** Ends the connections from addresses. Says how many. */
  revokeAddresses(matches: (address: string) => boolean): number {
    return this.#shutDown(({ address }) => matches(address))
  }

  close(): void {
    for (const guarded of this.#guarded) guarded.stop()
    this.#guarded.clear()
    for (const key of this.#groups.keys()) this.#forget(key)
    this.#tainted.clear()
  }

  #shutDown(matches: (connection: Connection) => boolean): number {
    let ended = 0
    for (const guarded of this.#guarded) {
      for (const connection of guarded.connections.values())
        if (matches(connection)) ended += guarded.shutDown(connection)
    }
    return ended
  }

  #complete(guarded: Guarded, connection: Connection): void {
    // Over ipc, ZAP knows the peer's process and monitors do not; they all count as one address.
    const key = `${guarded.domain}\n${connection.address}`
    const tainted = this.#tainted.get(key)
    if (tainted !== undefined) {
      tainted.handshakes -= 1
      const over = tainted.until < clock.now()
      if (over || tainted.handshakes <= 0) this.#tainted.delete(key)
      if (!over) {
        guarded.shutDown(connection)
        return
      }
    }
    const groups = this.#groups.get(key) ?? []
    for (const { identities } of groups) {
      // Over ipc one connection stands for all, and peers come and go.
      const isKnown = [...connection.identities].some((known) => [...identities].every((one) => known.has(one)))
      if (!isKnown) connection.identities.add(identities)
    }
    // Most likely it is of those that were accepted last: others would have been told of before.
    const group = groups.findLast(({ open }) => open > 0)
    if (group !== undefined) group.open -= 1
    if (groups.every(({ open }) => open <= 0)) this.#forget(key)
  }

  #forget(key: string): void {
    for (const group of this.#groups.get(key) ?? []) group.end()
    this.#groups.delete(key)
  }

  /** Gives up what was accepted so long ago that it cannot be told of any more; and then the rest, if that is told of. */
  #expire(key: string, now: number): void {
    const groups = this.#groups.get(key) ?? []
    while (groups[0] !== undefined && now - groups[0].since > LONGEST + PATIENCE) groups.shift()?.end()
    if (groups.every(({ open }) => open <= 0)) this.#forget(key)
  }
}
