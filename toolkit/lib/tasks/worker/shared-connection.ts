// Connections for heartbeats: the workers of a process that are the same client of the same queue share one.

import { Connection, type Target } from "../client/connection.js"

interface Shared {
  connection: Connection
  /** Called when there is a connection. */
  listeners: Set<() => void>
}

const known = new Map<string, Shared>()

/** A connection that others may use, too. */
export interface SharedConnection {
  readonly connection: Connection
  /** Closes it, unless others use it. */
  leave(): void
}

/** @param connected Called whenever there is a connection, and soon if there is one now. */
export function share(target: Target, connected: () => void): SharedConnection {
  // The keys are in it: a connection belongs to one user.
  const key = JSON.stringify(target)
  let shared = known.get(key)
  if (shared === undefined) {
    const listeners = new Set<() => void>()
    const tell = () => {
      for (const listener of listeners) listener()
    }
    shared = { connection: new Connection(target, { connected: tell }), listeners }
    known.set(key, shared)
  }
  const { connection, listeners } = shared
  listeners.add(connected)
  if (connection.isUp) setImmediate(() => listeners.has(connected) && connection.isUp && connected())
  return {
    connection,
    leave: () => {
      listeners.delete(connected)
      if (listeners.size > 0) return
      known.delete(key)
      connection.close()
    },
  }
}
