// Requests and replies of ZAP 1.0 (RFC 27), as messages of a Router.

export const endpoint = "inproc://zeromq.zap.01"

export type Mechanism = "NULL" | "PLAIN" | "CURVE" | "GSSAPI"

/** How many frames of credentials each mechanism has. */
const credentialFrames: Record<Mechanism, number> = { NULL: 0, PLAIN: 2, CURVE: 1, GSSAPI: 1 }

export interface ZapRequest {
  /** The frames that lead back to who asks, and the id of the request. */
  envelope: Buffer[]
  domain: string
  address: string
  mechanism: Mechanism
  credentials: Buffer[]
}

/** A request that cannot be understood, but can be answered. */
export interface MalformedRequest {
  envelope: Buffer[]
  problem: string
}

/** No domain, address or principal is longer. */
const LONGEST = 4096

/** Parses a message; undefined if there is nobody to answer. */
export function parseRequest(frames: Buffer[]): ZapRequest | MalformedRequest | undefined {
  const delimiter = frames.findIndex((frame, index) => index > 0 && frame.length === 0)
  if (delimiter < 1 || delimiter > 8) return undefined
  const [version, id, domain, address, , mechanism, ...credentials] = frames.slice(delimiter + 1)
  if (version === undefined || id === undefined) return undefined
  const envelope = [...frames.slice(0, delimiter + 1), Buffer.from("1.0"), id]
  if (version.toString("latin1") !== "1.0") return { envelope, problem: "version is not 1.0" }
  if (domain === undefined || address === undefined || mechanism === undefined) {
    return { envelope, problem: "frames are missing" }
  }
  if (domain.length > LONGEST || address.length > LONGEST || credentials.some(({ length }) => length > LONGEST)) {
    return { envelope, problem: "a frame is too long" }
  }
  const name = mechanism.toString("latin1")
  if (!Object.hasOwn(credentialFrames, name)) return { envelope, problem: "mechanism is unknown" }
  const known = name as Mechanism
  if (credentials.length !== credentialFrames[known]) return { envelope, problem: "credentials are not complete" }
  if (known === "CURVE" && credentials[0]?.length !== 32) return { envelope, problem: "key is not of 32 bytes" }
  return { envelope, domain: domain.toString(), address: address.toString(), mechanism: known, credentials }
}

/** 200: welcome. 300: not now; the peer tries again. 400: no; a peer of libzmq does not try again. */
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

/** What libzmq can tell again: names of one byte's length, text without NUL. */
export const isUserId = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && !value.includes("\0") && Buffer.byteLength(value) <= 255

export function isMetadata(value: unknown): value is Record<string, string> {
  if (typeof value !== "object" || value === null) return false
  return Object.entries(value).every(
    ([name, text]) => /^[A-Za-z0-9._/$@&+-]{1,255}$/.test(name) && typeof text === "string" && text.length <= LONGEST,
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
