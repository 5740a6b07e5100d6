// proxy(): passes the messages of two sockets on to each other, in JavaScript.

import type { Message } from "../index.js"
import type { Socket } from "./socket.js"

/**
 * Passes messages on between two sockets, whose types are, in this order: pull and push, push and pull, xpub and xsub, router
 * and dealer.
 *
 * @param capture Is sent a copy of each message that goes to the front end, and of what goes from pull to push. A router's
 * replies come without their first two parts, which are the way back.
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
