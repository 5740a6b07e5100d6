// The file of `ohmq respond test`: alerts that come in, and what is expected of the rules.

import { z } from "zod"
import { duration, oneOrMore } from "../../config/index.js"
import { givenSchema as relayGiven } from "../../relay/trial/test-file.js"

const givenSchema = relayGiven.extend({
  after: duration()
    .prefault("0ms")
    .describe("How long after the event before, in the same test. For windows, limits and cool-downs."),
})

/** What can be expected of a decision. */
export const decisions = [
  "run",
  "approve",
  "dry-run",
  "duplicate",
  "limit",
  "cooldown",
  "subject limit",
  "subject cooldown",
  "refused",
  "sender",
  "too old",
  "too large",
  "full",
] as const

const expectedSchema = z.strictObject({
  rule: z.string().describe("The rule that is met."),
  decision: z
    .enum(decisions)
    .describe(
      "`run`, `approve` (people must approve first), `dry-run`, or why nothing is done: see [decisions](#decisions).",
    ),
  parameters: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("Those of the action. Only those that are listed must be the same."),
  subject: z.string().optional().describe("What the limits for a subject are about."),
  detail: z.string().optional().describe("A part of the text that says why nothing is done."),
})

export const testFileSchema = z.strictObject({
  config: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The rules to test, relative to this file. By default, the file that the command names, or `rules.yaml`.",
    ),
  tests: z
    .array(
      z.strictObject({
        name: z.string().min(1).describe("What is tested."),
        given: oneOrMore(givenSchema).describe("The alerts that come in."),
        expect: z.array(expectedSchema).describe("The decisions, in order: exactly these. `[]`: no rule is met."),
      }),
    )
    .min(1)
    .describe("The tests."),
})

export type Given = z.infer<typeof givenSchema>
export type Expected = z.infer<typeof expectedSchema>
