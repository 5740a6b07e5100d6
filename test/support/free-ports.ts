// Ports that were free just now, for programs that must be given one. Sockets of a test bind to port 0.

import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"

/** As many different ports where nobody listens. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"))
  await Promise.all(servers.map((server) => once(server, "listening")))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return ports
}

/** A port where nobody listens. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port as number
}

/** Replaces the ports of examples, 55xx and 8080, the same by the same in all lines. */
export async function withFreePorts(...lines: string[]): Promise<string[]> {
  const pattern = /\b(?:55\d\d|8080)\b/g
  const named = [...new Set(lines.join("\n").match(pattern))]
  const free = await freePorts(named.length)
  return lines.map((line) => line.replace(pattern, (port) => String(free[named.indexOf(port)])))
}
