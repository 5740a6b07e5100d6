// The options of a responder, beside those that it shares with the relay.

import { z } from "zod"
import { duration, size } from "../../config/index.js"
import { namePattern, storeSchema } from "../../relay/configuration/configuration.js"
import { httpSchema } from "../../relay/http/options.js"
import { maxCount } from "../journal/passes.js"

const aWeek = 7 * 86_400e3

/** A duration above 0. */
const period = (longest = aWeek) =>
  duration().refine(
    (time) => time > 0 && time <= longest,
    `Expected more than 0 and at most ${longest / 86_400e3} days`,
  )

const expression = () => z.string("Expected a CEL expression. A fixed text has quotes inside the quotes: \"'text'\"")

const limitSchema = z.strictObject({
  count: z.int().min(1).max(maxCount).describe("At most this many responses in any period."),
  per: period().describe("The period."),
})

export const personSchema = z.strictObject({
  uid: z.int().min(0).describe("The user id on this machine. The kernel tells it of each connection."),
})

export const auditSchema = z.strictObject({
  path: z.string().min(1).describe("The folder of the audit log. It is made if it is not there."),
  name: z
    .string()
    .regex(/^[^\s+]{1,200}$/, "Expected a name without spaces or +, such as example.com/respond")
    .optional()
    .describe(
      "The name of the log, for those who verify it: the origin of its checkpoints. By default the name of the host and `/respond`.",
    ),
})

export const controlSchema = z.strictObject({
  socket: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The socket for `ohmq respond pending`, `approve` and so on. By default `respond.sock` in the folder of the store, which other users cannot reach.",
    ),
})

/** What every action has beside the options of its kind. */
export const actionSchema = z.strictObject({
  parameters: z
    .record(z.string(), z.unknown())
    .prefault({})
    .describe("What rules have to give: a map of names to [parameters](#parameters)."),
  timeout: period().prefault("30s").describe("How long it may take."),
  concurrency: z
    .int()
    .min(1)
    .max(256)
    .prefault(4)
    .describe("How many may run at a time. Those with the same parameters never do."),
  idempotent: z
    .boolean()
    .prefault(false)
    .describe("Whether it may be done twice. If so, it is done again if the responder ended while it ran."),
  undo: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      "What takes it back: the options of an action, without those here except `timeout`. `type` is the same by default. It must be possible to do it twice.",
    ),
})

export const undoSchema = z.strictObject({ timeout: period().prefault("30s") })

/** The map of `approve`. */
export const approvalSchema = z.strictObject({
  people: z.int().min(1).max(5).prefault(1).describe("How many different people must approve."),
  timeout: period().prefault("30m").describe("How long they have. Then it is refused."),
  by: z.array(z.string()).min(1).optional().describe("Who may: names of `people`. All of them, by default."),
})

export const ruleSchema = z.strictObject({
  name: z
    .string()
    .regex(namePattern, "A name has letters, digits, - and _, and begins with a letter")
    .describe("For the audit log, metrics and people."),
  from: z.array(z.string()).min(1).optional().describe("The sources. All, by default."),
  senders: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      "The authenticated senders whose events count. Others are recorded and lead to nothing. By default, any.",
    ),
  when: expression().describe("A [CEL](https://cel.dev) expression over the event: when the rule is met."),
  do: z.string().describe("The name of the action."),
  with: z
    .record(z.string(), expression())
    .prefault({})
    .describe(
      "The parameters of the action: CEL expressions over the event. The values are checked before anything is done with them.",
    ),
  dedupe: z
    .strictObject({
      key: expression().describe("What counts as the same: a CEL expression."),
      window: period().describe("For how long."),
    })
    .optional()
    .describe("Events with the same key lead to one response."),
  limit: limitSchema.prefault({ count: 60, per: "1h" }).describe("How many responses the rule may lead to."),
  cooldown: period().optional().describe("How long the rule rests after a response."),
  subject: z
    .strictObject({
      key: expression().describe("What it is about, such as an address: a CEL expression."),
      limit: limitSchema.optional().describe("How many responses about one subject."),
      cooldown: period().optional().describe("How long a subject is left alone after a response."),
    })
    .refine(
      ({ limit, cooldown }) => limit !== undefined || cooldown !== undefined,
      "Expected limit or cooldown, or both",
    )
    .optional()
    .describe("Limits for each subject."),
  expires: period(366 * 86_400e3)
    .optional()
    .describe("After this, the action's `undo` runs. Never, by default."),
  approve: z
    .union([z.literal("required"), approvalSchema], "Expected required, or a map such as { people: 2, timeout: 30m }")
    .optional()
    .describe("Whether people have to approve first: `required`, or a map. Not, by default."),
  maxAge: period()
    .prefault("1h")
    .describe("Events that waited longer before they could be decided about are recorded and lead to nothing."),
  maxEvent: size().prefault("256KiB").describe("Larger events are recorded and lead to nothing."),
  dryRun: z.boolean().prefault(false).describe("Whether it is only recorded what would be done."),
})

export const schema = z.strictObject({
  version: z.literal(1).describe("The version of this format."),
  // A responder remembers what it did on its own disk: it is one process.
  store: storeSchema
    .omit({ jetstream: true })
    .extend({ path: z.string().min(1).describe("The folder of the store, on a local disk.") })
    .describe("Where events are kept until they are decided about, as in a relay."),
  audit: auditSchema.describe("The audit log. It is also what the responder remembers by."),
  control: controlSchema.prefault({}).describe("How people reach the responder."),
  http: httpSchema.optional().describe("The HTTP server, as in a relay. Required for webhooks."),
  people: z
    .record(z.string(), personSchema)
    .prefault({})
    .describe(
      "Who may approve, refuse and undo: a map of names to people. See [people](#people). By default, the user of the responder, and root.",
    ),
  protect: z
    .array(z.string())
    .prefault([])
    .describe(
      "Addresses and networks that no parameter may name, beside those of this machine and of special purpose (loopback, link-local, multicast and so on).",
    ),
  dryRun: z.boolean().prefault(false).describe("Whether all rules only record what would be done."),
  sources: z
    .record(z.string(), z.unknown())
    .describe("Where alerts come from: [sources](relay.md#sources) of a relay."),
  actions: z.record(z.string(), z.unknown()).describe("What can be done at all: a map of names to actions."),
  rules: z.array(ruleSchema).describe("When it is done."),
})
