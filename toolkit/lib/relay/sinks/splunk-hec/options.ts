// The options of the sink `splunk-hec`.

import { z } from "zod"
import { duration, secret, size } from "../../../config/index.js"
import { httpOptions } from "../../http/client.js"

export const schema = z.strictObject({
  ...httpOptions,
  url: httpOptions.url.describe("Where the HTTP Event Collector listens, without a path."),
  token: secret().describe("The token of the HTTP Event Collector."),
  endpoint: z
    .enum(["event", "raw"])
    .prefault("event")
    .describe(
      "`event` sends each event with its time and source. `raw` sends lines, which Splunk takes apart by the sourcetype.",
    ),
  ack: z
    .boolean()
    .prefault(false)
    .describe(
      "Whether an event is delivered only when Splunk has indexed it. The token must have indexer acknowledgement.",
    ),
  ackTimeout: duration().prefault("5m").describe("How long indexing may take. Then events are sent again."),
  ackInterval: duration().prefault("1s").describe("How often Splunk is asked whether it has indexed events."),
  index: z.string().min(1).optional().describe("The index. That of the token, by default."),
  sourcetype: z.string().min(1).prefault("ohmq:event").describe("The sourcetype."),
  host: z.string().min(1).optional().describe("The host. The one Splunk sees, by default."),
  maxBytes: size()
    .refine((bytes) => bytes <= 1e6, "Expected at most 1MB, which is Splunk's own limit")
    .prefault("512KiB")
    .describe("The largest body of a request, before compression. A larger event is sent alone."),
})
export type Config = z.infer<typeof schema>
