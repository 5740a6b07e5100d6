// Host names to bind to, which libzmq takes from 4.3.5 on; before, it takes addresses and interfaces only (ENODEV).

import { lookup } from "node:dns/promises"
import { isIP } from "node:net"

/** The address with its host name looked up, or undefined if it has none that is known. */
export async function withHostAddress(address: string): Promise<string | undefined> {
  const [, host, port] = /^tcp:\/\/([A-Za-z0-9.-]+):(\*|\d+)$/.exec(address) ?? []
  if (host === undefined || isIP(host) !== 0) return undefined
  try {
    return `tcp://${(await lookup(host, { family: 4 })).address}:${port}`
  } catch {
    return undefined
  }
}
