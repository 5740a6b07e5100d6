// The feed of MISP: a topic, a blank and JSON in one frame. https://www.misp-project.org/documentation/ (ZeroMQ plugin)

import { Buffer } from "node:buffer"
import { EventError } from "../../events/index.js"
import { type FeedOf, incoming } from "./feed.js"

/** `misp_json` is an event; `misp_json_attribute` and others name what they are. */
const topicPattern = /^misp_json(?:_([a-z_]{1,40}))? /

/** What identifies an object of MISP: it is the only member of the JSON, or one of few. */
function uuidIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined
  for (const inner of [value, ...Object.values(value)]) {
    const uuid = typeof inner === "object" && inner !== null ? (inner as { uuid?: unknown }).uuid : undefined
    if (typeof uuid === "string" && uuid !== "") return uuid
  }
  return undefined
}

export const misp: FeedOf =
  ({ source }) =>
  (frames) => {
    const [frame] = frames
    if (frame === undefined || frames.length > 1)
      throw new EventError("frames", `Expected one frame; this message has ${frames.length}`)
    const match = topicPattern.exec(frame.toString("latin1", 0, 60))
    if (match === null)
      throw new EventError("frames", "The message does not begin with a topic of MISP, such as misp_json")
    const [head, name = "event"] = match
    // MISP says that it is alive.
    if (name === "self") return []
    const json = frame.subarray(Buffer.byteLength(head))
    const event = incoming({ source, type: `org.misp-project.${name}` }, { json })
    const subject = uuidIn(event.event.data)
    return subject === undefined ? [event] : [incoming({ source, type: event.event.type, subject }, { json })]
  }
