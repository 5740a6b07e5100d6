// The socket of a sender's session, and what its events say about the connection.

import { Dealer } from "ohmq"
import type { ReadSenderOptions } from "./sender-options.js"

/** TCP itself would double its waits for minutes, and not notice when the network is back. In milliseconds. */
const CONNECT_TIMEOUT = 3000

/** A socket for one session, so that nothing of an older session is left in its queue. */
export function newDealer({ security, heartbeat, minBackoff, maxBackoff }: ReadSenderOptions): Dealer {
  return new Dealer({
    ...(security && { security }),
    linger: 0,
    connectTimeout: CONNECT_TIMEOUT,
    heartbeatInterval: heartbeat,
    heartbeatTimeout: heartbeat,
    heartbeatTimeToLive: heartbeat * 2,
    reconnectInterval: minBackoff,
    reconnectMaxInterval: maxBackoff,
  })
}

/** What becomes of a connection. */
interface Watcher {
  /** The receiver is there. Now it has to answer. */
  reached(): void
  /** Nobody is there. libzmq goes on trying. */
  unreachable(reason: string): void
  lost(reason: string): void
}

/** Watches the connection of a socket. Call it before the socket connects. */
export function watchConnection({ events }: Dealer, endpoint: string, watcher: Watcher): void {
  let state: "nothing" | "connected" | "secure" = "nothing"
  events.on("connect", () => {
    state = "connected"
  })
  events.on("handshake", () => {
    state = "secure"
    watcher.reached()
  })
  events.on("connect:retry", () => {
    if (state === "nothing") watcher.unreachable(`${endpoint} cannot be reached`)
  })
  events.on("disconnect", () => {
    const hint = "Is serverKey the receiver's public key, and has the receiver security as this sender has?"
    if (state === "secure") watcher.lost(`The connection to ${endpoint} was lost`)
    else watcher.lost(`${endpoint} ended the connection before it was secure. ${hint}`)
  })
  events.on("handshake:error:auth", ({ error }) => {
    watcher.lost(`${endpoint} did not let this sender in: ${error.message}`)
  })
}
