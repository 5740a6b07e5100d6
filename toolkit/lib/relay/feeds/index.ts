// The formats of the source `zmq` that are not the toolkit's own.

import type { FeedOf } from "./feed.js"
import { cloudevents, json, syslog, text } from "./lines.js"
import { misp } from "./misp.js"
import { msgpack } from "./msgpack.js"
import { sequence, sequenceJson } from "./sequence.js"

export type { Feed } from "./feed.js"

export const feeds = {
  cloudevents,
  json,
  misp,
  msgpack,
  sequence,
  "sequence-json": sequenceJson,
  syslog,
  text,
} satisfies Record<string, FeedOf>

export const feedNames = Object.keys(feeds) as (keyof typeof feeds)[]
