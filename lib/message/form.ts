// The shapes of messages, by socket type. Most types use arrays of parts. Messages of the draft types have one part, most of them with a
// routing id or a group: a pair of the part and an object, `[part, { routingId }]`, which crosses to the addon as two frames.

import { Buffer } from "node:buffer"
import { isUint8Array } from "node:util/types"
import { checkObject, expected } from "../base/checks.js"
import { errnoError } from "../base/errors.js"
import type { SocketType } from "../base/socket-types.js"
import { warnOnce } from "../base/warnings.js"
import { addon, constant, POLLOUT } from "../native/addon.js"
import { SendFlags, Tag } from "../native/numbers.js"
import { drain, type Message, type MessageLike, mayReference, type Part, toPart } from "./message.js"
import { receiveWithMetadata } from "./metadata.js"
import { Outbox, type Outgoing } from "./outbox.js"

/** How the messages of a socket are sent and received. */
export interface MessageForm {
  outbox: Outbox
  drain: typeof drain
  receiveWithMetadata: typeof receiveWithMetadata
}

/** Names the peer that a message comes from or goes to. */
export interface RoutingOptions {
  /** A positive integer that the socket has assigned to the peer. */
  routingId: number
}

/** Names the group that a message is for. */
export interface GroupOptions {
  /** 1 to 255 bytes. It ends at its first zero byte, as in libzmq. */
  group: string | Uint8Array
}

/** The size of libzmq's buffer for a udp packet, in bytes. libzmq does not check it, and would write beyond it. */
const MOST_OF_UDP = 8192

/** The longest group that libzmq can read from a udp packet. */
const MOST_OF_UDP_GROUP = 127

const lengthOf = (part: Part) => (typeof part === "string" ? Buffer.byteLength(part) : part.byteLength)

const tooLargeForUdp = () =>
  errnoError("EMSGSIZE", `Message is too large for udp: libzmq allows ${MOST_OF_UDP} bytes, and 127 bytes for a group`)

function routingIdBytes({ routingId }: RoutingOptions): Uint8Array {
  if (!(Number.isInteger(routingId) && routingId > 0 && routingId < 2 ** 32)) {
    throw expected("routingId", "an integer from 1 to 4294967295", routingId)
  }
  return Uint8Array.of(routingId, routingId >>> 8, routingId >>> 16, routingId >>> 24)
}

export function groupBytes({ group }: GroupOptions): Uint8Array {
  if (typeof group !== "string" && !isUint8Array(group)) {
    throw expected("group", "a string or Buffer", group)
  }
  const given = typeof group === "string" ? Buffer.from(group) : group
  const zero = given.indexOf(0)
  const bytes = zero === -1 ? given : given.subarray(0, zero)
  const most = constant("ZMQ_GROUP_MAX_LENGTH")
  // libzmq aborts the process of a Dish that has joined the empty group when the Dish's queue is full.
  if (bytes.byteLength === 0 || bytes.byteLength > most) throw expected("group", `1 to ${most} bytes long`, group)
  if (zero !== -1) warnOnce("OHMQ_GROUP_CUT", "A group ends at its first zero byte; the rest of the name was ignored.")
  return bytes
}

/** Sends messages of one part. */
class SinglePartOutbox extends Outbox {
  override prepare(message: MessageLike | MessageLike[]): Outgoing {
    if (!Array.isArray(message)) return super.prepare(message)
    const [part, ...more] = message
    if (part === undefined || more.length > 0) {
      throw errnoError("EINVAL", `A message on this socket must have 1 part, but this one has ${message.length}`)
    }
    return toPart(part)
  }
}

/** Sends messages of one part with a routing id or a group. */
class TaggedOutbox<T> extends SinglePartOutbox {
  readonly #tag: Tag
  readonly #encode: (options: T) => Uint8Array

  constructor(slot: number, type: SocketType, tag: Tag, encode: (options: T) => Uint8Array) {
    super(slot, type)
    this.#tag = tag
    this.#encode = encode
  }

  override prepare(message: unknown): Outgoing {
    if (!Array.isArray(message) || message.length !== 2) {
      throw expected("message", "an array of a message and its options", message)
    }
    const part = super.prepare(message[0]) as Part
    checkObject(message[1])
    return [this.#encode(message[1] as T), part]
  }

  protected override sendPacked(count: number): number {
    return addon.sendTaggedMany(this.slot, this.#tag, count)
  }

  protected override sendParts([value, part]: [Uint8Array, Part]): boolean {
    const flags = typeof part !== "string" && mayReference(part) ? SendFlags.MayReference : SendFlags.None
    return addon.sendTagged(this.slot, this.#tag, value, part, flags)
  }
}

/** Sends the messages of a Radio. */
class GroupOutbox extends TaggedOutbox<GroupOptions> {
  /** Whether messages go out over udp. */
  #overUdp = false

  constructor(slot: number, type: SocketType) {
    super(slot, type, Tag.Group, groupBytes)
  }

  override connected(address: string): void {
    if (address.startsWith("udp:")) this.#overUdp = true
  }

  override prepare(message: unknown): Outgoing {
    const outgoing = super.prepare(message) as [Uint8Array, Part]
    if (this.#overUdp) {
      const [group, part] = outgoing
      if (group.byteLength > MOST_OF_UDP_GROUP || 1 + group.byteLength + lengthOf(part) > MOST_OF_UDP) {
        throw tooLargeForUdp()
      }
    }
    return outgoing
  }
}

/** Sends the messages of a Datagram: an address and a body. */
class DatagramOutbox extends Outbox {
  override prepare(message: MessageLike | MessageLike[]): Outgoing {
    const parts = super.prepare(message)
    if (!Array.isArray(parts) || parts.length !== 2) {
      throw errnoError("EINVAL", "A message on this socket must have 2 parts: an address and a body")
    }
    if (lengthOf(parts[1] as Part) > MOST_OF_UDP) throw tooLargeForUdp()
    return parts
  }

  /** Always one by one: without an endpoint, libzmq aborts the process if it gets several frames in one call. */
  protected override sendPacked(): number {
    return 0
  }

  protected override sendParts(parts: Part[]): boolean {
    return (addon.events(this.slot) & POLLOUT) !== 0 && super.sendParts(parts)
  }
}

/** Receives messages with a tag, as pairs. */
function receivesTagged(tag: Tag, decode: (value: Buffer) => object): Omit<MessageForm, "outbox"> {
  const take = (slot: number, messages: number) => addon.receiveTagged(slot, tag, messages)
  const toPair = ([value, part]: Message[]) => [part, decode(value as Message)] as unknown as Message[]
  return {
    drain: (slot, limit, queue, shared) => {
      const first = queue.length
      drain(slot, limit, queue, shared, take)
      for (let index = first; index < queue.length; index += 1) queue[index] = toPair(queue[index] as Message[])
    },
    receiveWithMetadata: (slot, names) => {
      const message = receiveWithMetadata(slot, names, tag)
      return message && { ...message, parts: toPair(message.parts) }
    },
  }
}

const receivesRouted = receivesTagged(Tag.RoutingId, (value) => ({ routingId: value.readUInt32LE(0) }))

const receivesGroups = receivesTagged(Tag.Group, (group) => ({ group }))

const receivesParts = { drain, receiveWithMetadata }

/** How the messages of a type are sent and received, through the slot of a socket. */
export function messageForm(slot: number, type: SocketType): MessageForm {
  switch (type.shape) {
    case "parts":
      return { outbox: new Outbox(slot, type), ...receivesParts }
    case "part":
      return { outbox: new SinglePartOutbox(slot, type), ...receivesParts }
    case "routed":
      return { outbox: new TaggedOutbox(slot, type, Tag.RoutingId, routingIdBytes), ...receivesRouted }
    case "grouped":
      return { outbox: new GroupOutbox(slot, type), ...receivesGroups }
    case "datagram":
      return { outbox: new DatagramOutbox(slot, type), ...receivesParts }
  }
}
