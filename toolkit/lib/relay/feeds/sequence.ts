// Feeds that number their messages: [topic, body, sequence], with 4 bytes, little-endian, counted for each topic, as Bitcoin Core's.
// https://github.com/bitcoin/bitcoin/blob/master/doc/zmq.md

import type { Buffer } from "node:buffer"
import { EventError } from "../../events/index.js"
import { type FeedContext, type FeedOf, incoming, topicText } from "./feed.js"

/** A publisher that invents topics must not fill the memory. */
const maxTopics = 10_000

/** Counts what is missing. */
function counter({ note }: FeedContext) {
  const last = new Map<string, number>()
  return (topic: string, number: number) => {
    const before = last.get(topic)
    if (before !== undefined) {
      const missing = (number - before - 1) >>> 0
      // A publisher that has restarted begins again: nobody knows what is missing.
      if (number <= before && before !== 0xffffffff) note("restart", { topic, before, number })
      else if (missing > 0) note("gap", { topic, from: before + 1, to: number - 1 }, missing)
    }
    if (before === undefined && last.size >= maxTopics) last.delete(last.keys().next().value as string)
    last.set(topic, number)
  }
}

const numbered =
  (datacontenttype: string, dataOf: (body: Buffer) => Parameters<typeof incoming>[1]): FeedOf =>
  (context) => {
    const { source, eventType: type } = context
    const count = counter(context)
    return (frames) => {
      const [topicFrame, body, numberFrame] = frames as [Buffer?, Buffer?, Buffer?]
      if (topicFrame === undefined || body === undefined || numberFrame?.length !== 4 || frames.length !== 3)
        throw new EventError("frames", "Expected [topic, body, sequence], and 4 bytes of sequence")
      const [subject, number] = [topicText(topicFrame), numberFrame.readUInt32LE()]
      // First, so that a message whose body cannot be read is not missing, too.
      count(subject, number)
      return [incoming({ source, type, subject, datacontenttype, sequence: String(number) }, dataOf(body))]
    }
  }

/** The body is bytes. */
export const sequence = numbered("application/octet-stream", (value) => ({ value }))

/** The body is JSON. */
export const sequenceJson = numbered("application/json", (json) => ({ json }))
