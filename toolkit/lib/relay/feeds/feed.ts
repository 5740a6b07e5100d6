// A feed: how the messages of others over ØMQ become events.

import { Buffer } from "node:buffer"
import { acceptJson, createEvent, type EventInit, encode } from "../../events/index.js"
import type { Incoming } from "../components.js"

/** What a feed is given. */
export interface FeedContext {
  /** The source of its events. */
  readonly source: string
  /** The type of its events, unless the feed has types of its own. */
  readonly eventType: string
  /** Counts something that was lost, and logs it. */
  note(reason: string, details: Record<string, unknown>, count?: number): void
}

/** Reads a message. Throws an `EventError` if it is not one of the feed's. */
export type Feed = (frames: readonly Buffer[]) => Incoming[]

export type FeedOf = (context: FeedContext) => Feed

/** The text of a frame. A topic that is not text is written in hex. */
export function topicText(frame: Buffer): string {
  const text = frame.toString("utf8")
  return Buffer.from(text).equals(frame) && /^[^\p{Cc}]*$/u.test(text) ? text : frame.toString("hex")
}

/** An event with its data. JSON stays as it came, byte for byte. */
export function incoming(attributes: EventInit, data: { json: Buffer } | { value: unknown }): Incoming {
  if ("json" in data) return acceptJson(createEvent({ datacontenttype: "application/json", ...attributes }), data.json)
  const event = createEvent({ ...attributes, data: data.value })
  return { event, frames: encode(event) }
}

/** The subject of an event, if its message has a topic. */
export const subjectOf = (topic: Buffer | undefined): { subject?: string } => {
  const text = topic === undefined ? "" : topicText(topic)
  return text === "" ? {} : { subject: text }
}
