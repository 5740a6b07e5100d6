// Feeds of text: CloudEvents, JSON, and anything else. A message is [text], or [topic, text]; a text may have several lines.

import { Buffer } from "node:buffer"
import { EventError } from "../../events/index.js"
import { eventOfLine } from "../formats/lines.js"
import { syslogEvent } from "../syslog/event.js"
import { parseMessage } from "../syslog/parse.js"
import { type FeedOf, incoming, subjectOf } from "./feed.js"

/** The topic, if there is one, and the text. */
function split(frames: readonly Buffer[]): { topic: Buffer | undefined; text: Buffer } {
  const text = frames.at(-1)
  if (text === undefined || frames.length > 2)
    throw new EventError("frames", `Expected [text] or [topic, text]; this message has ${frames.length} frames`)
  return { topic: frames.length === 2 ? frames[0] : undefined, text }
}

function linesOf(text: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  for (let end = text.indexOf(0x0a); end >= 0; end = text.indexOf(0x0a, start)) {
    lines.push(text.subarray(start, end))
    start = end + 1
  }
  lines.push(text.subarray(start))
  return lines.filter((line) => line.toString("latin1").trim() !== "")
}

/** CloudEvents in JSON, structured mode: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md */
export const cloudevents: FeedOf = () => (frames) => {
  const { text } = split(frames)
  const options = { format: "events", eventType: "", maxLine: Number.POSITIVE_INFINITY } as const
  return [eventOfLine(text, "", undefined, options)]
}

/** JSON. The topic is the subject. */
export const json: FeedOf =
  ({ source, eventType: type }) =>
  (frames) => {
    const { topic, text } = split(frames)
    // One value may have line breaks in it; several values have one each.
    const parts = isJson(text) ? [text] : linesOf(text)
    if (parts.length === 0) throw new EventError("not-json", "The message is empty")
    return parts.map((part) => incoming({ source, type, ...subjectOf(topic) }, { json: part }))
  }

function isJson(text: Buffer): boolean {
  try {
    JSON.parse(text.toString("utf8"))
    return true
  } catch {
    return false
  }
}

/** Text or bytes, as they are. */
export const text: FeedOf =
  ({ source, eventType: type }) =>
  (frames) => {
    const { topic, text } = split(frames)
    const value = text.toString("utf8")
    const isText = Buffer.from(value).equals(text)
    const datacontenttype = isText ? "text/plain" : "application/octet-stream"
    return [incoming({ source, type, datacontenttype, ...subjectOf(topic) }, { value: isText ? value : text })]
  }

/** Messages of syslog, as rsyslog's omczmq sends them: https://www.rsyslog.com/doc/configuration/modules/omczmq.html */
export const syslog: FeedOf =
  ({ source, eventType }) =>
  (frames) =>
    linesOf(split(frames).text).map((line) => syslogEvent(parseMessage(line.toString("utf8")), source, eventType))
