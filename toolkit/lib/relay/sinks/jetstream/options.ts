// The options of the sink `jetstream`.

import { z } from "zod"
import { natsOptions, streamName } from "../../nats/options.js"

/** What stands for the type of the event in a subject. */
export const typeMark = "{type}"

/** A subject of fixed tokens, of which some but the first may be the type. A `$` at its begin is the server's own. */
const subjectShape = /^(?![$]|_INBOX\.)[^\s.*>{}]+(\.([^\s.*>{}]+|\{type\}))*$/

export const schema = z.strictObject({
  subject: z
    .string()
    .max(256)
    .regex(
      subjectShape,
      'Expected a subject such as "events.{type}", which begins with a fixed word and has no wildcards',
    )
    .describe("The subject. `{type}` stands for the type of the event."),
  stream: streamName()
    .optional()
    .describe("The stream that must take the events. Any stream that has the subject, by default."),
  ...natsOptions,
  concurrency: z
    .int()
    .min(1)
    .max(1024)
    .prefault(1)
    .describe(
      "How many events may wait for their acknowledgement. With one, events are in order; with more, they are in another order after a failure.",
    ),
})
export type Config = z.infer<typeof schema>
