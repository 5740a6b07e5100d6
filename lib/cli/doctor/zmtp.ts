// The parts of ZMTP that a look from outside needs, parsed from bytes that anybody may have sent: greetings, frames and metadata.
//
// Sources: RFC 37 (ZMTP 3.1, https://rfc.zeromq.org/spec/37/) and 23 (ZMTP 3.0), whose greetings have a mechanism; 15 (ZMTP 2.0), with a
// revision and the number of the socket type; 13 (ZMTP 1.0), which has neither and begins with the identity.

import { Buffer } from "node:buffer"

/** No command of a handshake is larger: libzmq's longest, an INITIATE, has about 500 bytes. */
export const LARGEST_COMMAND = 16 * 1024

/** The signature and the major version: 11 bytes, from which a peer of any version knows what it is (RFC 37, "Version Negotiation"). */
export const opening = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3])

/** The rest of the greeting of ZMTP 3.1. */
export function closingOf(mechanism: string): Buffer {
  const bytes = Buffer.alloc(64 - opening.length)
  bytes[0] = 1
  bytes.write(mechanism, 1, "latin1")
  return bytes
}

/** The socket types by their numbers in ZMTP 2.0. RFC 15 ends at PUSH; libzmq 3 also sends its own numbers of XPUB and XSUB. */
const numbered = ["PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB"]

/** What a greeting says. */
export interface Greeting {
  /** "3.1", "3.0", "2.0", "1.0", or a later one. */
  readonly version: string
  /** From 3.0: "NULL", "PLAIN", "CURVE", "GSSAPI" or another. */
  readonly mechanism?: string
  /** Only in 2.0. */
  readonly socketType?: string
  /** How many bytes it has. */
  readonly length: number
}

const isSignature = (bytes: Buffer) => bytes[0] === 0xff && ((bytes[9] ?? 0) & 1) === 1

/** Whether these can be the first bytes of ZMTP 1.0: the frame of the identity, which is usually empty (RFC 13, "The Connection Layer"). */
function oldGreeting(bytes: Buffer): Greeting | "other" | "incomplete" {
  const [length = 0, flags] = bytes
  if (length === 0xff) {
    // A long frame; the tenth byte has the flags.
    const size = bytes.readBigUInt64BE(1)
    return size >= 1n && size <= 256n && bytes[9] === 0 ? { version: "1.0", length: 9 + Number(size) } : "other"
  }
  if (length === 0 || flags !== 0) return "other"
  if (length === 1) return { version: "1.0", length: 2 }
  // An identity does not begin with a zero.
  if (bytes[2] === 0) return "other"
  return bytes.length < length + 1 ? "incomplete" : { version: "1.0", length: length + 1 }
}

/**
 * Reads the first bytes of a peer. "incomplete" if more may come, "other" if it is not ZMTP.
 */
export function readGreeting(bytes: Buffer): Greeting | "other" | "incomplete" {
  if (bytes.length === 0) return "incomplete"
  if (bytes[0] !== 0xff) return bytes.length < 2 ? "incomplete" : oldGreeting(bytes)
  if (bytes.length < 10) return "incomplete"
  if (!isSignature(bytes)) return oldGreeting(bytes)
  if (bytes.length < 12) return "incomplete"
  const [major, minor] = bytes.subarray(10) as unknown as [number, number]
  if (major < 3) return { version: "2.0", socketType: numbered[minor] ?? `number ${minor}`, length: 12 }
  if (bytes.length < 64) return "incomplete"
  const name = bytes.subarray(12, 32).toString("latin1").replace(/\0+$/, "")
  // Letters, digits, hyphens and underscores, says RFC 37.
  if (!/^[A-Z0-9_-]{1,20}$/.test(name)) return "other"
  return { version: `${major}.${minor}`, mechanism: name, length: 64 }
}

/** The flags of a frame from ZMTP 2.0 on. */
const Flag = { more: 1, long: 2, command: 4 } as const

/** A frame. */
export interface Frame {
  readonly isCommand: boolean
  readonly body: Buffer
  /** With its flags and length. */
  readonly length: number
}

/** The first frame of some bytes. "other" if it has reserved flags, or is larger than a command of a handshake. */
export function readFrame(bytes: Buffer): Frame | "other" | "incomplete" {
  const flags = bytes[0]
  if (flags === undefined) return "incomplete"
  if ((flags & ~(Flag.more | Flag.long | Flag.command)) !== 0) return "other"
  const isLong = (flags & Flag.long) !== 0
  const head = isLong ? 9 : 2
  if (bytes.length < head) return "incomplete"
  const size = isLong ? bytes.readBigUInt64BE(1) : BigInt(bytes[1] as number)
  if (size > BigInt(LARGEST_COMMAND)) return "other"
  const end = head + Number(size)
  if (bytes.length < end) return "incomplete"
  return { isCommand: (flags & Flag.command) !== 0, body: bytes.subarray(head, end), length: end }
}

/** A command: its name and its body. Undefined if a body is no command. */
export function readCommand(body: Buffer): { name: string; data: Buffer } | undefined {
  const length = body[0] ?? 0
  const name = body.subarray(1, 1 + length).toString("latin1")
  if (length === 0 || name.length !== length || !/^[A-Z]{1,20}$/.test(name)) return undefined
  return { name, data: body.subarray(1 + length) }
}

/** The properties of a READY or INITIATE command, by their names in lower case (RFC 37, "Connection Metadata"). */
export function readMetadata(data: Buffer): ReadonlyMap<string, string> {
  const properties = new Map<string, string>()
  let at = 0
  while (at < data.length) {
    const name = data.subarray(at + 1, at + 1 + (data[at] as number))
    at += 1 + name.length
    if (name.length !== data[at - 1 - name.length] || at + 4 > data.length) break
    const size = data.readUInt32BE(at)
    const value = data.subarray(at + 4, at + 4 + size)
    if (value.length !== size) break
    at += 4 + size
    properties.set(name.toString("latin1").toLowerCase(), value.toString("latin1"))
  }
  return properties
}

/** The reason of an ERROR command: libzmq sends the status of the ZAP reply, such as "400". */
export const readReason = (data: Buffer): string => data.subarray(1, 1 + (data[0] ?? 0)).toString("latin1")

/**
 * Which types may talk to each other (RFC 37, "The Socket-Type Property", and mechanism_t::check_socket_type of libzmq for the draft
 * types).
 */
export const fitting: Readonly<Record<string, readonly string[]>> = {
  REQ: ["REP", "ROUTER"],
  REP: ["REQ", "DEALER"],
  DEALER: ["REP", "DEALER", "ROUTER"],
  ROUTER: ["REQ", "DEALER", "ROUTER"],
  PUB: ["SUB", "XSUB"],
  XPUB: ["SUB", "XSUB"],
  SUB: ["PUB", "XPUB"],
  XSUB: ["PUB", "XPUB"],
  PUSH: ["PULL"],
  PULL: ["PUSH"],
  PAIR: ["PAIR"],
  SERVER: ["CLIENT"],
  CLIENT: ["SERVER"],
  RADIO: ["DISH"],
  DISH: ["RADIO"],
  GATHER: ["SCATTER"],
  SCATTER: ["GATHER"],
  PEER: ["PEER"],
  CHANNEL: ["CHANNEL"],
}
