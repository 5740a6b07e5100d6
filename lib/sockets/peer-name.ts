// The routing id that a connecting socket assigns to its peer.

import { Buffer } from "node:buffer"
import { isUint8Array } from "node:util/types"
import { checkObject, expected } from "../base/checks.js"

import { errnoError } from "../base/errors.js"

/** The option of `connect` that assigns a routing id to the peer. */
export interface PeerName {
  /** ZMQ_CONNECT_ROUTING_ID: 1 to 255 bytes that do not begin with a zero byte. Default: the socket chooses one. */
  routingId?: string | Uint8Array
}

/** The routing id in the options of a connect, if any. */
export function peerName(options: PeerName): Buffer | undefined {
  checkObject(options)
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

/** If two connections had the same routing id, libzmq would abort the process. */
export const nameTaken = (name: Buffer) =>
  errnoError("EEXIST", `Another peer already has the routing id ${JSON.stringify(name.toString())}`)

/** The routing ids that sockets have assigned, each with the address of its connect. */
const claims = new WeakMap<object, Map<string, string>>()

/** Throws if a socket has assigned this routing id before. For builds of libzmq that cannot say which ids are in use. */
export function checkName(socket: object, name: Buffer): void {
  if (claims.get(socket)?.has(name.toString("latin1"))) throw nameTaken(name)
}

/** Call it after the connect has succeeded. */
export function claimName(socket: object, name: Buffer, address: string): void {
  const names = claims.get(socket) ?? new Map()
  claims.set(socket, names.set(name.toString("latin1"), address))
}

/** Call it after a disconnect. */
export function releaseNames(socket: object, address: string): void {
  const names = claims.get(socket)
  for (const [name, of] of names ?? []) if (of === address) names?.delete(name)
}
