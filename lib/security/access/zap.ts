// Requests and replies of ZAP 1.0 (RFC 27), as messages of a Router.

import { Buffer, isUtf8 } from "node:buffer"
import { isObject } from "../../base/checks.js"

export const endpoint = "inproc://zeromq.zap.01"

/** How a peer authenticates: the name of a ZMTP security mechanism. */
export type Mechanism = "NULL" | "PLAIN" | "CURVE" | "GSSAPI"

/** How many credential frames each mechanism has. */
const credentialFrames: Record<Mechanism, number> = { NULL: 0, PLAIN: 2, CURVE: 1, GSSAPI: 1 }

export interface ZapRequest {
  /** The frames that route the reply back, and the id of the request. */
  envelope: Buffer[]
  domain: string
  address: string
  mechanism: Mechanism
  credentials: Buffer[]
}

/** A request that is invalid but can be answered. */
export interface MalformedRequest {
  envelope: Buffer[]
  problem: string
}

/** The longest domain, address or credential. Bytes. */
const LONGEST_FRAME = 4096

/** The longest metadata value. Bytes. */
const LONGEST_VALUE = 4096

/** The properties that libzmq and the peer's handshake set. A second value for one of them would mislead programs or libzmq. */
const reserved = ["socket-type", "identity", "resource", "routing-id", "user-id", "peer-address"]

/** Parses a message; undefined if it has no return path. */
export function parseRequest(frames: Buffer[]): ZapRequest | MalformedRequest | undefined {
  const delimiter = frames.findIndex((frame, index) => index > 0 && frame.length === 0)
  if (delimiter < 1 || delimiter > 8) return undefined
  const [version, id, domain, address, , mechanism, ...credentials] = frames.slice(delimiter + 1)
  if (version === undefined || id === undefined) return undefined
  const envelope = [...frames.slice(0, delimiter + 1), Buffer.from("1.0"), id]
  if (version.toString("latin1") !== "1.0") return { envelope, problem: "the version is not 1.0" }
  if (domain === undefined || address === undefined || mechanism === undefined) {
    return { envelope, problem: "frames are missing" }
  }
  if ([domain, address, ...credentials].some(({ length }) => length > LONGEST_FRAME)) {
    return { envelope, problem: "a frame is too long" }
  }
  const name = mechanism.toString("latin1")
  if (!Object.hasOwn(credentialFrames, name)) return { envelope, problem: "the mechanism is unknown" }
  const known = name as Mechanism
  if (credentials.length !== credentialFrames[known]) return { envelope, problem: "the number of credentials is wrong" }
  if (known === "CURVE" && credentials[0]?.length !== 32) return { envelope, problem: "the key does not have 32 bytes" }
  // A password may be any bytes.
  if ((known === "PLAIN" || known === "GSSAPI") && !isUtf8(credentials[0] as Buffer)) {
    return { envelope, problem: "the name is not UTF-8" }
  }
  return { envelope, domain: domain.toString(), address: address.toString(), mechanism: known, credentials }
}

/** 200: allowed. 300: denied temporarily; the peer tries again. 400: denied; a peer with libzmq does not try again. */
export type Status = "200" | "300" | "400"

function encodeMetadata(metadata: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = []
  for (const [name, value] of Object.entries(metadata)) {
    const [key, text] = [Buffer.from(name, "latin1"), Buffer.from(value)]
    const head = Buffer.of(key.length)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(text.length)
    parts.push(head, key, length, text)
  }
  return Buffer.concat(parts)
}

/** Whether libzmq can return it with messages: 1 to 255 bytes without NUL. */
export const isUserId = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && !value.includes("\0") && Buffer.byteLength(value) <= 255

/** Whether every name is valid in ZMTP and not reserved, and every value is a string without NUL. */
export function isMetadata(value: unknown): value is Record<string, string> {
  if (!isObject(value)) return false
  return Object.entries(value).every(
    ([name, text]) =>
      /^[A-Za-z0-9._/$@&+-]{1,255}$/.test(name) &&
      !reserved.includes(name.toLowerCase()) &&
      typeof text === "string" &&
      !text.includes("\0") &&
      Buffer.byteLength(text) <= LONGEST_VALUE,
  )
}

const texts: Record<Status, string> = { 200: "OK", 300: "Try again later", 400: "No access" }

export function encodeReply(
  envelope: Buffer[],
  status: Status,
  userId = "",
  metadata: Readonly<Record<string, string>> = {},
): (Buffer | string)[] {
  return [...envelope, status, texts[status], userId, status === "200" ? encodeMetadata(metadata) : ""]
}
