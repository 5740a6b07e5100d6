// Host names to bind to, which libzmq takes from 4.3.5 on; before, it takes addresses and interfaces only (ENODEV).

import { lookup } from "node:dns/promises"
import { isIP } from "node:net"

const pattern = /^tcp:\/\/([A-Za-z0-9.-]+):(\*|\d+)$/

/** Whether this is how a bind to a host name fails. */
export const isUnknownHost = (error: unknown): boolean => (error as { code?: string }).code === "ENODEV"

/** The address with its host name looked up, or undefined if it has none that is known. */
export async function withHostAddress(address: string): Promise<string | undefined> {
  const [, host, port] = pattern.exec(address) ?? []
  if (host === undefined || isIP(host) !== 0) return undefined
  try {
    return `tcp://${(await lookup(host, { family: 4 })).address}:${port}`
  } catch {
    return undefined
  }
}

/** The same for the one name that needs no looking up, for which there is no time in a call that does not wait. */
export function withLoopbackAddress(address: string): string | undefined {
  const [, host, port] = pattern.exec(address) ?? []
  return host === "localhost" ? `tcp://127.0.0.1:${port}` : undefined
}
