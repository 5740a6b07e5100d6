// The name that a connecting socket gives to its peer.

export interface PeerName {
  /** 1 to 255 bytes, not beginning with a zero byte. */
  routingId?: string | Uint8Array
}

/** Passes the name in the options of a connect on, if there is one. */
export function nameNextPeer(options: PeerName, pass: (name: string | Uint8Array) => void): void {
  if (typeof options !== "object" || options === null) throw new TypeError("Options must be an object")
  if (options.routingId) pass(options.routingId)
}
