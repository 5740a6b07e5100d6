// Messages with metadata: the properties of their senders that libzmq knows.

import { checkOperation, expected, type OperationOptions } from "../base/checks.js"
import { addon } from "../native/addon.js"
import type { Tag } from "../native/numbers.js"
import type { Message } from "./message.js"

/** Options of a receive with metadata. */
export interface MetadataOptions extends OperationOptions {
  /** Names of further properties, such as "X-Role" (ZMQ_METADATA of the sender) or "Resource". Default none. */
  properties?: string[]
}

/**
 * A message and its properties (zmq_msg_gets), which belong to the connection that it came from. Over inproc there are none: all are
 * null.
 */
export interface MessageWithMetadata<M extends object[] = Message[]> {
  /** The message as `receive` gives it. */
  parts: M
  /**
   * "Peer-Address": the peer's IP address. Over ipc it is "localhost:uid:gid:pid" on systems that provide these, such as
   * Linux, otherwise null.
   */
  peerAddress: string | null
  /**
   * "User-Id": the peer's user id, set by the authentication (ZAP) and not by the peer. Null if the socket accepts peers without
   * authentication, because such a peer could claim any user id. The socket needs `security` with an authenticator or a domain, or
   * `zapDomain` and `zapEnforceDomain`, or `plainServer`.
   */
  userId: string | null
  /** "Socket-Type": the type of the peer's socket, such as "DEALER", as the peer claims. */
  socketType: string | null
  /** "Routing-Id": the routing id that the peer has chosen, if it is text, otherwise null. */
  routingId: string | null
  /** The requested properties that the message has. */
  properties: Record<string, string>
}

/** "Identity" is what peers still call "Routing-Id" in their handshake. */
const standard = ["Peer-Address", "User-Id", "Socket-Type", "Routing-Id", "Identity"]

/** The names to ask for. */
export function propertyNames(options: MetadataOptions | undefined): string[] {
  if (options === undefined) return standard
  checkOperation(options, "properties")
  const { properties = [] } = options
  if (!Array.isArray(properties) || !properties.every((name) => typeof name === "string" && name !== "")) {
    throw expected("properties", "an array of names", properties)
  }
  return [...standard, ...properties]
}

function describe(names: string[], parts: Message[], values: (string | null)[]): MessageWithMetadata {
  const properties: Record<string, string> = {}
  for (let index = standard.length; index < names.length; index += 1) {
    const value = values[index]
    if (value) properties[names[index] as string] = value
  }
  return {
    parts,
    peerAddress: values[0] || null,
    userId: values[1] || null,
    socketType: values[2] || null,
    routingId: values[3] || values[4] || null,
    properties,
  }
}

/** A message whose properties are unknown. */
export const withoutMetadata = (parts: Message[]): MessageWithMetadata => describe(standard, parts, [])

/** The next message of a slot's socket, or undefined if there is none. With a `tag`, its value comes before the part. */
export function receiveWithMetadata(slot: number, names: string[], tag?: Tag): MessageWithMetadata | undefined {
  const received = addon.receiveWithMetadata(slot, names, tag)
  return received && describe(names, received.parts, received.values)
}
