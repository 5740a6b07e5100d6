/**
 * The API of zeromq 5. The exported values are exactly those of zeromq 6's zeromq/v5-compat.
 *
 * @module ohmq/v5-compat
 */

import { makeReplaceable } from "../base/exports.js"
import * as zmq from "../index.js"
import * as constants from "./constants.js"
import { Socket } from "./socket.js"
import type { SocketType } from "./socket-types.js"

/** Options of the default context, to which all sockets of this API belong. It cannot be instantiated. */
export class Context {
  /** ZMQ_IO_THREADS: sets the number of I/O threads. Takes effect with the first socket. */
  static setMaxThreads(value: number): void {
    zmq.context.ioThreads = value
  }

  /** ZMQ_IO_THREADS: the number of I/O threads. Default 1. */
  static getMaxThreads(): number {
    return zmq.context.ioThreads
  }

  /** ZMQ_MAX_SOCKETS: sets how many sockets may exist. Takes effect with the first socket. */
  static setMaxSockets(value: number): void {
    zmq.context.maxSockets = value
  }

  /** ZMQ_MAX_SOCKETS: how many sockets may exist. Default 1023. */
  static getMaxSockets(): number {
    return zmq.context.maxSockets
  }

  constructor() {
    throw new Error("Context cannot be instantiated in compatibility mode")
  }
}

/**
 * Creates a socket. Throws an Error for an unknown type.
 *
 * ```typescript
 * const subscriber = zmq.socket("sub")
 * subscriber.on("message", (topic, body) => console.log(`${topic}: ${body}`))
 * subscriber.connect("tcp://127.0.0.1:5556")
 * subscriber.subscribe("findings")
 * ```
 *
 * @param values Properties to set on it, such as `identity` and `linger`.
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
export interface CurveKeypair {
  /** The public key. */
  public: string
  /** The secret key. */
  secret: string
}

/** Generates a key pair for CURVE. */
export function curveKeypair(): CurveKeypair {
  const { publicKey, secretKey } = zmq.curveKeyPair()
  return { public: publicKey, secret: secretKey }
}

/** The version of the linked libzmq, such as "4.3.5". */
export const version: string = zmq.version

Object.assign(exports, constants)

export * from "./constants.js"
export { type OptionName, type OptionProperties, type OptionValue, options } from "./options.js"
export { proxy } from "./proxy.js"
export type { Callback } from "./send-queue.js"
export { type CompatSocket, type MonitorEvent, Socket, type SocketEvents } from "./socket.js"
export type { SocketType } from "./socket-types.js"
export { createSocket as socket }

makeReplaceable(exports)
