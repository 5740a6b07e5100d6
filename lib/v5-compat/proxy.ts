// proxy(): forwards messages between two sockets, in JavaScript.

import type { Message } from "../index.js"
import type { Socket } from "./socket.js"

/**
 * Forwards messages between two sockets. Their types must be, in this order: pull and push, push and pull, xpub and xsub, or router and
 * dealer; otherwise it throws an Error.
 *
 * @param capture Gets a copy of each message that is forwarded to the front end or from pull to push. The copies of a router's replies lack
 * their first two parts, the return path.
 */
export function proxy(frontend: Socket, backend: Socket, capture?: Socket): void {
  const types = `${frontend.type}/${backend.type}`
  const routed = types === "router/dealer" || types === "xrep/xreq"
  if (!routed && types !== "push/pull" && types !== "pull/push" && types !== "xpub/xsub") {
    throw new Error("This socket type order is not supported in compatibility mode")
  }
  frontend.on("message", (...message: Message[]) => {
    backend.send(message)
    if (types === "pull/push") capture?.send(message)
  })
  backend.on("message", (...message: Message[]) => {
    frontend.send(message)
    capture?.send(routed ? message.slice(2) : message)
  })
}
