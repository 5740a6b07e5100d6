// monitor(): emits the events of the main API under their zeromq 5 names.

import { type Event, type EventType, Observer } from "../index.js"
import type { Link } from "./link.js"

const names = {
  accept: "accept",
  "accept:error": "accept_error",
  bind: "listen",
  "bind:error": "bind_error",
  close: "close",
  "close:error": "close_error",
  connect: "connect",
  "connect:delay": "connect_delay",
  "connect:retry": "connect_retry",
  disconnect: "disconnect",
} as const satisfies Partial<Record<EventType, string>>

/** The file descriptor, the error's number, or the milliseconds until the next attempt. */
function detailOf(event: Event): number | undefined {
  if ("fd" in event) return event.fd
  if ("interval" in event) return event.interval
  if ("error" in event) return (event.error as { errno?: number }).errno
  return undefined
}

/** Emits the events of a socket from now on. */
export function monitor({ socket, emitter }: Link): Observer {
  const observer = new Observer(socket)
  for (const [type, name] of Object.entries(names)) {
    observer.on(type as keyof typeof names, (event) => {
      emitter.emit(name, detailOf(event), event.address, "error" in event ? event.error : undefined)
    })
  }
  return observer
}
