// The sending methods of sockets whose messages have one part and options.

import type { Writable as NodeWritable } from "node:stream"
import type { WritableStream } from "node:stream/web"
import { checkNames, checkObject, type OperationOptions } from "../base/checks.js"
import type { MessageLike } from "../message/message.js"
import type { Sender } from "../socket/interfaces.js"
import type { QueueOptions } from "../socket/queues.js"
import { Socket } from "../socket/socket.js"
import type { StreamOptions } from "../socket/streams.js"

/** The sending methods of sockets whose messages have one part and the options `T`. */
export interface TaggedWritable<T extends object>
  extends Pick<Sender, "multicastHops" | "sendBufferSize" | "sendHighWaterMark" | "sendTimeout" | "toWritable"> {
  /** Like `send` of other sockets. The message has one part; the options say where it goes. */
  send(message: MessageLike, options: T & OperationOptions): Promise<void>

  /** Like `sendMany` of other sockets, for pairs of a message and its options. */
  sendMany(messages: Iterable<readonly [MessageLike, T]>, options?: OperationOptions): Promise<void>

  /** Like `trySend` of other sockets. */
  trySend(message: MessageLike, options: T): boolean

  /** Like `sendQueue` of other sockets. */
  get sendQueue(): QueueOptions | null
  set sendQueue(queue: QueueOptions | true | null)

  /** The socket as a Writable in object mode: each chunk is a pair of a message and its options. */
  toWritable(options?: StreamOptions): NodeWritable

  /** The socket as a web WritableStream, like `toWritable`. */
  toWritableStream(options?: StreamOptions): WritableStream<[MessageLike, T]>
}

const base = Socket.prototype as unknown as {
  send(message: unknown, options?: OperationOptions): Promise<void>
  trySend(message: unknown): boolean
}

/** Gives a class a `send` and a `trySend` with an additional option of this name. They pass message and options on as a pair. */
export function defineTaggedSending(socketClass: { prototype: Socket }, name: string): void {
  const methods = {
    send(this: Socket, message: MessageLike, options: OperationOptions) {
      checkObject(options)
      checkNames(options, name, "signal", "timeout")
      const { signal, timeout } = options
      const operation = signal === undefined && timeout === undefined ? undefined : { signal, timeout }
      return base.send.call(this, [message, options], operation)
    },
    trySend(this: Socket, message: MessageLike, options: object) {
      return base.trySend.call(this, [message, options])
    },
  }
  for (const [key, value] of Object.entries(methods)) {
    Object.defineProperty(socketClass.prototype, key, { value, writable: true, configurable: true })
  }
}
