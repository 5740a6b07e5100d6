// The option `map` of the source `webhook`.

import { z } from "zod"

const mapped = {
  type: "The type of the event.",
  id: "What identifies the delivery, so that a repetition is stored once.",
  source: "The source of the event: a URI reference.",
  subject: "The subject of the event.",
  time: "The time of the event, as RFC 3339 says.",
  severity: "`critical`, `high`, `medium`, `low` or `info`; others are left out.",
} as const
export type MapName = keyof typeof mapped

export const mapNames = Object.keys(mapped) as MapName[]

const expression = (name: MapName) => z.string().optional().describe(mapped[name])

export const mapSchema = z.strictObject({
  type: expression("type"),
  id: expression("id"),
  source: expression("source"),
  subject: expression("subject"),
  time: expression("time"),
  severity: expression("severity"),
})
export type MapOptions = z.infer<typeof mapSchema>
