// What the relay keeps before an event's frames: which source took it in, and which sinks it is for.

import { Buffer } from "node:buffer"

/** The tag of a stored event. */
export interface Tag {
  /** The name of the source. */
  source: string
  /** The names of the sinks. They are decided once, when the event comes in. */
  sinks: readonly string[]
  /** What identifies the delivery, if the sender may repeat it. */
  delivery?: string | undefined
  /** A route that has to change the event before anyone gets it. Such an event is a dead letter, and has no sinks. */
  held?: string | undefined
}

const version = 1
const encoded = new Map<string, Buffer>()

/** The frame of a tag. There are few different ones. */
export function encodeTag({ source, sinks, delivery, held }: Tag): Buffer {
  if (held !== undefined) return Buffer.from(JSON.stringify([version, source, sinks, delivery ?? null, held]))
  if (delivery !== undefined) return Buffer.from(JSON.stringify([version, source, sinks, delivery]))
  const text = JSON.stringify([version, source, sinks])
  let frame = encoded.get(text)
  if (frame === undefined) {
    if (encoded.size >= 1000) encoded.clear()
    frame = Buffer.from(text)
    encoded.set(text, frame)
  }
  return frame
}

const decoded = new Map<string, Tag>()

/** The tag in a frame. */
export function decodeTag(frame: Uint8Array | undefined): Tag {
  const text = Buffer.from(frame ?? []).toString("utf8")
  let tag = decoded.get(text)
  if (tag === undefined) {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {}
    if (!Array.isArray(value) || value[0] !== version)
      throw new Error("The store was not written by a relay of this version: an event has no tag")
    tag = { source: value[1], sinks: value[2], delivery: value[3] ?? undefined, held: value[4] }
    if (decoded.size >= 1000) decoded.clear()
    decoded.set(text, tag)
  }
  return tag
}
