// Recognises servers that are not ZeroMQ by the first bytes that they send.

import type { Buffer } from "node:buffer"

import type { Cause } from "./causes.js"
import { printable } from "./wire.js"

/** What speaks at the other end. */
export interface Recognised {
  readonly cause: Cause
  /** The name of the protocol. */
  readonly protocol?: string
  /** How the server calls itself. */
  readonly banner?: string
}

const firstLine = (bytes: Buffer) => printable((/^[^\r\n]*/.exec(bytes.toString("latin1")) as RegExpExecArray)[0])

/** A header of an HTTP response. */
export function headerOf(response: string, name: string): string | undefined {
  const [head = ""] = response.split("\r\n\r\n", 1)
  const start = `${name.toLowerCase()}:`
  const line = head.split("\r\n").find((one) => one.toLowerCase().startsWith(start))
  const value = line?.slice(start.length).trim() ?? ""
  return value === "" ? undefined : printable(value)
}

/** Names of alerts (RFC 8446, section 6); the others are shown by their numbers. */
const alerts: Readonly<Record<number, string>> = {
  10: "unexpected message",
  22: "record overflow",
  40: "handshake failure",
  47: "illegal parameter",
  50: "decode error",
  70: "protocol version",
  80: "internal error",
}

/** Texts with which servers greet, or answer what they do not understand. */
const greetings: readonly [start: RegExp, protocol: string][] = [
  [/^RFB \d/, "VNC"],
  [/^220[ -].*(smtp|mail)/i, "SMTP"],
  [/^220[ -]/, "FTP or SMTP"],
  [/^\+OK /, "POP3"],
  [/^\* OK/, "IMAP"],
  [/^INFO \{/, "NATS"],
  [/^AMQP/, "AMQP"],
  [/^(ERROR\r\n|VERSION )/, "memcached"],
]

/** Recognises a server by what it has sent. Undefined if nothing is known that begins so. */
export function recognise(bytes: Buffer): Recognised | undefined {
  const text = bytes.toString("latin1", 0, 2048)
  if (/^HTTP\/\d/.test(text)) {
    return { cause: "http", protocol: "HTTP", banner: headerOf(text, "Server") ?? firstLine(bytes) }
  }
  const [kind, major, , , , level, alert] = bytes
  if ((kind === 0x15 || kind === 0x16) && major === 3) {
    const isAlert = kind === 0x15 && bytes.length >= 7 && (level === 1 || level === 2)
    const banner = isAlert ? `alert: ${alerts[alert as number] ?? `number ${alert}`}` : undefined
    return { cause: "tls", protocol: "TLS", ...(banner !== undefined && { banner }) }
  }
  if (/^SSH-\d/.test(text)) return { cause: "ssh", protocol: "SSH", banner: firstLine(bytes) }
  if (/^(\+PONG|-ERR |-NOAUTH|-DENIED|-WRONGPASS|-MISCONF|-LOADING)/.test(text)) {
    return { cause: "redis", protocol: "Redis", banner: firstLine(bytes) }
  }
  // MySQL: the length and number of a packet, and version 10 of its protocol.
  if (bytes.length > 5 && bytes[3] === 0 && bytes[4] === 10) {
    const banner = printable(text.slice(5).split("\0", 1)[0] ?? "")
    return { cause: "other-protocol", protocol: "MySQL", banner }
  }
  // A frame SETTINGS of HTTP/2, with which a server begins (RFC 9113).
  if (bytes.length >= 9 && bytes[0] === 0 && bytes[1] === 0 && bytes[3] === 4 && bytes.readUInt32BE(5) === 0) {
    return { cause: "http", protocol: "HTTP/2" }
  }
  const known = greetings.find(([start]) => start.test(text))
  return known === undefined ? undefined : { cause: "other-protocol", protocol: known[1], banner: firstLine(bytes) }
}

/** What is said of bytes that nobody knows: their text, or their first bytes in hexadecimal. */
export function describe(bytes: Buffer): Recognised {
  const start = bytes.subarray(0, 16)
  const isText = start.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13)
  return { cause: "other-protocol", banner: isText ? firstLine(bytes) : `${start.toString("hex")}…` }
}
