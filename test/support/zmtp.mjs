// ZMTP by hand (RFC 13, 15, 23 and 37): sends what libzmq never would, and parses bytes from the wire.

/** The numbers of socket types in ZMTP 2.0. Later versions use names. */
const numbers = ["PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH"]

const Flag = { more: 1, long: 2, command: 4 }

const signature = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f])

/** The greeting of ZMTP 3: 64 bytes. */
export function greeting(mechanism, { minor = 1, asServer = false } = {}) {
  const bytes = Buffer.alloc(64)
  signature.copy(bytes)
  bytes[10] = 3
  bytes[11] = minor
  bytes.write(mechanism, 12, "latin1")
  bytes[32] = asServer ? 1 : 0
  return bytes
}

/** A frame of ZMTP 2 and later. */
export function frame(body, { more = false, command = false } = {}) {
  const bytes = Buffer.from(body)
  const flags = (more ? Flag.more : 0) | (command ? Flag.command : 0)
  if (bytes.length < 256) return Buffer.concat([Buffer.of(flags, bytes.length), bytes])
  const head = Buffer.alloc(9)
  head[0] = flags | Flag.long
  head.writeBigUInt64BE(BigInt(bytes.length), 1)
  return Buffer.concat([head, bytes])
}

const shortText = (text) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)])

/** A command: its name and its body. */
export const command = (name, body = Buffer.alloc(0)) =>
  frame(Buffer.concat([shortText(name), Buffer.from(body)]), { command: true })

function property([name, value]) {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(value))
  return Buffer.concat([shortText(name), length, Buffer.from(value)])
}

export const properties = (object) => Buffer.concat(Object.entries(object).map(property))

/** A message of several parts. */
const message = (parts) => Buffer.concat(parts.map((part, index) => frame(part, { more: index < parts.length - 1 })))

/** A message of ZMTP 1.0. Its frames are the length (including the flags), the flags and the body. */
const oldMessage = (parts) =>
  Buffer.concat(
    parts.map((part, index) =>
      Buffer.concat([Buffer.of(part.length + 1, index < parts.length - 1 ? 1 : 0), Buffer.from(part)]),
    ),
  )

const answered = (name) => (answers) => answers.includes(name)

/**
 * The steps of a client without encryption: its greeting, identity, subscriptions and messages. Each step is `{ bytes, when }`. `when` says,
 * by the server's answers, when to go on, because libzmq expects that order.
 *
 * @param dialect "1.0", "2.0", "3.0", "3.1", each with NULL, or "PLAIN".
 */
export function plainClient(dialect, { type, messages, subscribe, join, metadata = {} }) {
  const subscription = subscribe === undefined ? [] : [[Buffer.concat([Buffer.of(1), Buffer.from(subscribe)])]]
  const all = [...subscription, ...messages]
  if (dialect === "1.0") return [{ bytes: Buffer.concat([Buffer.of(1, 0), ...all.map(oldMessage)]) }]
  if (dialect === "2.0") {
    const head = Buffer.concat([signature, Buffer.of(1, Math.max(0, numbers.indexOf(type)))])
    return [{ bytes: Buffer.concat([head, frame(""), ...all.map(message)]) }]
  }
  const joining = join === undefined ? [] : [command("JOIN", join)]
  const mine = properties({ "Socket-Type": type, Identity: "", ...metadata })
  const rest = { bytes: Buffer.concat([...joining, ...all.map(message)]), when: answered("READY") }
  if (dialect === "PLAIN") {
    const hello = command("HELLO", Buffer.concat([shortText("alice"), shortText("password")]))
    const initiate = { bytes: command("INITIATE", mine), when: answered("WELCOME") }
    return [{ bytes: Buffer.concat([greeting("PLAIN"), hello]) }, initiate, rest]
  }
  const own = greeting("NULL", { minor: dialect === "3.0" ? 0 : 1 })
  return [{ bytes: Buffer.concat([own, command("READY", mine)]) }, rest]
}

/** Splits the bytes of one side of a ZMTP 3 connection into the greeting and frames, however they arrive. */
export class Cutter {
  #rest = Buffer.alloc(0)
  #greeted = 0

  /** The complete pieces: `{ bytes, body, isCommand }`. The greeting has no body, and is returned in parts, because peers wait for it. */
  take(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const pieces = []
    for (let piece = this.#next(); piece !== undefined; piece = this.#next()) {
      pieces.push(piece)
      this.#rest = this.#rest.subarray(piece.bytes.length)
    }
    return pieces
  }

  #next() {
    const rest = this.#rest
    if (this.#greeted < 64 && rest.length > 0) {
      const bytes = rest.subarray(0, 64 - this.#greeted)
      this.#greeted += bytes.length
      return { bytes, isGreeting: true }
    }
    if (rest.length < 2) return undefined
    const long = (rest[0] & Flag.long) !== 0
    const head = long ? 9 : 2
    if (rest.length < head) return undefined
    const end = head + (long ? Number(rest.readBigUInt64BE(1)) : rest[1])
    if (rest.length < end) return undefined
    return {
      bytes: rest.subarray(0, end),
      body: rest.subarray(head, end),
      isCommand: (rest[0] & Flag.command) !== 0,
    }
  }
}

/**
 * The name of a CURVE or NULL command; undefined for other pieces.
 *
 * @param {{ body?: Buffer }} piece
 */
export function nameOf({ body }) {
  const length = body?.[0] ?? 0
  const name = body?.subarray(1, 1 + length).toString("latin1") ?? ""
  return name.length === length && /^[A-Z]+$/.test(name) ? name : undefined
}

/** Whether a piece contains a message: CURVE's command MESSAGE, or without encryption any frame that is not a command. */
export const isMessage = (piece) =>
  piece.body !== undefined && (nameOf(piece) === "MESSAGE" || !(piece.isCommand || nameOf(piece) !== undefined))
