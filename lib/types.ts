// Public types that no class of their own stands behind.

import type { Context } from "./context.js"
import type { contextOptions, Option, SocketName, socketOptions } from "./option-table/index.js"

/** A part of a message that was received. */
export type Message = Buffer

/**
 * What can be sent as one part of a message: bytes, or text as UTF-8. `null` is an empty part, a number is sent as its
 * decimal text.
 */
export type MessageLike = ArrayBufferView | ArrayBuffer | SharedArrayBuffer | string | number | null

/** Options of a single operation. */
export interface OperationOptions {
  /** Ends the operation; it then rejects with the signal's reason. */
  signal?: AbortSignal
  /** How long the operation may wait, in milliseconds: 0 not at all, -1 for ever. Default: the socket's own option. */
  timeout?: number
}

type SocketTable = typeof socketOptions
type ContextTable = typeof contextOptions

/** The type of an option's value. */
type ValueOf<O extends Option> = O extends { flags: infer F }
  ? (keyof F)[]
  : O extends { values: readonly (infer V)[] }
    ? V
    : {
        bool: boolean
        int32: number
        uint32: number
        int64: number
        uint64: number
        string: string | null
        text: string | null
        bytes: Buffer | null
        curveKey: string | null
        flags: number
        properties: Record<string, string> | null
      }[O["wire"]]

/** Whether an option is on a class: "Socket" for those that all sockets have. */
type IsOn<O extends Option, S extends SocketName | "Socket"> = O extends { on: readonly SocketName[] }
  ? S extends O["on"][number]
    ? true
    : false
  : S extends "Socket"
    ? true
    : false

/** The options of the table that a class has over those of `Socket`, as properties. */
export type OptionsOn<S extends SocketName | "Socket"> = {
  -readonly [K in keyof SocketTable as IsOn<SocketTable[K], S> extends true
    ? SocketTable[K] extends { access: "read" }
      ? never
      : K
    : never]: ValueOf<SocketTable[K]>
} & {
  readonly [K in keyof SocketTable as IsOn<SocketTable[K], S> extends true
    ? SocketTable[K] extends { access: "read" }
      ? K
      : never
    : never]: ValueOf<SocketTable[K]>
}

/** The options of a context, as properties. */
export type ContextProperties = {
  -readonly [K in keyof ContextTable as ContextTable[K] extends { access: "read" } ? never : K]: ValueOf<
    ContextTable[K]
  >
} & {
  readonly [K in keyof ContextTable as ContextTable[K] extends { access: "read" } ? K : never]: ValueOf<ContextTable[K]>
}

type IfEquals<X, Y, A, B = never> = (<T>() => T extends X ? 1 : 2) extends <T>() => T extends Y ? 1 : 2 ? A : B

/** The names of the properties that can be assigned and are no methods. */
type WritableKeys<T> = {
  [P in keyof T]-?: T[P] extends (...args: never[]) => unknown
    ? never
    : IfEquals<{ [Q in P]: T[P] }, { -readonly [Q in P]: T[P] }, P>
}[keyof T]

/** Text options take bytes too when they are set. */
type Assignable<V> = string extends V ? V | Uint8Array : V

type Expand<T> = T extends infer O ? { [K in keyof O]: O[K] } : never

/** The options that the constructor of a class takes. */
export type Options<T, E = object> = Expand<Partial<E & { [K in WritableKeys<T>]: Assignable<T[K]> }>>

/** The options that the constructor of a socket class takes: every option that can be set, and the context. */
export type SocketOptions<S> = Options<S, { context: Context }>

/** What sockets have that send. */
export interface Writable<
  M extends MessageLike | MessageLike[] = MessageLike | MessageLike[],
  O extends unknown[] = [options?: OperationOptions],
> extends Pick<OptionsOn<"Push">, "multicastHops" | "sendBufferSize" | "sendHighWaterMark" | "sendTimeout"> {
  /**
   * Hands a message to libzmq, which sends it in the background. Resolves as soon as libzmq has it: at once if there is
   * room, else when there is. Rejects with EAGAIN when `sendTimeout`, or `timeout`, passes first, or the socket is
   * closed.
   *
   * One send can wait at a time: another one throws EBUSY. Buffers of more than 1 KiB are not copied, so they must not
   * change until the message is sent.
   *
   * ```typescript
   * await socket.send("hello")
   * await socket.send(["topic", buffer], { timeout: 1000 })
   * ```
   */
  send(message: M, ...options: O): Promise<void>
}

type ReceiveType<T> = T extends { receive(): Promise<infer U> } ? U : never

/** What sockets have that receive. */
export interface Readable<M extends object[] = Message[]>
  extends Pick<OptionsOn<"Pull">, "receiveBufferSize" | "receiveHighWaterMark" | "receiveTimeout"> {
  /**
   * Resolves with the parts of the next message: at once if there is one, else when it comes. Rejects with EAGAIN when
   * `receiveTimeout`, or `timeout`, passes first, or the socket is closed. Nothing is lost by that: the message is what
   * the next receive gets.
   *
   * One receive can wait at a time: another one throws EBUSY.
   *
   * ```typescript
   * const [part, next] = await socket.receive()
   * ```
   */
  receive(options?: OperationOptions): Promise<M>

  /**
   * Receives until the socket is closed. Leaving the loop closes nothing and loses nothing.
   *
   * ```typescript
   * for await (const [part] of socket) console.log(part.toString())
   * ```
   */
  [Symbol.asyncIterator](): AsyncIterator<ReceiveType<this>, undefined>
}
