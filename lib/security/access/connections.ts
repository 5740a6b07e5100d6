// Which user is behind which connection, so that the connections of a revoked key can be closed. libzmq does not say: a ZAP request has
// the peer's address without its port, and a monitor has the port without the user. They are matched by address and order. If
// handshakes of several users from one address overlap, each of the connections counts as theirs: a revocation then misses none, but may
// close one too many, which reconnects by itself. So handshakes from one address wait for each other, as long as none takes too long.
// If a peer leaves after it was accepted, no monitor reports it; until that is too old, any later handshake may be it.

import { clearTimeout, clock, setTimeout } from "../../base/timers.js"
import type { Event, Socket } from "../../index.js"
import { plainAddress } from "./addresses.js"
import { userIdsOf } from "./policy.js"

/** No handshake takes longer: libzmq's `handshakeInterval` is 30 s. Milliseconds. */
const LONGEST = 35_000

/**
 * How long other handshakes wait for one that was accepted; libzmq normally reports it at once. Handshakes that are accepted within this
 * time while none waits form one group. Milliseconds.
 */
const PATIENCE = 250

/** Handshakes of one domain and address that overlap. */
interface Group {
  /** Resolves when monitors have reported all of them, or when that takes too long. Undefined if none waits any more. */
  over: Promise<void> | undefined
  end(): void
  identities: Set<string>
  /** How many the authenticator has accepted that no monitor has reported yet, unless a report counted for another group. */
  open: number
  /** When the first one was accepted. */
  since: number
}

/** Connections of a guarded socket whose peer was allowed: one, or over ipc, where they cannot be told apart, all of an endpoint. */
export interface GuardedConnection {
  /** The peer's IP address, without its port. "" over ipc. */
  address: string
  /** Who it is. Several if it is one of them, because handshakes of one address overlapped; none if the mechanism has no users. */
  userIds: string[]
  /** When the first handshake was complete, in milliseconds since 1970. */
  since: number
  /** How many connections these are: 1, except over ipc. */
  count: number
}

interface Connection {
  remoteAddress: string
  localAddress: string | undefined
  /** The peer's address, "" over ipc. */
  address: string
  /** There may be several over ipc, where peers cannot be told apart. */
  fds: Set<number>
  identities: Set<Set<string>>
  /** When its handshake was complete, in milliseconds since 1970. */
  since: number | undefined
}

const addressOf = (peer: string) => plainAddress(peer.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1"))

/** The connections of one socket. */
class Guarded {
  readonly connections = new Map<string, Connection>()
  readonly domain: string
  /** Weak, so that an unused socket can be collected. */
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

  guards(socket: Socket): boolean {
    return this.#socket.deref() === socket
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
      const [fds, identities] = [new Set<number>(), new Set<Set<string>>()]
      const connection = known ?? { localAddress, remoteAddress, address, fds, identities, since: undefined }
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
  /** By domain and address, oldest first. The next reported handshake may belong to any of them. */
  readonly #groups = new Map<string, Group[]>()
  /** By domain and address: how many handshakes were in progress when one of their users was revoked. */
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
   * What to wait for before a peer of a domain and address is accepted: another user's handshake. Call it again until it returns
   * undefined, then call `accept` at once.
   */
  before(domain: string, address: string, identities: string[]): Promise<void> | undefined {
    const group = this.#groups.get(`${domain}\n${address}`)?.at(-1)
    return group === undefined || identities.every((one) => group.identities.has(one)) ? undefined : group.over
  }

  /** Notes that a peer was accepted; a monitor will report its handshake. */
  accept(domain: string, address: string, identities: string[]): void {
    if (this.#guarded.size === 0) return
    const now = clock.now()
    const key = `${domain}\n${address}`
    this.#expire(key, now)
    const groups = this.#groups.get(key) ?? []
    let group = groups.at(-1)
    if (group === undefined || now - group.since > PATIENCE) {
      // While an older group is open, waiting would not tell the two apart.
      group = newGroup(now, groups.length === 0)
      groups.push(group)
      this.#groups.set(key, groups)
    }
    for (const identity of identities) group.identities.add(identity)
    group.open += 1
    if (this.#groups.size > 10_000) for (const other of this.#groups.keys()) this.#expire(other, now)
  }

  /** Closes the connections that may belong to a user or key. Returns how many. */
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

  /** Closes the connections from matching addresses. Returns how many. */
  revokeAddresses(matches: (address: string) => boolean): number {
    return this.#shutDown(({ address }) => matches(address))
  }

  /** The connections of a socket whose handshake is complete. */
  of(socket: Socket): GuardedConnection[] {
    return [...this.#guarded]
      .filter((guarded) => guarded.guards(socket))
      .flatMap(({ connections }) => [...connections.values()])
      .flatMap(({ address, identities, since, fds }) => {
        if (since === undefined) return []
        return {
          address,
          userIds: [...new Set([...identities].flatMap((marks) => userIdsOf(marks)))],
          since,
          count: Math.max(fds.size, 1),
        }
      })
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
    // Over ipc, ZAP knows the peer's process and monitors do not, so all peers count as one address.
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
    connection.since ??= Date.now()
    const groups = this.#groups.get(key) ?? []
    for (const { identities } of groups) {
      // Over ipc one entry stands for all connections, so it must not grow with each peer.
      const isKnown = [...connection.identities].some((known) => [...identities].every((one) => known.has(one)))
      if (!isKnown) connection.identities.add(identities)
    }
    // Most likely it belongs to the newest group: older handshakes would have been reported before.
    const group = groups.findLast(({ open }) => open > 0)
    if (group !== undefined) group.open -= 1
    if (groups.every(({ open }) => open <= 0)) this.#forget(key)
  }

  #forget(key: string): void {
    for (const group of this.#groups.get(key) ?? []) group.end()
    this.#groups.delete(key)
  }

  /** Drops groups that are too old to be reported any more, and then all of them if every other handshake was reported. */
  #expire(key: string, now: number): void {
    const groups = this.#groups.get(key) ?? []
    while (groups[0] !== undefined && now - groups[0].since > LONGEST + PATIENCE) groups.shift()?.end()
    if (groups.every(({ open }) => open <= 0)) this.#forget(key)
  }
}
