// The options of a store that several processes share through JetStream.

import process from "node:process"
import { z } from "zod"
import { duration, resolveSecrets } from "../../config/index.js"
import { natsOptions, natsProblem, streamName } from "./options.js"

export const sharedSchema = z.strictObject({
  stream: streamName().describe("The stream that the relays share. It is created if it is not there."),
  replicas: z
    .union([z.literal(1), z.literal(3), z.literal(5)], "Expected 1, 3 or 5")
    .prefault(3)
    .describe("How many servers have the stream."),
  name: z.string().min(1).max(255).optional().describe("What this relay is called. The name of the host, by default."),
  history: duration()
    .prefault("1d")
    .describe("How long the stream keeps what all sinks have, so that a relay that was away can catch up."),
  ...natsOptions,
})
export type SharedConfig = z.infer<typeof sharedSchema>

/** Looks up the secrets, and reports what the schema cannot express. */
export function checkShared(
  options: SharedConfig,
  folder: string,
  report: (path: PropertyKey[], message: string) => void,
): void {
  let isComplete = true
  resolveSecrets(options, { folder, env: process.env }, (path, message) => {
    isComplete = false
    report(path, message)
  })
  const problem = isComplete ? natsProblem(options) : undefined
  if (problem) report(...problem)
}
