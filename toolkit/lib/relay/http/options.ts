// The options of the relay's HTTP server and of its status page.

import process from "node:process"
import { z } from "zod"
import { type ConfigDocument, isLoopback, resolveSecrets, secret } from "../../config/index.js"

const listenExpected = 'Expected HOST:PORT, such as "127.0.0.1:8080"'

/** Shorter ones can be guessed. */
const minToken = 16

export const httpSchema = z.strictObject({
  listen: z
    .string()
    .regex(/^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+):\d{1,5}$/, listenExpected)
    .transform((text) => {
      const colon = text.lastIndexOf(":")
      return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) }
    })
    .refine(({ port }) => port <= 65_535, listenExpected)
    .describe("Where to listen for webhooks, `/healthz`, `/readyz` and `/metrics`, as `HOST:PORT`."),
  insecure: z
    .boolean()
    .prefault(false)
    .describe("Whether to listen beyond loopback, unencrypted. Better: a proxy with TLS before it."),
  maxConnections: z
    .int()
    .min(1)
    .max(100_000)
    .prefault(1000)
    .describe("At most this many connections at a time. Further ones are closed and counted."),
  page: z
    .boolean()
    .prefault(false)
    .describe(
      "Whether `/` is a [status page](status.md). Without a token, it can be opened on this machine only, by every user of it.",
    ),
  token: secret()
    .optional()
    .describe("What has to be given to see the status page: at least 16 characters. Needed to see it from elsewhere."),
})
export type HttpOptions = z.infer<typeof httpSchema>

/** Reports what is wrong with options of `http`. In a folder, the token is looked up. */
export function checkHttp(document: ConfigDocument, http: HttpOptions, folder: string | undefined): void {
  const { host } = http.listen
  if (!isLoopback(host) && !http.insecure)
    document.report(
      ["http", "listen"],
      `${host} can be reached from other machines, and HTTP is not encrypted. Put a proxy with TLS before it and listen on 127.0.0.1, or set insecure: true`,
    )
  checkPage(document, http, folder)
}

function checkPage(document: ConfigDocument, { listen, page, token }: HttpOptions, folder: string | undefined): void {
  const report = (path: PropertyKey[], message: string, isKey = false) =>
    document.report(["http", ...path], message, isKey)
  if (!page && token !== undefined) report(["token"], "A token is for the status page. Set page: true, too", true)
  if (page && token === undefined && !isLoopback(listen.host))
    report(["page"], `${listen.host} can be reached from other machines: the page needs a token. Set token: env:NAME`)
  if (token === undefined || folder === undefined) return
  const before = document.mistakes.length
  resolveSecrets({ token }, { folder, env: process.env }, report)
  if (document.mistakes.length === before && token.reveal().length < minToken)
    report(["token"], `The token is shorter than ${minToken} characters. Make one: openssl rand -hex 24`)
}
