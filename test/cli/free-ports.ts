// Examples name ports, and tests run at the same time: each gets ports that were free just now.

import { createServer } from "node:net"

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Replaces the ports 55xx and 8080, the same by the same in all lines. */
export async function withFreePorts(...lines: string[]): Promise<string[]> {
  const pattern = /\b(?:55\d\d|8080)\b/g
  const ports = new Map<string, number>()
  for (const [port] of lines.join("\n").matchAll(pattern)) if (!ports.has(port)) ports.set(port, await freePort())
  return lines.map((line) => line.replace(pattern, (port) => String(ports.get(port))))
}
