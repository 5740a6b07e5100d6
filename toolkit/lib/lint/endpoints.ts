// How far an endpoint reaches.

import { isLoopback } from "../config/index.js"

/**
 * Who can be at the other end: programs on this machine, other machines, or other machines over an encrypted transport. Unknown if the
 * program decides it as it runs.
 */
export type Reach = "local" | "far" | "encrypted" | "unknown"

/** Stands in a text for a part that is not known before the program runs. */
export const hole = "\u0000"

const nets = new Set(["tcp", "ws", "udp", "pgm", "epgm", "norm"])

/** The reach of an endpoint in the notation of ZeroMQ, such as `tcp://*:5555` (https://libzmq.readthedocs.io/en/latest/zmq_tcp.html). */
export function reachOf(endpoint: string): Reach {
  const [, scheme = "", rest = ""] = /^([a-z]+):\/\/(.*)$/s.exec(endpoint) ?? []
  if (scheme === "wss") return "encrypted"
  if (!nets.has(scheme)) return scheme === "" || scheme.includes(hole) ? "unknown" : "local"
  // `source;destination` connects from an address to another, and a path may follow a port of ws.
  const address = rest.slice(rest.lastIndexOf(";") + 1).replace(/\/.*$/s, "")
  const colon = address.lastIndexOf(":")
  const host = colon < 0 ? address : address.slice(0, colon)
  if (host === "" || host.includes(hole)) return "unknown"
  return isLoopback(host) || host === "lo" ? "local" : "far"
}

/** An endpoint as it is shown. */
export const shownEndpoint = (endpoint: string): string => endpoint.replaceAll(hole, "…")
