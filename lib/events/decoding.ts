// Decodes the messages of libzmq's monitor to events.

import type { Buffer } from "node:buffer"
import type { InspectOptions } from "node:util"

import { type ErrnoError, errnoErrorOf } from "../base/errors.js"
import { addon, constant } from "../native/addon.js"

/** Violations of ZMTP or ZAP by a peer. The same as in zeromq, because programs have tables with an entry for each. */
const protocolErrors = {
  ZMQ_PROTOCOL_ERROR_ZMTP_UNSPECIFIED: "ERR_ZMTP_UNSPECIFIED",
  ZMQ_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND: "ERR_ZMTP_UNEXPECTED_COMMAND",
  ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE: "ERR_ZMTP_INVALID_SEQUENCE",
  ZMQ_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE: "ERR_ZMTP_KEY_EXCHANGE",
  ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED: "ERR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED",
  ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE: "ERR_ZMTP_MALFORMED_COMMAND_MESSAGE",
  ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO: "ERR_ZMTP_MALFORMED_COMMAND_HELLO",
  ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE: "ERR_ZMTP_MALFORMED_COMMAND_INITIATE",
  ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR: "ERR_ZMTP_MALFORMED_COMMAND_ERROR",
  ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY: "ERR_ZMTP_MALFORMED_COMMAND_READY",
  ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME: "ERR_ZMTP_MALFORMED_COMMAND_WELCOME",
  ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_METADATA: "ERR_ZMTP_INVALID_METADATA",
  ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC: "ERR_ZMTP_CRYPTOGRAPHIC",
  ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH: "ERR_ZMTP_MECHANISM_MISMATCH",
  ZMQ_PROTOCOL_ERROR_ZAP_UNSPECIFIED: "ERR_ZAP_UNSPECIFIED",
  ZMQ_PROTOCOL_ERROR_ZAP_MALFORMED_REPLY: "ERR_ZAP_MALFORMED_REPLY",
  ZMQ_PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID: "ERR_ZAP_BAD_REQUEST_ID",
  ZMQ_PROTOCOL_ERROR_ZAP_BAD_VERSION: "ERR_ZAP_BAD_VERSION",
  ZMQ_PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE: "ERR_ZAP_INVALID_STATUS_CODE",
  ZMQ_PROTOCOL_ERROR_ZAP_INVALID_METADATA: "ERR_ZAP_INVALID_METADATA",
} as const

type ProtocolErrorCode = (typeof protocolErrors)[keyof typeof protocolErrors]

/**
 * An error of a protocol, with a `code` such as "ERR_ZMTP_MECHANISM_MISMATCH". Beyond its type, the code may be "ERR_WS_UNSPECIFIED" (the
 * WebSocket handshake failed) or "ERR_UNKNOWN" (an error that this version does not know).
 */
export interface CodedError extends Error {
  /** What went wrong; see docs/errors.md. */
  code: ProtocolErrorCode
}

/** Authentication was refused; `status` is that of the ZAP reply: 300, 400 or 500 (RFC 27). */
export interface AuthenticationError extends Error {
  /** 300: temporary error; 400: access denied; 500: internal error. */
  status: 300 | 400 | 500
}

interface EventAddress {
  /** The endpoint to which this side is bound or connects. In "bind:error" over tcp it lacks "tcp://". */
  address: string
  /** This side's endpoint of the connection, if libzmq reports it. */
  localAddress?: string
  /** The peer's endpoint of the connection, if libzmq reports it. */
  remoteAddress?: string
}

interface EventDescriptor {
  /** The file descriptor of the connection or listener. Do not read from it: libzmq owns it. Real events always have it. */
  fd?: number
}

interface EventInterval {
  /** The time until the next attempt, in milliseconds. */
  interval: number
}

interface EventError<E extends Error = ErrnoError> {
  /** Why it failed. */
  error: E
}

type Make<T extends string, D extends object = object> = {
  /** The type of the event. */
  type: T
} & D

/**
 * An event of a socket, by its `type`. inproc has only "end". `localAddress`, `remoteAddress` and `fd` are not enumerable, so a
 * spread or JSON does not contain them.
 */
export type Event =
  /** A connection was accepted. */
  | Make<"accept", EventAddress & EventDescriptor>
  | Make<"accept:error", EventAddress & EventError>
  /** The socket is bound. */
  | Make<"bind", EventAddress & EventDescriptor>
  | Make<"bind:error", EventAddress & EventError>
  /** A connection was made; the handshake follows. */
  | Make<"connect", EventAddress & EventDescriptor>
  /** A connection is being made in the background. */
  | Make<"connect:delay", EventAddress>
  /** A connection failed and will be tried again after `interval` milliseconds. */
  | Make<"connect:retry", EventAddress & EventInterval>
  /** A connection or listener was closed by this side. */
  | Make<"close", EventAddress & EventDescriptor>
  | Make<"close:error", EventAddress & EventError>
  /** A connection was lost. */
  | Make<"disconnect", EventAddress & EventDescriptor>
  /** There will be no more events; the observer is closed. */
  | Make<"end">
  /** Both sides have agreed and messages can flow. */
  | Make<"handshake", EventAddress>
  /** The peer does not speak ZMTP as it should. */
  | Make<"handshake:error:protocol", EventAddress & EventError<CodedError>>
  /** The peer was not authenticated, or refused to authenticate this side. */
  | Make<"handshake:error:auth", EventAddress & EventError<AuthenticationError>>
  | Make<"handshake:error:other", EventAddress & EventError>
  /** An event that this version does not know. */
  | Make<"unknown", Partial<EventAddress>>

/** The type of an event. */
export type EventType = Event["type"]

type Expand<T> = T extends infer O ? { [K in keyof O]: O[K] } : never

/** The event of a type, or of any of several. */
export type EventOfType<E extends EventType = EventType> = Expand<Extract<Event, Make<E>>>

/** The methods to add and remove listeners, as in zeromq. */
export interface EventSubscriber {
  /** Adds a listener for events of a type. */
  on<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): EventSubscriber
  /** Removes a listener. */
  off<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): EventSubscriber
}

const names = {
  ZMQ_EVENT_CONNECTED: "connect",
  ZMQ_EVENT_CONNECT_DELAYED: "connect:delay",
  ZMQ_EVENT_CONNECT_RETRIED: "connect:retry",
  ZMQ_EVENT_LISTENING: "bind",
  ZMQ_EVENT_BIND_FAILED: "bind:error",
  ZMQ_EVENT_ACCEPTED: "accept",
  ZMQ_EVENT_ACCEPT_FAILED: "accept:error",
  ZMQ_EVENT_CLOSED: "close",
  ZMQ_EVENT_CLOSE_FAILED: "close:error",
  ZMQ_EVENT_DISCONNECTED: "disconnect",
  ZMQ_EVENT_MONITOR_STOPPED: "end",
  ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: "handshake:error:other",
  ZMQ_EVENT_HANDSHAKE_SUCCEEDED: "handshake",
  ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: "handshake:error:protocol",
  ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: "handshake:error:auth",
} as const satisfies Record<string, EventType>

const types = new Map<number, EventType>(Object.entries(names).map(([name, type]) => [constant(name), type]))

export const isEventType = (type: unknown): type is EventType =>
  type === "unknown" || (Object.values(names) as unknown[]).includes(type)

const protocolErrorCodes = new Map<number | undefined, string>([
  ...Object.entries(protocolErrors).map(([name, code]) => [constant(name), code] as const),
  [addon.constants.ZMQ_PROTOCOL_ERROR_WS_UNSPECIFIED, "ERR_WS_UNSPECIFIED"],
])

function protocolError(value: number): CodedError {
  const code = protocolErrorCodes.get(value)
  const message = code === undefined ? "Unknown error" : `${code.split("_")[1]} protocol error`
  return Object.assign(new Error(message), { code: (code ?? "ERR_UNKNOWN") as ProtocolErrorCode })
}

function authenticationError(status: number): AuthenticationError {
  const message =
    { 300: "Temporary error", 400: "Authentication failure", 500: "Internal error" }[status] ?? "Unknown error"
  return Object.assign(new Error(message), { status: status as 300 })
}

/** The fields of an event besides its addresses and its descriptor. */
function details(type: EventType, value: number): object {
  switch (type) {
    case "connect:retry":
      return { interval: value }
    case "bind:error":
    case "accept:error":
    case "close:error":
    case "handshake:error:other":
      return { error: errnoErrorOf(value) }
    case "handshake:error:protocol":
      return { error: protocolError(value) }
    case "handshake:error:auth":
      return { error: authenticationError(value) }
    default:
      return {}
  }
}

const withDescriptor: ReadonlySet<EventType> = new Set(["accept", "bind", "connect", "close", "disconnect"])

const descriptor = (type: EventType, value: number) => (withDescriptor.has(type) ? value : undefined)

/** Shows all fields of an event when it is inspected, although some are not enumerable. */
function show(
  this: object,
  _depth: number,
  options: InspectOptions,
  inspect: (value: object, options: object) => string,
) {
  const names = Object.getOwnPropertyNames(this)
  return inspect(Object.fromEntries(names.map((name) => [name, this[name as never]])), options)
}

/**
 * Adds fields that zeromq's events lack. They are not enumerable, so that an event still equals one of zeromq in tests that compare whole
 * events.
 */
function withMore(event: object, more: Record<string, string | number | undefined>): Event {
  for (const [name, value] of Object.entries(more)) {
    if (value === undefined || value === "") continue
    Object.defineProperty(event, name, { value, writable: true, configurable: true })
  }
  Object.defineProperty(event, Symbol.for("nodejs.util.inspect.custom"), { value: show })
  return event as Event
}

/** The two ends of a connection, as libzmq names them. */
interface Ends {
  local: string
  remote: string
}

/** Which end of a connection the program has named: where the socket is bound, or what it connects to. */
export type Side = (ends: Ends, type: EventType) => "local" | "remote"

/** Decodes a message of the monitor, in either version of the format. */
export function decodeEvent(message: Buffer[], side: Side): Event {
  const [head, second] = message as [Buffer, Buffer]
  if (message.length === 2) {
    // Version 1: a 16-bit event and a 32-bit value, in the machine's own order, and the address.
    const fields = new DataView(head.buffer, head.byteOffset, head.byteLength)
    const type = types.get(fields.getUint16(0, littleEndian)) ?? "unknown"
    const address = second.toString()
    const value = fields.getUint32(2, littleEndian)
    const event = { type, ...(address !== "" && { address }), ...details(type, value) }
    return withMore(event, { fd: descriptor(type, value) })
  }
  // Version 2: 64-bit numbers in the machine's own order: the event, how many values, the values; then both endpoints.
  const number = (part: Buffer) => Number(littleEndian ? part.readBigUInt64LE() : part.readBigUInt64BE())
  const type = types.get(number(head)) ?? "unknown"
  const value = number(second) > 0 ? number(message[2] as Buffer) : 0
  const local = (message.at(-2) as Buffer).toString()
  const remote = (message.at(-1) as Buffer).toString()
  const address = local !== "" && remote !== "" ? { local, remote }[side({ local, remote }, type)] : local || remote
  const event = { type, ...(address !== "" && { address }), ...details(type, value) }
  return withMore(event, { localAddress: local, remoteAddress: remote, fd: descriptor(type, value) })
}

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
