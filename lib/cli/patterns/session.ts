// A pattern verb at work: its socket, in and out, and what ends it.

import type { Message, Socket } from "../../index.js"
import { CommandError, TimeoutError } from "../command/exit.js"
import type { Call, Options, Values } from "../command/spec.js"
import type { ConnectionValues } from "../connection/options.js"
import { type Connection, connectionOf, type Opened, openSocket } from "../connection/socket.js"
import type { InputValues } from "../input/options.js"
import type { Outgoing } from "../input/source.js"
import type { Incoming } from "../output/incoming.js"
import type { OutputValues } from "../output/options.js"
import type { PatternValues } from "./options.js"
import { classOf } from "./sockets.js"
import type { Pattern } from "./table.js"

export type SessionValues = ConnectionValues & InputValues & OutputValues & PatternValues

/** What the verbs use of a socket. Each type of socket has some of it. */
export interface AnySocket extends Socket {
  send(message: unknown, options?: unknown): Promise<void>
  sendMany(messages: unknown[], options?: { signal?: AbortSignal; timeout?: number }): Promise<void>
  trySend(message: unknown, options?: unknown): boolean
  receive(options?: { signal?: AbortSignal; timeout?: number }): Promise<[Message, ...unknown[]]>
  batches(options?: { signal?: AbortSignal; timeout?: number; max?: number }): AsyncIterable<unknown[][]>
  withMetadata(options?: { signal?: AbortSignal; timeout?: number }): AsyncIterable<{
    parts: unknown[]
    userId: string | null
    peerAddress: string | null
    routingId: string | null
    properties: Record<string, string>
  }>
}

/** A verb that runs. */
export interface Session {
  readonly pattern: Pattern
  readonly values: SessionValues
  /** The messages of the command line. */
  readonly messages: readonly string[]
  readonly connection: Connection
  readonly opened: Opened<AnySocket>
  readonly socket: AnySocket
  /** Aborted when the command is to end: by a signal, by --duration, or because the peer refuses this side. */
  readonly signal: AbortSignal
  /** Whether anything was sent, which must then be delivered. */
  hasSent: boolean
}

/** The most bytes in the name of a group. */
const LONGEST_GROUP = 255

/** A group, if its name can be one. */
export function checkGroup(group: string): string {
  const length = Buffer.byteLength(group)
  if (length > 0 && length <= LONGEST_GROUP && !group.includes("\0")) return group
  throw new CommandError(
    `The name of a group has 1 to ${LONGEST_GROUP} bytes and no zero byte, but this one has ${length}`,
  )
}

/** Gives a message of a tagged socket its options: the first part is the group or routing id. */
export function toSend({ tag }: Pattern, message: Outgoing): unknown {
  if (tag === undefined) return message
  const [first, ...rest] = Array.isArray(message) ? message : [message]
  const name = tag === "group" ? "a group" : "a routing id"
  if (rest.length !== 1)
    throw new CommandError(`A message needs ${name} and one part, but it has ${rest.length + 1} part(s)`)
  if (tag === "group") return [rest[0], { group: checkGroup(String(first)) }]
  const routingId = Number(String(first))
  if (!Number.isInteger(routingId) || routingId < 1 || routingId > 0xffff_ffff) {
    throw new CommandError(`Expected ${name} as the first part, but received ${JSON.stringify(String(first))}`)
  }
  return [rest[0], { routingId }]
}

/** A received message, with the tag as its first part. */
export function toIncoming(parts: unknown[]): Incoming {
  const last = parts.at(-1) as { group?: Buffer; routingId?: number } | Buffer
  if (parts.length < 2 || Buffer.isBuffer(last)) return { parts: parts as Buffer[] }
  const [body] = parts as [Buffer]
  if (last.group !== undefined) return { parts: [last.group, body], group: last.group.toString() }
  const peer = last.routingId as number
  return { parts: [Buffer.from(String(peer)), body], peer }
}

/** The same for sockets whose messages are only parts, at no cost. */
export const plainIncoming = (parts: unknown[]): Incoming => ({ parts: parts as Buffer[] })

/** The same for a Datagram, without the zero byte that libzmq leaves at the end of the address. */
export function datagramIncoming([address, ...rest]: unknown[]): Incoming {
  const text = address as Buffer
  return { parts: [text.at(-1) === 0 ? text.subarray(0, -1) : text, ...(rest as Buffer[])] }
}

/** Opens the socket of a verb, runs it, delivers what is queued, and closes. */
export async function runSession(
  { args, values: given, signal }: Call<Values<Options>>,
  pattern: Pattern,
  prepare: (socket: AnySocket, values: SessionValues) => void,
  run: (session: Session) => Promise<void>,
): Promise<number | undefined> {
  const connection = connectionOf(args, given as ConnectionValues)
  const values = { ...given, ...connection.values } as SessionValues
  const Class = classOf<AnySocket>(pattern)
  const opened = await openSocket(
    (options) => new Class(options),
    connection,
    (socket) => prepare(socket, values),
  )
  const signals = [signal, opened.refused]
  if (values.duration !== undefined) signals.push(AbortSignal.timeout(values.duration))
  const session: Session = {
    pattern,
    values,
    messages: connection.rest,
    connection,
    opened,
    socket: opened.socket,
    signal: AbortSignal.any(signals),
    hasSent: false,
  }
  try {
    await run(session)
  } catch (error) {
    opened.socket.close({ linger: 0 })
    throw error
  }
  if (opened.refused.aborted) {
    opened.socket.close({ linger: 0 })
    throw opened.refused.reason
  }
  // Nobody is left to read the reply to a request.
  const isPointless = pattern.kind === "request" && signal.aborted
  if (await opened.close(session.hasSent && !isPointless)) return undefined
  throw new CommandError("Not all messages were delivered: no peer took them within --linger")
}

/** The error of a step that took too long becomes the command's. */
export function rethrow(error: unknown, problem: () => string): never {
  const { code } = error as NodeJS.ErrnoException
  if (code === "EAGAIN") throw new TimeoutError(problem())
  if (code === "EHOSTUNREACH") throw new CommandError("There is no peer with this routing id")
  throw error
}

/** A duration for people. */
export const inWords = (milliseconds: number) =>
  milliseconds >= 1000 && milliseconds % 1000 === 0 ? `${milliseconds / 1000} s` : `${milliseconds} ms`
