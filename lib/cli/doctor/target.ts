// What an endpoint says about where the peer is.

import { UsageError } from "../command/exit.js"
import type { Endpoint } from "../connection/endpoints.js"

/** Over a network. */
export interface NetworkTarget {
  readonly transport: "tcp" | "ws" | "wss" | "udp"
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
  /** Of a WebSocket, such as "/". */
  readonly path: string
  /** The address to connect from: "tcp://SOURCE;HOST:PORT". */
  readonly source?: string
}

/** A socket in the file system; a name that begins with "@" is an abstract one of Linux. */
export interface LocalTarget {
  readonly transport: "ipc"
  readonly path: string
}

export type Target = NetworkTarget | LocalTarget

const reach: Readonly<Record<string, string>> = {
  inproc: "inproc endpoints exist only inside one process, and no other can look at them",
  pgm: "doctor cannot look at pgm",
  epgm: "doctor cannot look at epgm",
}

function split(rest: string, endpoint: string): { host: string; port: number; source?: string } {
  const [, source, bracketed, plain = "", digits = ""] =
    /^(?:([^;/]*);)?(?:\[([^\]]+)\]|([^/[\]]*)):(\d+)$/.exec(rest) ?? []
  const port = Number(digits)
  const host = bracketed ?? plain
  if (digits === "" || host === "") {
    throw new UsageError(
      `Expected a host and a port, such as tcp://localhost:5555, but received ${JSON.stringify(endpoint)}`,
    )
  }
  if (port < 1 || port > 65535)
    throw new UsageError(`Expected a port from 1 to 65535, but ${JSON.stringify(endpoint)} has ${digits}`)
  return { host, port, ...(source !== undefined && { source: source.replace(/:\d+$/, "") }) }
}

/**
 * Parses the address of an endpoint.
 * @throws {UsageError} for one that doctor cannot look at.
 */
export function parseTarget({ address, isBound }: Endpoint): Target {
  const [, transport = "", rest = ""] = /^([a-z]+):\/\/(.*)$/s.exec(address) ?? []
  switch (transport) {
    case "tcp":
    case "udp":
      return { transport, path: "/", ...split(rest, address) }
    case "ws":
    case "wss": {
      const slash = rest.indexOf("/")
      const authority = slash < 0 ? rest : rest.slice(0, slash)
      const path = slash < 0 ? "/" : rest.slice(slash)
      if (/[\s\p{Cc}]/u.test(path)) throw new UsageError(`The path in ${JSON.stringify(address)} has blanks`)
      return { transport, path, ...split(authority, address) }
    }
    case "ipc":
      if (rest === "*")
        throw new UsageError(`${JSON.stringify(address)} names no file: give the path that the socket has`)
      return { transport, path: rest }
    default:
      throw new UsageError(
        `${reach[transport] ?? `doctor cannot look at ${transport}`}. It knows tcp, ipc, ws, wss and udp${isBound ? "; of bound endpoints, tcp and ipc" : ""}`,
      )
  }
}
