// The interfaces of sockets that send and receive, and the options of their constructors. The package exports all of these.

import type { Readable as NodeReadable, Writable as NodeWritable } from "node:stream"
import type { ReadableStream, WritableStream } from "node:stream/web"

import type { OperationOptions } from "../base/checks.js"
import type { Iteration } from "../base/iteration.js"
import type { Context } from "../context.js"
import type { ReceiveMemory } from "../message/inbox.js"
import type { Message, MessageLike } from "../message/message.js"
import type { MessageWithMetadata, MetadataOptions } from "../message/metadata.js"
import type { Options, OptionsOn } from "../options/types.js"
import type { FirstEndpoints } from "./first-endpoints.js"
import type { QueueOptions } from "./queues.js"
import type { BatchOptions } from "./receiving.js"
import type { StreamOptions } from "./streams.js"

/** The option of every socket class besides those of libzmq. */
export interface ContextOption {
  /** The context to which the socket belongs. Default: the default context. */
  context: Context
}

/** The options of a socket class that can be set, and the context. */
export type SocketOptions<S> = Options<S, ContextOption>

/**
 * What the constructor of a socket class takes: `SocketOptions`, but text, such as names and keys, may also be bytes, and a queue
 * may also be `true`.
 */
export type ConstructorOptions<S> = {
  [K in keyof SocketOptions<S>]: string extends SocketOptions<S>[K]
    ? SocketOptions<S>[K] | Uint8Array
    : K extends "sendQueue" | "receiveQueue"
      ? SocketOptions<S>[K] | true
      : SocketOptions<S>[K]
} & FirstEndpoints

/** The sending methods of zeromq's sockets, which are all that a stand-in for a socket needs. Our sockets have more: see `Sender`. */
export interface Writable<
  M extends MessageLike | MessageLike[] = MessageLike | MessageLike[],
  O extends unknown[] = [options?: OperationOptions],
> extends Pick<OptionsOn<"Push">, "multicastHops" | "sendBufferSize" | "sendHighWaterMark" | "sendTimeout"> {
  /**
   * Passes a message to libzmq, which sends it in the background. Resolves when libzmq has it: at once, unless the queue is full. Rejects
   * with EAGAIN if `sendTimeout` (or `timeout`) passes first (`reason` is "timeout") or the socket is closed (`reason` is "closed").
   *
   * One send can wait at a time: a second one throws EBUSY, unless the socket has a `sendQueue`. Buffers are copied. On Node.js 24 and
   * later, Buffers larger than 64 KiB may be sent without a copy: do not change them until the message is sent.
   *
   * ```typescript
   * await socket.send("hello")
   * await socket.send(["topic", buffer], { timeout: 1000 })
   * ```
   */
  send(message: M, ...options: O): Promise<void>
}

/** The sending methods of sockets. */
export interface Sender<
  M extends MessageLike | MessageLike[] = MessageLike | MessageLike[],
  O extends unknown[] = [options?: OperationOptions],
> extends Writable<M, O> {
  /**
   * Passes many messages to libzmq, in order, at a fraction of the cost of single sends. Resolves when libzmq has all of them. Otherwise
   * it rejects with a BatchError, whose `sent` is the number of messages that were sent; a signal's reason is its `cause`. If one of
   * the messages cannot be sent at all, it throws and sends none.
   *
   * It does not yield to the event loop between messages while the queue has room, so send a few hundred at a time.
   *
   * ```typescript
   * await socket.sendMany(["one", ["topic", buffer], "three"])
   * ```
   */
  sendMany(messages: Iterable<M>, ...options: O): Promise<void>

  /**
   * Passes a message to libzmq if the queue has room, and returns whether it did. Never waits. Throws libzmq's errors (EHOSTUNREACH,
   * EFSM).
   */
  trySend(message: M): boolean

  /**
   * Allows several sends to wait at a time. Without it, a second one throws EBUSY. Messages are sent in the order of the calls, and each
   * send resolves when libzmq has its message. Default null. `true` stands for `{ limit: 1000, whenFull: "wait" }`.
   *
   * ```typescript
   * const socket = new Push({ sendQueue: { limit: 1000, whenFull: "reject" } })
   * ```
   */
  get sendQueue(): QueueOptions | null
  set sendQueue(queue: QueueOptions | true | null)

  /**
   * The socket as a Writable in object mode. Each chunk is a message; a write is done when libzmq has it. The socket stays open when the
   * stream ends or is destroyed.
   *
   * ```typescript
   * await pipeline(createReadStream("findings.ndjson"), split2(), socket.toWritable())
   * ```
   */
  toWritable(options?: StreamOptions): NodeWritable

  /** The socket as a web WritableStream, like `toWritable`. */
  toWritableStream(options?: StreamOptions): WritableStream<M>
}

type ReceiveType<T> = T extends { receive(): Promise<infer U> } ? U : never

/** The receiving methods of zeromq's sockets, which are all that a stand-in for a socket needs. Our sockets have more: see `Receiver`. */
export interface Readable<M extends object[] = Message[]>
  extends Pick<OptionsOn<"Pull">, "receiveBufferSize" | "receiveHighWaterMark" | "receiveTimeout"> {
  /**
   * Resolves with the parts of the next message, as soon as there is one. Rejects with EAGAIN if `receiveTimeout` (or `timeout`) passes
   * first (`reason` is "timeout") or the socket is closed (`reason` is "closed"). No message is lost: the next receive gets it.
   *
   * One receive can wait at a time: a second one throws EBUSY, unless the socket has a `receiveQueue`.
   *
   * ```typescript
   * const [part, next] = await socket.receive()
   * ```
   */
  receive(options?: OperationOptions): Promise<M>

  /**
   * Receives until the socket is closed. If you leave the loop, the socket stays open and no message is lost. The iterator's `return`
   * cancels a waiting receive.
   *
   * ```typescript
   * for await (const [part] of socket) console.log(part.toString())
   * ```
   */
  [Symbol.asyncIterator](): AsyncIterator<ReceiveType<this>, undefined>
}

/** The receiving methods of sockets. */
export interface Receiver<M extends object[] = Message[]> extends Readable<M> {
  /**
   * Receives until the socket is closed or the signal is aborted. Then the loop ends without an error, and no message is lost. The
   * `timeout` applies to each message: if it passes, that step rejects with EAGAIN (`reason` is "timeout").
   *
   * ```typescript
   * for await (const [part] of socket.messages({ signal })) console.log(part.toString())
   * ```
   */
  messages(options?: OperationOptions): Iteration<ReceiveType<this>>

  /**
   * Resolves with all messages that have arrived, up to `max`, as soon as there is one.
   *
   * ```typescript
   * for (const [part] of await socket.receiveMany({ max: 100 })) work(part)
   * ```
   */
  receiveMany(options?: BatchOptions): Promise<M[]>

  /**
   * Like `receive`, but resolves with the message and its metadata: the authenticated user (`userId`), the address (`peerAddress`) and
   * socket type of the sender, and the properties that the sender has set.
   *
   * From the first call on, the socket no longer prefetches messages. Messages that were prefetched before have only null metadata.
   *
   * ```typescript
   * const { parts, userId, peerAddress, properties } = await socket.receiveWithMetadata({ properties: ["X-Role"] })
   * ```
   */
  receiveWithMetadata(options?: MetadataOptions): Promise<MessageWithMetadata<M>>

  /**
   * Receives with metadata until the socket is closed. The `timeout` applies to each message.
   *
   * ```typescript
   * for await (const { parts, userId } of socket.withMetadata()) work(parts, userId)
   * ```
   */
  withMetadata(options?: MetadataOptions): Iteration<MessageWithMetadata<M>>

  /** Returns the next message, or undefined if there is none. Never waits. */
  tryReceive(): M | undefined

  /**
   * Receives arrays of up to `max` messages until the socket is closed, at a fraction of the cost of single messages. The `timeout` applies
   * to each array.
   *
   * ```typescript
   * for await (const messages of socket.batches()) await store(messages)
   * ```
   */
  batches(options?: BatchOptions): Iteration<ReceiveType<this>[]>

  /**
   * Allows several receives to wait at a time. Without it, a second one throws EBUSY. They get messages in the order of the calls. Default
   * null. `true` stands for `{ limit: 1000, whenFull: "wait" }`.
   */
  get receiveQueue(): QueueOptions | null
  set receiveQueue(queue: QueueOptions | true | null)

  /**
   * The memory of small received parts (65 to 1,024 bytes): see ReceiveMemory. Default "shared"; "own" once `security` is set.
   * A change applies to messages that are fetched from then on.
   */
  receiveMemory: ReceiveMemory

  /**
   * The socket as a Readable in object mode: each chunk is a message, an array of parts. It ends when the socket is
   * closed. Destroying it leaves the socket open and cancels the read in progress; the messages in its buffer, up to
   * `highWaterMark`, are lost.
   *
   * ```typescript
   * await pipeline(socket.toReadable(), async function* (messages) { for await (const [part] of messages) yield part }, process.stdout)
   * ```
   */
  toReadable(options?: StreamOptions): NodeReadable

  /** The socket as a web ReadableStream, like `toReadable`. */
  toReadableStream(options?: StreamOptions): ReadableStream<M>
}
