// Who has really sent a message.

import { Buffer } from "node:buffer"
import { isUint8Array } from "node:util/types"

import { checkOptions } from "../check-options.js"

/** A message of `receiveWithMetadata`, as far as it matters here. */
export interface Received {
  userId: string | null
}

export interface SenderOptions {
  /** Who the message itself says it is from: a header, a routing id, a field. It must be the authenticated user. */
  claimed?: string | Uint8Array
  /** Users of whom one must have sent it. */
  oneOf?: Iterable<string>
}

/** The message is not from whom it should be. */
export class SenderError extends Error {
  override readonly name = "SenderError"
  readonly code = "ERR_SENDER"
  /** Who has really sent it; null if that is not known. */
  readonly userId: string | null

  constructor(message: string, userId: string | null) {
    super(message)
    this.userId = userId
  }
}

/** Text of a peer's, fit for a log: on one line, and not too long. */
const quoted = (text: string) => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)

/**
 * The user who has sent a message, as the authenticator knows it, for a message of `receiveWithMetadata` or `withMetadata`.
 * Throws SenderError if there is none, or if the message claims to be from another.
 *
 * ```typescript
 * const message = await router.receiveWithMetadata()
 * const { from } = JSON.parse(message.parts.at(-1))
 * const user = verifiedSender(message, { claimed: from })
 * ```
 */
export function verifiedSender(message: Received, options: SenderOptions = {}): string {
  const { claimed, oneOf } = checkOptions("the options of verifiedSender", options, ["claimed", "oneOf"])
  if (typeof message !== "object" || message === null || !("userId" in message)) {
    throw new TypeError("Expected a message of receiveWithMetadata(); other messages do not tell who has sent them")
  }
  const { userId } = message
  if (typeof userId !== "string" || userId === "") {
    const remedy =
      "The socket needs security: { server, authenticator }, and the message must not have come over inproc"
    throw new SenderError(`The sender of this message was not authenticated. ${remedy}`, null)
  }
  if (claimed !== undefined) {
    if (typeof claimed !== "string" && !isUint8Array(claimed))
      throw new TypeError("Expected claimed to be text or bytes")
    const name = Buffer.from(claimed as string)
    if (!name.equals(Buffer.from(userId))) {
      throw new SenderError(
        `The message claims to be from ${quoted(name.toString())}, but is from ${quoted(userId)}`,
        userId,
      )
    }
  }
  if (oneOf !== undefined && ![...oneOf].includes(userId)) {
    throw new SenderError(`The message is from ${quoted(userId)}, who may not send it`, userId)
  }
  return userId
}
