// What programs for zeromq 5 import. The values are exactly those of zeromq/v5-compat of zeromq 6.

import { makeReplaceable } from "../base/exports.js"
import * as zmq from "../index.js"
import * as constants from "./constants.js"
import { Socket } from "./socket.js"
import type { SocketType } from "./state.js"

/** The default context, which all sockets belong to. */
export class Context {
  static setMaxThreads(value: number): void {
    zmq.context.ioThreads = value
  }

  static getMaxThreads(): number {
    return zmq.context.ioThreads
  }

  static setMaxSockets(value: number): void {
    zmq.context.maxSockets = value
  }

  static getMaxSockets(): number {
    return zmq.context.maxSockets
  }

  constructor() {
    throw new Error("Context cannot be instantiated in compatibility mode")
  }
}

/**
 * A new socket.
 *
 * ```typescript
 * const subscriber = zmq.socket("sub")
 * subscriber.on("message", (topic, body) => console.log(`${topic}: ${body}`))
 * subscriber.connect("tcp://127.0.0.1:5556")
 * subscriber.subscribe("findings")
 * ```
 *
 * @param values Properties to be set on it, such as `identity` and `linger`.
 */
export function createSocket(type: SocketType, values: Record<string, unknown> = {}): Socket {
  const socket = new Socket(type)
  try {
    return Object.assign(socket, values)
  } catch (error) {
    socket.close()
    throw error
  }
}

/** A key pair for CURVE, each key as 40 characters of Z85. */
export function curveKeypair(): { public: string; secret: string } {
  const { publicKey, secretKey } = zmq.curveKeyPair()
  return { public: publicKey, secret: secretKey }
}

/** The version of the linked libzmq, such as "4.3.5". */
export const version: string = zmq.version

Object.assign(exports, constants)

export * from "./constants.js"
export { type OptionName, type OptionValue, options } from "./options.js"
export { proxy } from "./proxy.js"
export type { Callback } from "./sender.js"
export { Socket, type SocketEvents } from "./socket.js"
export type { SocketType } from "./state.js"
export { createSocket as socket }

makeReplaceable(exports)
