// Feeds of MessagePack: [value], or [topic, value]. https://github.com/msgpack/msgpack/blob/master/spec.md

import { Buffer } from "node:buffer"
import { types } from "node:util"
import { decode, ExtData } from "@msgpack/msgpack"
import { EventError } from "../../events/index.js"
import { type FeedOf, incoming, subjectOf } from "./feed.js"

const maxLevels = 64

/** What JSON has no word for: bytes become Base64, times RFC 3339, integers beyond 2^53 text. */
function jsonOf(value: unknown, level = 0): unknown {
  if (level > maxLevels) throw new EventError("data-invalid", `The data has more than ${maxLevels} levels`)
  if (typeof value === "bigint") {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  if (typeof value === "number" && !Number.isFinite(value)) return String(value)
  if (types.isUint8Array(value)) return Buffer.from(value).toString("base64")
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof ExtData)
    throw new EventError("data-invalid", `MessagePack extension ${value.type} has no meaning here`)
  if (Array.isArray(value)) return value.map((inner) => jsonOf(inner, level + 1))
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, jsonOf(inner, level + 1)]))
  return value
}

export const msgpack: FeedOf =
  ({ source, eventType: type }) =>
  (frames) => {
    const bytes = frames.at(-1)
    if (bytes === undefined || frames.length > 2)
      throw new EventError("frames", `Expected [value] or [topic, value]; this message has ${frames.length} frames`)
    let value: unknown
    try {
      value = decode(bytes, { useBigInt64: true })
    } catch (error) {
      throw new EventError("data-invalid", `The data is not MessagePack: ${(error as Error).message}`)
    }
    const topic = frames.length === 2 ? frames[0] : undefined
    return [incoming({ source, type, ...subjectOf(topic) }, { value: jsonOf(value) })]
  }
