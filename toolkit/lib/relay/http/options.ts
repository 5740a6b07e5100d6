// The options of the relay's HTTP server and of its status page.

import process from "node:process"
import { z } from "zod"
import { type ConfigDocument, isLoopback, resolveSecrets, secret } from "../../config/index.js"
import type { SiteAccess } from "../../status/index.js"

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
  people: z
    .record(
      z
        .string()
        .regex(
          /^[\p{L}\p{N}][\p{L}\p{N}._@ -]{0,63}$/u,
          "Expected a name of letters, digits and . _ @ - of at most 64 characters",
        ),
      secret(),
    )
    .optional()
    .describe(
      "Tokens of people, by their names: `{ alice: env:ALICE_TOKEN }`. Who logs in with one can also approve, and what they do is recorded with the name.",
    ),
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

/** Who may see the page. The secrets have been looked up. */
export const siteAccess = ({ token, people = {} }: HttpOptions): SiteAccess => ({
  token: token?.reveal(),
  people: Object.fromEntries(Object.entries(people).map(([name, own]) => [name, own.reveal()])),
})

function checkPage(document: ConfigDocument, http: HttpOptions, folder: string | undefined): void {
  const { listen, page, token, people } = http
  const report = (path: PropertyKey[], message: string, isKey = false) =>
    document.report(["http", ...path], message, isKey)
  if (!page && token !== undefined) report(["token"], "A token is for the status page. Set page: true, too", true)
  if (!page && people !== undefined) report(["people"], "Tokens are for the status page. Set page: true, too", true)
  if (page && token === undefined && people === undefined && !isLoopback(listen.host))
    report(["page"], `${listen.host} can be reached from other machines: the page needs a token. Set token: env:NAME`)
  if (folder !== undefined) checkTokens(document, http, folder, report)
}

type Report = (path: PropertyKey[], message: string) => void

function checkTokens(document: ConfigDocument, http: HttpOptions, folder: string, report: Report): void {
  const { token, people } = http
  const before = document.mistakes.length
  resolveSecrets({ token, people }, { folder, env: process.env }, report)
  if (document.mistakes.length > before) return
  const seen = new Map<string, string>()
  const own = Object.entries(people ?? {}).map(([name, secret]) => ({ path: ["people", name], secret }))
  for (const { path, secret } of [...(token ? [{ path: ["token"], secret: token }] : []), ...own]) {
    const text = secret.reveal()
    if (text.length < minToken)
      report(path, `The token is shorter than ${minToken} characters. Make one: openssl rand -hex 24`)
    const other = seen.get(text)
    if (other !== undefined)
      report(path, `The token is the same as that of ${other}. Make another: openssl rand -hex 24`)
    seen.set(text, path.join("."))
  }
}
