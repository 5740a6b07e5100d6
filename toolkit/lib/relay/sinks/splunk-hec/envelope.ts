// How an event is written for Splunk: https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector

import { Buffer } from "node:buffer"
import type { Outgoing } from "../../components.js"
import { eventJson, eventLine } from "../../formats/event-lines.js"
import { storedEvent } from "../../formats/stored-event.js"
import type { Config } from "./options.js"

/** An event as JSON. Splunk ignores a whole event, and answers 200, if there is any other key. */
export function envelope(outgoing: Outgoing, { index, sourcetype, host }: Config): Buffer {
  const { source, time } = storedEvent(outgoing.frames)
  const at = time === undefined ? outgoing.time : Date.parse(time)
  const metadata = JSON.stringify({
    time: (Number.isNaN(at) ? outgoing.time : at) / 1000,
    ...(host !== undefined && { host }),
    source,
    sourcetype,
    ...(index !== undefined && { index }),
  })
  return Buffer.concat([Buffer.from(`${metadata.slice(0, -1)},"event":`), eventJson(outgoing), Buffer.from("}\n")])
}

export const line = eventLine

/** What the endpoint `raw` is told of all its lines. */
export function rawQuery({ index, sourcetype, host }: Config, channel: string): string {
  return new URLSearchParams({
    channel,
    sourcetype,
    ...(host !== undefined && { host }),
    ...(index !== undefined && { index }),
  }).toString()
}
