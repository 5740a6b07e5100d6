/**
 * Sockets that send and receive values, such as JSON, in place of bytes.
 *
 * @module ohmq/codec
 */

import { TextDecoder } from "node:util"

import { brand } from "./base/brand.js"
import { expected, isObject } from "./base/checks.js"
import { makeReplaceable } from "./base/exports.js"
import { MappedIteration } from "./base/mapped-iteration.js"
import type { Iteration, Message, MessageLike, OperationOptions, Receiver, Sender } from "./index.js"

/** Converts values to messages and back. Received values may have another type than those that can be sent. */
export interface Codec<Out, In = Out> {
  /** The part or parts that a value is sent as. */
  encode(value: In): MessageLike | MessageLike[]
  /** The value of a message. Throws if the message is malformed. */
  decode(parts: Message[]): Out
}

/** How many sizes of parts an error lists. */
const LISTED = 8

/** A receive rejects with this if the codec cannot decode the message, which is then gone. `cause` is the codec's error. */
export class MalformedMessageError extends Error {
  /** Always "MalformedMessageError". */
  override readonly name = "MalformedMessageError"
  /** Always "ERR_MALFORMED_MESSAGE". */
  readonly code = "ERR_MALFORMED_MESSAGE"
  /** The message as it was received. Not enumerable, so that logs do not contain it. */
  declare readonly parts: Message[]

  constructor(parts: Message[], cause: unknown) {
    const sizes = parts.slice(0, LISTED).map(({ length }) => length)
    const count = `${parts.length} part${parts.length === 1 ? "" : "s"}`
    const reason = isObject(cause) && "message" in cause ? cause.message : cause
    super(`Malformed message (${count}: ${sizes.join(", ")}${parts.length > LISTED ? ", …" : ""} bytes): ${reason}`, {
      cause,
    })
    Object.defineProperty(this, "parts", { value: parts })
  }
}

brand("MalformedMessageError", MalformedMessageError)

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

function textOf(parts: Message[]): string {
  const [part] = parts
  if (part === undefined || parts.length > 1) throw new Error("A value must be one part")
  try {
    return utf8.decode(part)
  } catch (cause) {
    throw new Error("The part is not valid UTF-8", { cause })
  }
}

/** One part of text. */
export const text = (): Codec<string> => ({ encode: (value) => value, decode: textOf })

/**
 * One part of JSON.
 *
 * @param check Returns the value if it is of type `T`, or throws. Without it, nobody checks what a peer has sent.
 */
export function json<T = unknown>(check: (value: unknown) => T = (value) => value as T): Codec<T> {
  const parse = (written: string): unknown => {
    try {
      return JSON.parse(written)
    } catch (cause) {
      // The parser's message quotes what the peer has sent.
      throw new Error("The part is not valid JSON", { cause })
    }
  }
  const encode = (value: T) => {
    const written = JSON.stringify(value)
    if (written === undefined) throw expected("value", "a value that JSON can represent", value)
    return written
  }
  return { encode, decode: (parts) => check(parse(textOf(parts))) }
}

/**
 * Keeps the parts before the value as they are: the topic of a Publisher and Subscriber, the routing id of a Router. A value
 * is then an array of these parts and the value.
 *
 * @param count How many parts: 1, or 2 for a Router that talks to Requests, which put an empty part after the routing id.
 */
export function prefixed<Out, In>(codec: Codec<Out, In>, count?: 1): Codec<[Message, Out], [MessageLike, In]>
/** Keeps two parts before the value as they are. */
export function prefixed<Out, In>(
  codec: Codec<Out, In>,
  count: 2,
): Codec<[Message, Message, Out], [MessageLike, MessageLike, In]>
export function prefixed(codec: Codec<unknown, unknown>, count: 1 | 2 = 1): unknown {
  if (count !== 1 && count !== 2) throw expected("count", "1 or 2", count)
  const encode = (value: unknown[]) => {
    const isComplete = Array.isArray(value) && value.length === count + 1
    if (!isComplete) throw expected("value", `an array of ${count + 1} with the value at its end`, value)
    return [...value.slice(0, count), codec.encode(value[count])].flat()
  }
  return { encode, decode: (parts: Message[]) => [...parts.slice(0, count), codec.decode(parts.slice(count))] }
}

/** Options of a loop over values. */
export interface ValueLoopOptions extends OperationOptions {
  /**
   * Called for a malformed message; the loop then continues with the next. Without it that step rejects, which ends `for await`.
   * Not for a Reply, which must answer before it receives again.
   */
  onMalformed?: (error: MalformedMessageError) => void
}

/** The sending methods of a socket with a codec. */
export interface ValueSender<In> {
  /** Like `send` of the socket. */
  send(value: In, options?: OperationOptions): Promise<void>
  /** Like `sendMany` of the socket. */
  sendMany(values: Iterable<In>, options?: OperationOptions): Promise<void>
}

/** The receiving methods of a socket with a codec. */
export interface ValueReceiver<Out> {
  /** Like `receive` of the socket. Rejects with a MalformedMessageError; the next call receives the next message. */
  receive(options?: OperationOptions): Promise<Out>
  /** Like `messages` of the socket. */
  messages(options?: ValueLoopOptions): Iteration<Out>
  /** Like `messages()`. */
  [Symbol.asyncIterator](): Iteration<Out>
}

/** A socket with a codec: it sends if the socket can send, and receives if it can receive. */
export type WithCodec<S, Out, In = Out> = {
  /** The socket itself: to bind, connect, close and so on. */
  readonly socket: S
} & (S extends { send(message: string): Promise<void> } ? ValueSender<In> : unknown) &
  (S extends { receive(): Promise<Message[]> } ? ValueReceiver<Out> : unknown)

const senderOf = <In>(socket: Sender, codec: Codec<unknown, In>): ValueSender<In> => ({
  send: (value, options) => socket.send(codec.encode(value), options),
  sendMany: (values, options) =>
    socket.sendMany(
      Array.from(values, (value) => codec.encode(value)),
      options,
    ),
})

function receiverOf<Out>(socket: Receiver, codec: Codec<Out, never>): ValueReceiver<Out> {
  const decode = (parts: Message[]) => {
    try {
      return codec.decode(parts)
    } catch (error) {
      throw new MalformedMessageError(parts, error)
    }
  }
  const messages = ({ onMalformed, ...options }: ValueLoopOptions = {}) => {
    if (onMalformed !== undefined && typeof onMalformed !== "function") {
      throw expected("onMalformed", "a function", onMalformed)
    }
    return new MappedIteration(socket.messages(options), (parts) => {
      try {
        return { value: decode(parts) }
      } catch (error) {
        if (onMalformed === undefined) throw error
        onMalformed(error as MalformedMessageError)
        return undefined
      }
    })
  }
  const receive = (options?: OperationOptions) => socket.receive(options).then(decode)
  return { receive, messages, [Symbol.asyncIterator]: () => messages() }
}

/**
 * Makes a socket send and receive values.
 *
 * ```typescript
 * const findings = withCodec(new Push({ connect }), json<Finding>())
 * await findings.send({ file: "a.js", severity: "high" })
 *
 * const subscriber = withCodec(new Subscriber({ connect, subscribe: "high" }), prefixed(json(parseFinding)))
 * for await (const [topic, finding] of subscriber) report(topic, finding)
 * ```
 */
export function withCodec<S extends object, Out, In>(socket: S, codec: Codec<Out, In>): WithCodec<S, Out, In> {
  const any = socket as unknown as Sender & Receiver
  const sender = typeof any.send === "function" && senderOf(any, codec as Codec<unknown, In>)
  const receiver = typeof any.receive === "function" && receiverOf(any, codec as Codec<Out, never>)
  return { socket, ...sender, ...receiver } as unknown as WithCodec<S, Out, In>
}

makeReplaceable(exports)
