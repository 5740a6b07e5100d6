// The messages between clients and servers, as bytes: docs/services.md specifies them.

import { Buffer } from "node:buffer"
import { ServiceError } from "./service-error.js"

/** The version of the protocol: the first byte of each message. */
export const VERSION = 1
/** After so many heartbeats without a word, the other side is dead. */
export const LIVES = 3

const kinds = {
  request: 1,
  cancel: 2,
  credit: 3,
  ping: 4,
  bye: 5,
  reply: 0x81,
  item: 0x82,
  end: 0x83,
  error: 0x84,
  pong: 0x85,
} as const

/** Asks a service. */
export interface Request {
  kind: "request"
  id: number
  /** How long the client still waits, in milliseconds. 0 is without end. */
  timeout: number
  /** How many items of a stream may be sent. 0 asks for one reply. */
  credit: number
  content: number
  service: string
  body: Buffer
}

/** What a client sends. */
export type FromClient =
  | Request
  | { kind: "cancel"; id: number }
  | { kind: "credit"; id: number; count: number }
  | { kind: "ping"; interval: number; maxBodyBytes: number }
  | { kind: "bye" }

/** What a server sends. */
export type FromServer =
  | { kind: "reply" | "item"; id: number; content: number; body: Buffer }
  | { kind: "end"; id: number }
  | { kind: "error"; id: number; error: ServiceError }
  | { kind: "pong"; isDraining: boolean; maxBodyBytes: number }

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const empty = Buffer.alloc(0)
/** Longer messages of errors are cut. In bytes. */
const MAX_MESSAGE = 4096

function header(kind: keyof typeof kinds, id: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  bytes[0] = VERSION
  bytes[1] = kinds[kind]
  bytes.writeUInt32BE(id, 2)
  return bytes
}

/** The header of a REQUEST. The body is the second frame. */
export function encodeRequest({ id, timeout, credit, content, service }: Omit<Request, "kind" | "body">): Buffer {
  const bytes = header("request", id, 15 + Buffer.byteLength(service))
  bytes.writeUInt32BE(timeout, 6)
  bytes.writeUInt32BE(credit, 10)
  bytes[14] = content
  bytes.write(service, 15)
  return bytes
}

/** CANCEL, END or BYE. */
export const encodeShort = (kind: "cancel" | "end" | "bye", id: number): Buffer => header(kind, id, 6)

/** CREDIT. */
export function encodeCredit(id: number, count: number): Buffer {
  const bytes = header("credit", id, 10)
  bytes.writeUInt32BE(count, 6)
  return bytes
}

/** PING. `interval` is how often the client sends one if it has nothing else to send, in milliseconds. */
export function encodePing(interval: number, maxBodyBytes: number): Buffer {
  const bytes = header("ping", 0, 14)
  bytes.writeUInt32BE(interval, 6)
  bytes.writeUInt32BE(maxBodyBytes, 10)
  return bytes
}

/** PONG. */
export function encodePong(isDraining: boolean, maxBodyBytes: number): Buffer {
  const bytes = header("pong", 0, 11)
  bytes[6] = isDraining ? 1 : 0
  bytes.writeUInt32BE(maxBodyBytes, 7)
  return bytes
}

/** The header of a REPLY or ITEM. The body is the second frame. */
export function encodeReply(kind: "reply" | "item", id: number, content: number): Buffer {
  const bytes = header(kind, id, 7)
  bytes[6] = content
  return bytes
}

/** ERROR. Its id is 0 if it is about no request. */
export function encodeError(id: number, { code, message, retryAfter = 0, notBegun }: ServiceError): Buffer {
  const text = Buffer.from(message)
  // A character that is cut in two would not be UTF-8.
  const kept = text.length > MAX_MESSAGE ? Buffer.from(text.toString("utf8", 0, MAX_MESSAGE - 3)) : text
  const start = header("error", id, 12 + code.length)
  start.writeUInt32BE(Math.min(Math.max(Math.ceil(retryAfter), 0), 0xffff_ffff), 6)
  start[10] = notBegun ? 1 : 0
  start[11] = code.length
  start.write(code, 12, "latin1")
  return Buffer.concat([start, kept])
}

const malformed = (message: string) => new ServiceError("MALFORMED", message, { notBegun: true })

/** The header of a message, with at least so many bytes, and its body. */
function open(frames: readonly Buffer[]): [head: Buffer, body: Buffer] {
  const [head, body = empty] = frames
  if (!head || head.length < 6 || frames.length > 2)
    throw malformed(`Expected a header of 6 bytes or more, and at most one body, but received ${frames.length} frames`)
  if (head[0] !== VERSION)
    throw new ServiceError("VERSION", `Expected version ${VERSION} of the protocol but received ${head[0]}`, {
      notBegun: true,
    })
  return [head, body]
}

function atLeast(head: Buffer, length: number): void {
  if (head.length < length) throw malformed(`Expected a header of ${length} bytes or more but received ${head.length}`)
}

function text(bytes: Buffer, what: string): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw malformed(`${what} is not UTF-8`)
  }
}

/** A message of a client. Throws a ServiceError if there is no such message. */
export function decodeFromClient(frames: readonly Buffer[]): FromClient {
  const [head, body] = open(frames)
  const id = head.readUInt32BE(2)
  if (head[1] === kinds.request) {
    atLeast(head, 16)
    if (id === 0) throw malformed("A request cannot have the id 0")
    if (head.length > 270) throw malformed("The name of the service has more than 255 bytes")
    const service = text(head.subarray(15), "The name of the service")
    const [timeout, credit] = [head.readUInt32BE(6), head.readUInt32BE(10)]
    return { kind: "request", id, timeout, credit, content: head[14] as number, service, body }
  }
  if (head[1] === kinds.cancel) return { kind: "cancel", id }
  if (head[1] === kinds.credit) {
    atLeast(head, 10)
    return { kind: "credit", id, count: head.readUInt32BE(6) }
  }
  if (head[1] === kinds.ping) {
    atLeast(head, 14)
    return { kind: "ping", interval: head.readUInt32BE(6), maxBodyBytes: head.readUInt32BE(10) }
  }
  if (head[1] === kinds.bye) return { kind: "bye" }
  throw malformed(`A client cannot send a message of kind ${head[1]}`)
}

/** A message of a server. Throws a ServiceError if there is no such message. */
export function decodeFromServer(frames: readonly Buffer[]): FromServer {
  const [head, body] = open(frames)
  const id = head.readUInt32BE(2)
  if (head[1] === kinds.reply || head[1] === kinds.item) {
    atLeast(head, 7)
    return { kind: head[1] === kinds.reply ? "reply" : "item", id, content: head[6] as number, body }
  }
  if (head[1] === kinds.end) return { kind: "end", id }
  if (head[1] === kinds.error) {
    atLeast(head, 12)
    const end = 12 + (head[11] as number)
    atLeast(head, end)
    const code = head.toString("latin1", 12, end)
    if (!/^[A-Z0-9_]{1,64}$/.test(code)) throw malformed("The code of an error is malformed")
    const message = text(head.subarray(end), "The message of an error")
    const details = { retryAfter: head.readUInt32BE(6) || undefined, notBegun: head[10] === 1 }
    return { kind: "error", id, error: new ServiceError(code, message, details) }
  }
  if (head[1] === kinds.pong) {
    atLeast(head, 11)
    return { kind: "pong", isDraining: head[6] === 1, maxBodyBytes: head.readUInt32BE(7) }
  }
  throw malformed(`A server cannot send a message of kind ${head[1]}`)
}
