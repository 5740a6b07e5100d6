// The socket types of zeromq 5 ("req", "xrep" and so on), whose names are in the table of socket types, and the classes behind them.

import { type SocketName, socketTypes } from "../base/socket-types.js"
import * as zmq from "../index.js"
import type { AnySocket } from "./link.js"

interface Row {
  /** The names of the type in zeromq 5. */
  v5: readonly string[]
}

/** The socket types; "xreq" is "dealer" and "xrep" is "router". */
export type SocketType = Extract<(typeof socketTypes)[SocketName], Row>["v5"][number]

const exported: Record<string, unknown> = zmq
const classes = new Map<unknown, new () => AnySocket>()
for (const [name, row] of Object.entries(socketTypes)) {
  if (!("v5" in row)) continue
  for (const type of row.v5) classes.set(type, exported[name] as new () => AnySocket)
}

export const isSocketType = (type: unknown): type is SocketType => classes.has(type)

/** The socket of the main API for a type. */
export const createMainSocket = (type: SocketType): AnySocket => new (classes.get(type) as new () => AnySocket)()
