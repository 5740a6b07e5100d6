// What sockets have that send and receive, and what their constructors take. The package exports all of these.

import type { Readable as NodeReadable, Writable as NodeWritable } from "node:stream"
import type { ReadableStream, WritableStream } from "node:stream/web"

import type { OperationOptions } from "../base/checks.js"
import type { Iteration } from "../base/iteration.js"
import type { Context } from "../context.js"
import type { ReceiveMemory } from "../message/inbox.js"
import type { Message, MessageLike } from "../message/message.js"
import type { MessageWithMetadata, MetadataOptions } from "../message/metadata.js"
import type { Options, OptionsOn } from "../options/types.js"
import type { QueueOptions } from "./queues.js"
import type { BatchOptions } from "./receiving.js"
import type { StreamOptions } from "./streams.js"

/** The option of every socket class beside those of libzmq. */
export interface ContextOption {
  /** The context to which the socket belongs. Default: the default context. */
  context: Context
}

/** The options of a socket class that can be set, and the context. */
export type SocketOptions<S> = Options<S, ContextOption>

/**
 * What the constructor of a socket class takes: `SocketOptions`, in which text, such as names and keys, may be bytes too, and a
 * queue may be `true`.
 */
export type ConstructorOptions<S> = {
  [K in keyof SocketOptions<S>]: string extends SocketOptions<S>[K]
    ? SocketOptions<S>[K] | Uint8Array
    : K extends "sendQueue" | "receiveQueue"
      ? SocketOptions<S>[K] | true
      : SocketOptions<S>[K]
}

/** What zeromq's sockets have that send, and all that a stand-in for one needs. Sockets here have more: see `Sender`. */
export interface Writable<
  M extends MessageLike | MessageLike[] = MessageLike | MessageLike[],
  O extends unknown[] = [options?: OperationOptions],
> extends Pick<OptionsOn<"Push">, "multicastHops" | "sendBufferSize" | "sendHighWaterMark" | "sendTimeout"> {
  /**
   * Hands a message to libzmq, which sends it in the background. Resolves as soon as libzmq has it: at once if there is
   * room, else when there is. Rejects with EAGAIN when `sendTimeout`, or `timeout`, passes first (`reason` is
   * "timeout"), or the socket is closed (`reason` is "closed").
   *
   * One send can wait at a time: another one throws EBUSY, unless there is a `sendQueue`. Buffers are copied, but on
   * Node.js 24 and later those of more than 64 KiB may be read where they are: leave them alone until the message is sent.
   *
   * ```typescript
   * await socket.send("hello")
   * await socket.send(["topic", buffer], { timeout: 1000 })
   * ```
   */
  send(message: M, ...options: O): Promise<void>
}

/** What sockets have that send. */
export interface Sender<
  M extends MessageLike | MessageLike[] = MessageLike | MessageLike[],
  O extends unknown[] = [options?: OperationOptions],
> extends Writable<M, O> {
  /**
   * Hands many messages to libzmq, in order, at a fraction of the cost of single sends. Resolves when libzmq has them
   * all. If it fails or ends before, it rejects with an error that says in `sent` how many went; a signal's reason is the
   * error's `cause`. What cannot be sent at all throws before anything goes.
   *
   * It does not let go of the event loop between two messages that find room, so a few hundred at a time are best.
   *
   * ```typescript
   * await socket.sendMany(["one", ["topic", buffer], "three"])
   * ```
   */
  sendMany(messages: Iterable<M>, ...options: O): Promise<void>

  /**
   * Hands a message to libzmq if there is room, and says whether it did. Never waits. Throws what libzmq fails with
   * (EHOSTUNREACH, EFSM).
   */
  trySend(message: M): boolean

  /**
   * Lets so many sends wait at a time, where otherwise a second one throws EBUSY. They are sent in the order in which
   * they were made; each still resolves only when libzmq has its message. Default null. `true` is set for
   * `{ limit: 1000, whenFull: "wait" }`, and reads as that.
   *
   * ```typescript
   * const socket = new Push({ sendQueue: { limit: 1000, whenFull: "reject" } })
   * ```
   */
  get sendQueue(): QueueOptions | null
  set sendQueue(queue: QueueOptions | true | null)

  /**
   * The socket as a Writable in object mode: each chunk is a message, a write is done when libzmq has it. Destroying or
   * ending the stream leaves the socket open.
   *
   * ```typescript
   * await pipeline(createReadStream("findings.ndjson"), split2(), socket.toWritable())
   * ```
   */
  toWritable(options?: StreamOptions): NodeWritable

  /** The socket as a WritableStream of the Web: like `toWritable`. */
  toWritableStream(options?: StreamOptions): WritableStream<M>
}

type ReceiveType<T> = T extends { receive(): Promise<infer U> } ? U : never

/** What zeromq's sockets have that receive, and all that a stand-in for one needs. Sockets here have more: see `Receiver`. */
export interface Readable<M extends object[] = Message[]>
  extends Pick<OptionsOn<"Pull">, "receiveBufferSize" | "receiveHighWaterMark" | "receiveTimeout"> {
  /**
   * Resolves with the parts of the next message: at once if there is one, else when it comes. Rejects with EAGAIN when
   * `receiveTimeout`, or `timeout`, passes first (`reason` is "timeout"), or the socket is closed (`reason` is "closed"). Nothing
   * is lost by that: the message is what the next receive gets.
   *
   * One receive can wait at a time: another one throws EBUSY, unless there is a `receiveQueue`.
   *
   * ```typescript
   * const [part, next] = await socket.receive()
   * ```
   */
  receive(options?: OperationOptions): Promise<M>

  /**
   * Receives until the socket is closed. Leaving the loop closes nothing and loses nothing. The iterator's `return` cancels
   * a receive that waits.
   *
   * ```typescript
   * for await (const [part] of socket) console.log(part.toString())
   * ```
   */
  [Symbol.asyncIterator](): AsyncIterator<ReceiveType<this>, undefined>
}

/** What sockets have that receive. */
export interface Receiver<M extends object[] = Message[]> extends Readable<M> {
  /**
   * Receives until the socket is closed, like a loop over the socket itself, or until the signal is aborted: then the loop
   * ends, without an error and without losing a message. A `timeout` is for each message: when it passes, that step
   * rejects with EAGAIN (`reason` is "timeout").
   *
   * ```typescript
   * for await (const [part] of socket.messages({ signal })) console.log(part.toString())
   * ```
   */
  messages(options?: OperationOptions): Iteration<ReceiveType<this>>

  /**
   * Resolves with all messages that are there, up to `max`, as soon as there is one.
   *
   * ```typescript
   * for (const [part] of await socket.receiveMany({ max: 100 })) work(part)
   * ```
   */
  receiveMany(options?: BatchOptions): Promise<M[]>

  /**
   * Resolves with the next message and what libzmq knows about its sender: who it is (`userId`, as authenticated), from
   * where (`peerAddress`), with which type of socket, and properties of its own. Otherwise like `receive`.
   *
   * A socket that is asked for metadata no longer fetches messages ahead. Those that an iterator had fetched before
   * come with all of it null.
   *
   * ```typescript
   * const { parts, userId, peerAddress, properties } = await socket.receiveWithMetadata({ properties: ["X-Role"] })
   * ```
   */
  receiveWithMetadata(options?: MetadataOptions): Promise<MessageWithMetadata<M>>

  /**
   * Receives with metadata until the socket is closed. A `timeout` is for each message.
   *
   * ```typescript
   * for await (const { parts, userId } of socket.withMetadata()) work(parts, userId)
   * ```
   */
  withMetadata(options?: MetadataOptions): Iteration<MessageWithMetadata<M>>

  /** The next message if there is one, else undefined. Never waits. */
  tryReceive(): M | undefined

  /**
   * Receives in arrays of up to `max` messages until the socket is closed, at a fraction of the cost of single messages.
   * A `timeout` is for each array.
   *
   * ```typescript
   * for await (const messages of socket.batches()) await store(messages)
   * ```
   */
  batches(options?: BatchOptions): Iteration<ReceiveType<this>[]>

  /**
   * Lets so many receives wait at a time, where otherwise a second one throws EBUSY. They are served in turn. Default null.
   * `true` is set for `{ limit: 1000, whenFull: "wait" }`, and reads as that.
   */
  get receiveQueue(): QueueOptions | null
  set receiveQueue(queue: QueueOptions | true | null)

  /**
   * What memory small messages (65 to 1,024 bytes a part) come in: see ReceiveMemory. Default "shared"; "own" once `security` is
   * set. It holds for what is fetched from then on.
   */
  receiveMemory: ReceiveMemory

  /**
   * The socket as a Readable in object mode: each chunk is a message, an array of parts. It ends when the socket is
   * closed. Destroying it leaves the socket open and cancels the read under way; the messages in its buffer, up to
   * `highWaterMark`, are lost.
   *
   * ```typescript
   * await pipeline(socket.toReadable(), async function* (messages) { for await (const [part] of messages) yield part }, process.stdout)
   * ```
   */
  toReadable(options?: StreamOptions): NodeReadable

  /** The socket as a ReadableStream of the Web: like `toReadable`. */
  toReadableStream(options?: StreamOptions): ReadableStream<M>
}
