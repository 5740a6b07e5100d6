// How many messages there are, and how large they are.

import { isUint8Array } from "node:util/types"
import type { Message } from "./message.js"

/** A number of messages, and their size. */
export interface MessageCount {
  /** The number of messages. A message of several parts counts once. */
  messages: number
  /** The bytes of all their parts, without framing. */
  bytes: number
}

export function countOf(messages: Message[][]): MessageCount {
  let bytes = 0
  // A draft message has its routing id or group in an object in place of a second part.
  for (const message of messages) for (const part of message) if (isUint8Array(part)) bytes += part.byteLength
  return { messages: messages.length, bytes }
}
