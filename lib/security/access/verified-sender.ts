// Checks who really sent a message.

import { Buffer } from "node:buffer"
import { isUint8Array } from "node:util/types"

import { checkOptions, isObject, unexpected } from "../../base/checks.js"

/** The part of a message from `receiveWithMetadata` that matters here. */
export interface Received {
  /** The authenticated user; null if the sender was not authenticated. */
  userId: string | null
}

/** Options of `verifiedSender`. */
export interface SenderOptions {
  /** The sender that the message itself claims, such as a header, a routing id or a field. It must be the authenticated user. */
  claimed?: string | Uint8Array
  /** The users that may send the message. Default: every authenticated user. */
  oneOf?: Iterable<string>
}

/** The error of `verifiedSender`: the sender is not authenticated, is not who the message claims, or may not send it. */
export class SenderError extends Error {
  /** Always "SenderError". */
  override readonly name = "SenderError"
  /** Always "ERR_SENDER". */
  readonly code = "ERR_SENDER"
  /** The authenticated user; null if there is none. */
  readonly userId: string | null

  constructor(message: string, userId: string | null) {
    super(message)
    this.userId = userId
  }
}

/** A peer's text, made safe for a log: one line of limited length. */
const quoted = (text: string) => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)

/**
 * The authenticated user who sent a message that came from `receiveWithMetadata` or `withMetadata`. Throws a SenderError if there is none,
 * if the message claims another sender, or if that user is not in `oneOf`.
 *
 * ```typescript
 * const message = await router.receiveWithMetadata()
 * const { from } = JSON.parse(message.parts.at(-1))
 * const user = verifiedSender(message, { claimed: from })
 * ```
 */
export function verifiedSender(message: Received, options: SenderOptions = {}): string {
  const { claimed, oneOf } = checkOptions("the options of verifiedSender", options, ["claimed", "oneOf"])
  if (!isObject(message) || !("userId" in message)) {
    throw new TypeError("Expected a message from receiveWithMetadata(). Other messages do not say who sent them")
  }
  const { userId } = message
  if (typeof userId !== "string" || userId === "") {
    const remedy =
      "Give the socket security: { server, authenticator }, and do not use inproc, which has no authentication"
    throw new SenderError(`The sender of the message was not authenticated. ${remedy}`, null)
  }
  if (claimed !== undefined) {
    if (typeof claimed !== "string" && !isUint8Array(claimed))
      throw unexpected("claimed", "a string or Uint8Array", claimed)
    const name = Buffer.from(claimed as string)
    if (!name.equals(Buffer.from(userId))) {
      throw new SenderError(
        `The message claims to be from ${quoted(name.toString())}, but ${quoted(userId)} sent it`,
        userId,
      )
    }
  }
  if (oneOf !== undefined && ![...oneOf].includes(userId)) {
    throw new SenderError(`User ${quoted(userId)} sent the message, but is not in oneOf`, userId)
  }
  return userId
}
