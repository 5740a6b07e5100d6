// The options of the source `webhook`.

import { z } from "zod"
import { duration, secrets, size } from "../../../config/index.js"
import { maxBodyBytes } from "../../http/paths.js"
import { mapSchema } from "./map-options.js"

export const schema = z.strictObject({
  preset: z
    .enum([
      "alertmanager",
      "checkmarx",
      "crowdsec",
      "github",
      "gitlab",
      "hmac",
      "jenkins",
      "sonarqube",
      "standard-webhooks",
      "token",
    ])
    .describe("Who sends: how it proves that, and what its events are called."),
  path: z
    .string()
    .regex(/^\/[\w./-]*$/, 'Expected a path such as "/github"')
    .describe("The path of the URL that the sender is given."),
  secret: secrets().describe("What the sender signs with. A list while one secret replaces another."),
  maxBytes: size()
    .refine((bytes) => bytes <= maxBodyBytes, `Expected at most ${maxBodyBytes / 2 ** 20}MiB`)
    .prefault("1MiB")
    .describe("The largest body, at most 32 MiB. GitHub sends up to 25 MB."),
  window: duration()
    .prefault("5m")
    .describe("How old a message may be (`standard-webhooks`, and `gitlab` with a signing token)."),
  header: z
    .string()
    .min(1)
    .optional()
    .describe("The header of the signature (`hmac`: `X-Signature-256`) or of the secret (`token`: `Authorization`)."),
  prefix: z.string().prefault("sha256=").describe("What stands before the signature (`hmac`)."),
  encoding: z.enum(["hex", "base64"]).prefault("hex").describe("How the signature is written (`hmac`)."),
  idHeader: z
    .string()
    .min(1)
    .optional()
    .describe("The header that identifies a delivery (`hmac`, `token`). Without it, a repetition is a new event."),
  eventType: z
    .string()
    .min(1)
    .prefault("webhook.received")
    .describe("The type of the events, where the sender names none."),
  map: mapSchema
    .optional()
    .describe(
      "Attributes by [CEL](https://cel.dev) expressions: `data` is the body, `attributes.headers` the headers, in lower case (`hmac`, `token`, `standard-webhooks`).",
    ),
})
export type Config = z.infer<typeof schema>
