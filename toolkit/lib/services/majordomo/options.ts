// The options of clients and workers of Majordomo.

import type { Context, SocketSecurity } from "ohmq"
import { checkAddress, integer } from "../options.js"

/** What clients and workers of Majordomo have in common. */
export interface MajordomoOptions {
  /** The address of the broker. */
  broker: string
  /** CURVE: `{ client, serverKey }`. The protocol itself has no security. */
  security?: SocketSecurity | undefined
  /** Whether to talk without encryption beyond this machine. */
  insecure?: boolean | undefined
  /** The context of the sockets, if not the common one. */
  context?: Context | undefined
  /** How often a worker sends heartbeats, and expects them, in milliseconds: as the broker does. 2,500 by default, as in the guide. */
  heartbeat?: number | undefined
}

/** Names of the common options. */
export const commonNames = { broker: true, security: true, insecure: true, context: true, heartbeat: true } as const

/** Checks the common options and adds the defaults. */
export function readMajordomoOptions({ broker, security, insecure, context, heartbeat = 2500 }: MajordomoOptions) {
  checkAddress(broker, { security, insecure })
  const socket = { ...(security && { security }), ...(context && { context }) }
  return { broker, socket, heartbeat: integer("heartbeat", heartbeat, 10, 600_000) }
}

export type ReadMajordomoOptions = ReturnType<typeof readMajordomoOptions>

/** A body: one frame or several. */
export type MajordomoBody = Uint8Array | string | readonly (Uint8Array | string)[]

/** The frames of a body. The protocol wants one at least. */
export function framesOf(body: unknown): (Uint8Array | string)[] {
  const frames = Array.isArray(body) ? body : [body]
  for (const frame of frames)
    if (!(frame instanceof Uint8Array) && typeof frame !== "string")
      throw new TypeError(`Expected a body of bytes or text, or several of them, but received a ${typeof frame}`)
  return frames.length === 0 ? [""] : frames
}
