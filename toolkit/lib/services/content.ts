// What requests and replies carry: bytes, text, a JSON value or nothing, with a byte that says which.

import { Buffer } from "node:buffer"
import { ServiceError } from "./service-error.js"

/** The byte before a body that says what it is. */
export const contents = { nothing: 0, bytes: 1, text: 2, json: 3 } as const

/** A value as it is sent. */
export interface Encoded {
  content: number
  body: Uint8Array
}

const empty = new Uint8Array()
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Bytes as they are, text, nothing for undefined, and JSON of any other value. Throws a TypeError if there is no JSON of it. */
export function encodeBody(value: unknown): Encoded {
  if (value === undefined) return { content: contents.nothing, body: empty }
  if (value instanceof Uint8Array) return { content: contents.bytes, body: value }
  if (typeof value === "string") return { content: contents.text, body: Buffer.from(value) }
  const json = JSON.stringify(value) as string | undefined
  if (json === undefined) throw new TypeError(`Expected bytes, text or a JSON value but received a ${typeof value}`)
  return { content: contents.json, body: Buffer.from(json) }
}

/** The value that was sent. Throws a ServiceError if it is malformed. */
export function decodeBody(content: number, body: Buffer): unknown {
  try {
    if (content === contents.bytes) return body
    if (content === contents.text) return utf8.decode(body)
    if (content === contents.json) return JSON.parse(utf8.decode(body))
    if (content === contents.nothing && body.length === 0) return undefined
  } catch (error) {
    const kind = content === contents.json ? "JSON" : "UTF-8"
    throw new ServiceError("MALFORMED", `The body is not ${kind}: ${(error as Error).message}`)
  }
  throw new ServiceError("MALFORMED", `The body of ${body.length} bytes has the unknown content ${content}`)
}
