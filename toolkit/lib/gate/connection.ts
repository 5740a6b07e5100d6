// A socket that is connected to a relay, and how it shows that the two cannot talk.

import { clearTimeout, setTimeout } from "node:timers"
import type { Dealer, Push, SocketSecurity } from "ohmq"
import { GateError } from "./gate-error.js"

/** A relay to talk to. */
export interface Target {
  readonly endpoint: string
  readonly security?: SocketSecurity | undefined
}

/** A socket that is connected to a relay. */
export interface Connection<S extends Dealer | Push = Dealer> {
  readonly socket: S
  /** Aborted, with a {@link ConnectionError}, once the two cannot talk. */
  readonly refused: AbortSignal
}

/** Why the two cannot talk: the relay refuses the certificate, only one of them encrypts, the types of the sockets do not fit, or something else. */
export type Obstacle = "certificate" | "encryption" | "socket-type" | "protocol"

/** The two cannot talk. */
export class ConnectionError extends GateError {
  readonly obstacle: Obstacle
  readonly endpoint: string

  constructor(obstacle: Obstacle, endpoint: string, reason: string) {
    const isRefused = obstacle === "certificate"
    super(isRefused ? "not-admitted" : "no-talk", isRefused ? reason : `Cannot talk to ${endpoint}: ${reason}`)
    this.obstacle = obstacle
    this.endpoint = endpoint
  }
}

/** After this time, libzmq does not try again. Its interval is 100 ms. */
const silenceMs = 1000

/**
 * Connects a socket. With `immediate`, what it sends waits until the relay has let it in.
 *
 * @param brokeOff Is told if the relay ends a handshake without saying why. The socket tries again.
 */
export function connect<S extends Dealer | Push>(
  { endpoint, security }: Target,
  Socket: new (options: object) => S,
  brokeOff?: (code: string) => void,
): Connection<S> {
  const refused = new AbortController()
  const refuse = (obstacle: Obstacle, reason: string) => refused.abort(new ConnectionError(obstacle, endpoint, reason))
  const socket = new Socket({
    immediate: true,
    linger: 0,
    ipv6: endpoint.includes("["),
    ...(security && { security }),
  })
  const { events } = socket
  events.on("handshake:error:auth", ({ error }) =>
    refuse("certificate", `${endpoint} refused this side's certificate (status ${error.status})`),
  )
  events.on("handshake:error:protocol", ({ error }) => {
    if (error.code !== "ERR_ZMTP_MECHANISM_MISMATCH") refuse("protocol", `${error.message} (${error.code})`)
    else if (security) refuse("encryption", "This side encrypts, and the relay does not")
    else refuse("encryption", "This side does not encrypt, and the relay does")
  })
  events.once("handshake:error:other", ({ error }) => brokeOff?.(error.code))
  // If the types of the sockets do not fit, libzmq says nothing: it ends the connection, and does not try again as it does otherwise.
  let silence: NodeJS.Timeout | undefined
  let hasTalked = false
  events.on("handshake", () => {
    hasTalked = true
  })
  events.on("disconnect", () => {
    if (!hasTalked)
      silence = setTimeout(() => refuse("socket-type", "It has a socket of another type"), silenceMs).unref()
  })
  events.on("connect:retry", () => clearTimeout(silence))
  try {
    socket.connect(endpoint)
  } catch (error) {
    socket.close()
    throw error
  }
  return { socket, refused: refused.signal }
}
