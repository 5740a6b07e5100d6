// The wire: two frames `[type][envelope]`, or three `[type][envelope without data][payload]`. See docs/wire.md.

import { Buffer, isAscii, isUtf8 } from "node:buffer"
import { isUint8Array } from "node:util/types"
import { checkAttribute, checkDataType, checkEvent, checkJson, checkRequired, type Limits, limitsOf } from "./check.js"
import { changeMembers, measure, membersOf } from "./envelope.js"
import { EventError, quote } from "./error.js"
import { type AttributeValue, type Event, senderAttribute } from "./event.js"
import { isJson } from "./syntax.js"

/** How events are taken in. */
export interface AcceptOptions extends Partial<Limits> {
  /**
   * Whether `ohmqsender` stays. Only a program behind a relay sets this, on a connection on which it has authenticated the relay: on any
   * other, whoever sends the event can write what they like there.
   */
  readonly trustSender?: boolean
}

/** An event that came in. */
export interface Accepted {
  /** The event, decoded and checked. */
  readonly event: Event
  /** The frames as they came, without an `ohmqsender` that the sender claimed. Keep and forward these: encoding the event again would change its bytes. */
  readonly frames: readonly Buffer[]
  /** The `ohmqsender` that was claimed and dropped. Count it. */
  readonly claimedSender?: unknown
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function checkSize(frames: readonly Uint8Array[], limits: Limits): void {
  let size = 0
  for (const frame of frames) size += frame.byteLength
  if (size > limits.bytes)
    throw new EventError("too-large", `The event has ${size} bytes; the limit is ${limits.bytes}`)
}

function parse(envelope: Buffer, limits: Limits): Record<string, unknown> {
  const ascii = isAscii(envelope)
  if (!ascii && !isUtf8(envelope)) throw new EventError("not-utf8", "The envelope is not valid UTF-8")
  const text = envelope.toString(ascii ? "latin1" : "utf8")
  const { depth, members, hasLargeNumber } = measure(text)
  if (depth > limits.levels)
    throw new EventError("too-deep", `The envelope is nested ${depth} levels deep; the limit is ${limits.levels}`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // V8's message quotes the text.
    throw new EventError("not-json", "The envelope is not valid JSON")
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new EventError("not-object", "The envelope is not a JSON object")
  const object = value as Record<string, unknown>
  if (Object.keys(object).length !== members && members > 1) refuseDuplicate(envelope)
  // Beyond the range of a double, the parser returns infinity.
  if (hasLargeNumber && object.data !== undefined) checkJson(object.data, limits)
  return object
}

function refuseDuplicate(envelope: Buffer): never {
  const names = membersOf(envelope).map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) < index) ?? ""
  throw new EventError("duplicate-attribute", `Attribute ${quote(twice)} appears twice`)
}

function fromBase64(text: unknown): Buffer {
  if (typeof text === "string") {
    const bytes = Buffer.from(text, "base64")
    if (bytes.toString("base64") === text) return bytes
  }
  throw new EventError("data-invalid", '"data_base64" must be a string of Base64 with padding (RFC 4648, section 4)')
}

/** Makes the event out of the members of an envelope, whose object becomes the event if all of it is part of the event. */
function eventOf(members: Record<string, unknown>, payload: Buffer | undefined, trustSender: boolean): Event {
  let whole = true
  for (const name in members) {
    if (name === "data") continue
    const value = members[name]
    if (value === null || name === "data_base64" || (name === senderAttribute && !trustSender)) whole = false
    else checkAttribute(name, value)
  }
  checkRequired(members)
  const { data, data_base64: base64 } = members
  const bytes = payload ?? (base64 === undefined || base64 === null ? undefined : fromBase64(base64))
  if (data !== undefined) {
    if (payload) throw new EventError("data-conflict", 'The envelope has "data", and there is a third frame')
    if (bytes) throw new EventError("data-conflict", 'The envelope has both "data" and "data_base64"')
    checkDataType(members.datacontenttype as string | undefined, data)
  }
  if (payload && base64 !== undefined)
    throw new EventError("data-conflict", 'The envelope has "data_base64", and there is a third frame')
  if (whole && !bytes) return members as unknown as Event
  const event: Record<string, unknown> = {}
  for (const name in members) {
    const value = members[name]
    if (name === "data") event[name] = value
    else if (value !== null && name !== "data_base64" && (name !== senderAttribute || trustSender)) event[name] = value
  }
  if (bytes) event.data = bytes
  return event as unknown as Event
}

function isType(frame: Buffer, type: string): boolean {
  if (frame.length === type.length && isAscii(frame)) return frame.toString("latin1") === type
  return frame.equals(Buffer.from(type))
}

/**
 * Takes an event in: checks it, drops an `ohmqsender` that it claims, and keeps all other bytes. The event's data may share memory with the
 * frames.
 *
 * @throws {@link EventError} if the frames are not a valid event
 */
export function accept(frames: readonly Uint8Array[], options?: AcceptOptions): Accepted {
  const [typeFrame, envelopeFrame, payloadFrame] = frames
  if (!typeFrame || !envelopeFrame || frames.length > 3)
    throw new EventError("frames", `An event has two or three frames; the message has ${frames.length}`)
  const limits = limitsOf(options)
  checkSize(frames, limits)
  const type = asBuffer(typeFrame)
  const envelope = asBuffer(envelopeFrame)
  const payload = payloadFrame && asBuffer(payloadFrame)
  const members = parse(envelope, limits)
  const trustSender = options?.trustSender === true
  const event = eventOf(members, payload, trustSender)
  if (!isType(type, event.type))
    throw new EventError(
      "type-mismatch",
      `The first frame is ${quote(type.toString())}, but the type in the envelope is ${quote(event.type)}`,
    )
  const claimedSender = trustSender ? undefined : members[senderAttribute]
  if (claimedSender === undefined) return { event, frames: payload ? [type, envelope, payload] : [type, envelope] }
  const kept = changeMembers(envelope, new Set([senderAttribute]), {})
  return { event, frames: payload ? [type, kept, payload] : [type, kept], claimedSender }
}

/**
 * The event in some frames. A relay uses {@link accept}, which keeps the bytes, too.
 *
 * @throws {@link EventError} if the frames are not a valid event
 */
export const decode = (frames: readonly Uint8Array[], options?: AcceptOptions): Event => accept(frames, options).event

/**
 * The frames of an event: two, or three if its data is bytes.
 *
 * @throws {@link EventError} if the event is invalid
 */
export function encode(event: Event, limits?: Partial<Limits>): Buffer[] {
  const checked = checkEvent(event, limits)
  const { data, ...attributes } = checked
  const bytes = isUint8Array(data) ? asBuffer(data) : undefined
  const frames: Buffer[] = [Buffer.from(checked.type), Buffer.from(JSON.stringify(bytes ? attributes : checked))]
  if (bytes) frames.push(bytes)
  checkSize(frames, limitsOf(limits))
  return frames
}

/**
 * Takes in an event whose data is JSON text, such as the body of a webhook, which goes into the envelope byte for byte, so that a signature
 * of it still holds.
 *
 * @param event The event without its data.
 * @throws {@link EventError} if the event is invalid, or the text is not JSON
 */
export function acceptJson(event: Event, json: Uint8Array, limits?: Partial<Limits>): Accepted {
  const { data: _, ...attributes } = checkEvent(event, limits)
  if (!isJson(attributes.datacontenttype as string | undefined))
    throw new EventError("data-invalid", `The content type ${quote(String(attributes.datacontenttype))} is not JSON`)
  const head = JSON.stringify(attributes)
  const envelope = Buffer.concat([Buffer.from(`${head.slice(0, -1)},"data":`), json, Buffer.from("}")])
  const accepted = accept([Buffer.from(event.type), envelope], limits)
  // Text such as `1,"type":"x"` is not JSON, but makes a valid envelope.
  if (Object.keys(accepted.event).length !== Object.keys(attributes).length + 1)
    throw new EventError("not-json", "The data is not valid JSON")
  return accepted
}

/**
 * The frames of an event with other attributes. Everything else stays as it is, byte for byte, the data above all.
 *
 * @param changes The new values. `null` removes an attribute.
 * @throws {@link EventError} if a value is invalid, or a required attribute is removed
 */
export function amend(
  frames: readonly Uint8Array[],
  changes: Readonly<Record<string, AttributeValue | null>>,
  limits?: Partial<Limits>,
): Buffer[] {
  const [type, envelope, payload] = frames.map(asBuffer)
  if (!type || !envelope) throw new EventError("frames", `An event has two or three frames; this has ${frames.length}`)
  const added: Record<string, AttributeValue> = {}
  for (const [name, value] of Object.entries(changes)) {
    if (name === "data")
      throw new EventError("attribute-name", "The data is not an attribute: encode a new event to change it")
    if (value !== null) {
      checkAttribute(name, value)
      added[name] = value
    } else if (["id", "source", "type", "specversion"].includes(name))
      throw new EventError("missing-attribute", `Attribute "${name}" is required and cannot be removed`)
  }
  const changed = [
    typeof added.type === "string" ? Buffer.from(added.type) : type,
    changeMembers(envelope, new Set(Object.keys(changes)), added),
    ...(payload ? [payload] : []),
  ]
  checkSize(changed, limitsOf(limits))
  return changed
}

/** The frames of a stored event on the way out: with `ohmqsender`, if the sender is known. */
export const withSender = (stored: { frames: readonly Uint8Array[]; sender?: string }): readonly Uint8Array[] =>
  stored.sender === undefined
    ? stored.frames
    : amend(stored.frames, { [senderAttribute]: stored.sender }, { bytes: Number.POSITIVE_INFINITY })

/**
 * The bytes of the data, as the producer wrote them: the payload, or the text of `data` if it is JSON, or the text in it if it is not, or what
 * `data_base64` holds. Signatures of the data are over these bytes.
 *
 * @param frames Those of a valid event.
 */
export function dataBytes(frames: readonly Uint8Array[]): Buffer | undefined {
  const [, envelope, payload] = frames.map(asBuffer)
  if (payload || !envelope) return payload
  const members = new Map(membersOf(envelope).map((member) => [member.name, member]))
  const bytesOf = (name: string) => {
    const member = members.get(name)
    return member && envelope.subarray(member.valueStart, member.valueEnd)
  }
  const valueIn = (name: string) => JSON.parse(bytesOf(name)?.toString() ?? "null") as string | null
  const data = bytesOf("data")
  if (data) return isJson(valueIn("datacontenttype") ?? undefined) ? data : Buffer.from(valueIn("data") ?? "")
  const base64 = valueIn("data_base64")
  return base64 === null ? undefined : fromBase64(base64)
}

/**
 * The frames of an event with other data, in the form that {@link dataBytes} returns and in the place where the data was. If there was none,
 * it goes into the envelope. All other members of the envelope stay as they are, byte for byte.
 *
 * @param data Text, if the data was in the envelope: JSON, if the type of the data is JSON. Undefined for no data.
 */
export function withDataBytes(frames: readonly Uint8Array[], data: Uint8Array | undefined): Buffer[] {
  const [type, envelope, payload] = frames.map(asBuffer)
  if (!type || !envelope) throw new EventError("frames", `An event has two or three frames; this has ${frames.length}`)
  if (payload) return data ? [type, envelope, asBuffer(data)] : [type, envelope]
  const members = membersOf(envelope)
  const removed = new Set(["data", "data_base64"])
  const rest = changeMembers(envelope, removed, {})
  if (!data) return [type, rest]
  const isBase64 = members.some(({ name, valueStart }) => name === "data_base64" && envelope[valueStart] === 0x22)
  const text = asBuffer(data)
  const contentType = members.find(({ name }) => name === "datacontenttype")
  const typeText = contentType && envelope.toString("utf8", contentType.valueStart, contentType.valueEnd)
  const member = isBase64
    ? Buffer.from(`,"data_base64":"${text.toString("base64")}"}`)
    : isJson((typeText && (JSON.parse(typeText) as string | null)) ?? undefined)
      ? Buffer.concat([Buffer.from(',"data":'), text, Buffer.from("}")])
      : Buffer.from(`,"data":${JSON.stringify(text.toString("utf8"))}}`)
  return [type, Buffer.concat([rest.subarray(0, -1), member])]
}
