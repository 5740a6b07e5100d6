// The file of `ohmq relay test`: events that come in, and what is expected of the routes.

import { z } from "zod"
import { oneOrMore } from "../../config/index.js"

const anyMap = () => z.record(z.string(), z.unknown())

export const givenSchema = z.strictObject({
  from: z.string().min(1).describe("The source that the event comes from."),
  event: anyMap().describe(
    "The event as CloudEvents has it in JSON. Only `type` is required. By default `source` is `/test`, `id` is `1`, `2` and so on, `time` is 2026-01-01T00:00:00Z, and `datacontenttype` is `application/json`, or `text/plain` if `data` is text.",
  ),
  sender: z.string().min(1).optional().describe("The authenticated sender. None, by default."),
})

const expectSchema = z
  .strictObject({
    routes: z
      .array(z.string())
      .optional()
      .describe("The routes that take the events: exactly these. `[]`: no route takes them."),
    sinks: z
      .record(
        z.string(),
        z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(anyMap())),
      )
      .optional()
      .describe(
        "What each sink gets, in order: exactly these events. Sinks that are not listed get nothing. Of an event, the attributes and the members of `data` that are listed must be the same; `null` stands for one that is not there. `{}` is any event.",
      ),
    dead: z
      .array(z.string())
      .optional()
      .describe(
        "The sinks that get a dead letter instead of an event, because a route cannot change it or had too many. None, by default, if `sinks` is given.",
      ),
  })
  .refine(
    ({ routes, sinks, dead }) => routes !== undefined || sinks !== undefined || dead !== undefined,
    "Expected routes, sinks or dead",
  )

export const testFileSchema = z.strictObject({
  config: z.string().min(1).prefault("relay.yaml").describe("The configuration to test, relative to this file."),
  tests: z
    .array(
      z.strictObject({
        name: z.string().min(1).describe("What is tested."),
        given: oneOrMore(givenSchema).describe("The events that come in."),
        expect: expectSchema.describe("What is expected."),
      }),
    )
    .min(1)
    .describe("The tests."),
})

export type Given = z.infer<typeof givenSchema>
export type Expected = z.infer<typeof expectSchema>
export type TestFile = z.infer<typeof testFileSchema>
