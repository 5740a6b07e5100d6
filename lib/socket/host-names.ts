// Binds to host names, for libzmq before 4.3.5, which accepts only addresses and interfaces (ENODEV).

import { lookup } from "node:dns/promises"
import { isIP } from "node:net"

const pattern = /^tcp:\/\/([A-Za-z0-9.-]+):(\*|\d+)$/

/** Whether an error is that of a bind to a host name. */
export const isUnknownHost = (error: unknown): boolean => (error as { code?: string }).code === "ENODEV"

/** Looks up the host name in an address. Returns undefined if there is none, or if it is unknown. */
export async function withHostAddress(address: string): Promise<string | undefined> {
  const [, host, port] = pattern.exec(address) ?? []
  if (host === undefined || isIP(host) !== 0) return undefined
  try {
    return `tcp://${(await lookup(host, { family: 4 })).address}:${port}`
  } catch {
    return undefined
  }
}

/** The same for synchronous calls, which cannot wait for a lookup: it knows only localhost. */
export function withLoopbackAddress(address: string): string | undefined {
  const [, host, port] = pattern.exec(address) ?? []
  return host === "localhost" ? `tcp://127.0.0.1:${port}` : undefined
}
