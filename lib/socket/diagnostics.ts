// Publishes what happens to sockets on node:diagnostics_channel. It costs next to nothing while nobody subscribes.

import { channel } from "node:diagnostics_channel"

// Kept here, because Node.js forgets a channel that nobody refers to.
const opened = channel("ohmq:socket:open")
const closed = channel("ohmq:socket:close")
const failed = channel("ohmq:socket:error")

/** Call it when the options of a new socket are set. */
export function tellOpened(socket: object): void {
  if (opened.hasSubscribers) opened.publish({ socket })
}

/** Call it when a socket that `tellOpened` has published is closed. */
export function tellClosed(socket: object): void {
  if (closed.hasSubscribers) closed.publish({ socket })
}

/** Call it when a bind or connect has failed. */
export function tellFailed(socket: object, operation: "bind" | "connect", address: string, error: unknown): void {
  if (failed.hasSubscribers) failed.publish({ socket, operation, address, error })
}
