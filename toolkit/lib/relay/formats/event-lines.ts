// Events as JSON text: the JSON format of CloudEvents (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md).

import { Buffer } from "node:buffer"
import { type Stored, withSender } from "../../events/index.js"
import { storedEvent } from "./stored-event.js"

/** The JSON of an event, with its sender. Its data is as the producer wrote it, unless that was bytes, which become Base64. */
export function eventJson(stored: Stored): Buffer {
  const frames = withSender(stored)
  const [, envelope, payload] = frames
  if (payload === undefined) return Buffer.from(envelope ?? [])
  const { data: _, ...attributes } = storedEvent(frames)
  return Buffer.from(JSON.stringify({ ...attributes, data_base64: Buffer.from(payload).toString("base64") }))
}

/** The same in one line, with its end. Line breaks in JSON can stand between values only, where a space means the same. */
export function eventLine(stored: Stored): Buffer {
  const json = eventJson(stored)
  const line = Buffer.concat([json, Buffer.from("\n")])
  for (const lineBreak of [0x0a, 0x0d])
    for (let at = json.indexOf(lineBreak); at >= 0; at = json.indexOf(lineBreak, at + 1)) line[at] = 0x20
  return line
}
