// The name that a connecting socket gives to its peer.

import { Buffer } from "node:buffer"
import { isUint8Array } from "node:util/types"
import { expected } from "../base/checks.js"

import { errnoError } from "../base/errors.js"

export interface PeerName {
  /** 1 to 255 bytes, not beginning with a zero byte. */
  routingId?: string | Uint8Array
}

/** The name in the options of a connect, if there is one. */
export function peerName(options: PeerName): Buffer | undefined {
  if (typeof options !== "object" || options === null) throw new TypeError("Options must be an object")
  const { routingId } = options
  if (routingId === undefined || routingId === null || routingId.length === 0) return undefined
  if (typeof routingId !== "string" && !isUint8Array(routingId)) {
    throw new TypeError("Option value must be a string or buffer")
  }
  const name = Buffer.from(routingId as Uint8Array)
  if (name.length > 255) throw expected("routingId", "1 to 255 bytes", routingId)
  if (name[0] === 0) throw errnoError("EINVAL")
  return name
}

/** libzmq aborts the process when a second connection gets a name that is taken. */
export const nameTaken = (name: Buffer) =>
  errnoError("EEXIST", `The routing id ${JSON.stringify(name.toString())} already names another peer`)

/** The names that sockets have given to peers, and with which connect. */
const claims = new WeakMap<object, Map<string, string>>()

/** Throws if a socket has given this name before. For where libzmq does not tell which names are taken. */
export function checkName(socket: object, name: Buffer): void {
  if (claims.get(socket)?.has(name.toString("latin1"))) throw nameTaken(name)
}

/** To be called when the connect that gives the name has succeeded. */
export function claimName(socket: object, name: Buffer, address: string): void {
  const names = claims.get(socket) ?? new Map()
  claims.set(socket, names.set(name.toString("latin1"), address))
}

/** To be called after a disconnect. */
export function releaseNames(socket: object, address: string): void {
  const names = claims.get(socket)
  for (const [name, of] of names ?? []) if (of === address) names?.delete(name)
}
