// The name that a connecting socket gives to its peer.

import { expected } from "../errors.js"

export interface PeerName {
  /** 1 to 255 bytes, not beginning with a zero byte. */
  routingId?: string | Uint8Array
}

/** The name in the options of a connect, or undefined if there is none. */
export function checkPeerName(options: PeerName): string | Uint8Array | undefined {
  if (typeof options !== "object" || options === null) throw new TypeError("Options must be an object")
  const name = options.routingId
  if (name === undefined || name === "") return undefined
  const size = typeof name === "string" ? Buffer.byteLength(name) : name instanceof Uint8Array ? name.length : 0
  if (size < 1 || size > 255) throw expected("routingId", "a string or Buffer of 1 to 255 bytes", name)
  return name
}
