// The sink `webhook`: a signed POST for each event, with the event as JSON.

import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { Agent, request } from "undici"
import { z } from "zod"
import { duration, secret } from "../../config/index.js"
import { decode } from "../../events/index.js"
import { type Outcome, type Outgoing, type Sink, sinkKind } from "../components.js"
import { eventJson } from "../event-lines.js"
import { messageId, standardKey, standardSignature } from "../signatures.js"
import { traceContext } from "../tracing.js"

const schema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'Expected a URL such as "https://example.com/hook"' })
    .describe("Where to POST, one event a request."),
  secret: secret()
    .optional()
    .describe(
      "Signs by [Standard Webhooks](https://www.standardwebhooks.com): `whsec_` and Base64 of 24 to 64 bytes. Unsigned, by default.",
    ),
  timeout: duration().prefault("15s").describe("How long an answer may take."),
  compression: z.enum(["none", "gzip"]).prefault("none").describe("How bodies are compressed."),
  concurrency: z
    .int()
    .min(1)
    .max(256)
    .prefault(1)
    .describe("How many requests may be under way. With one, events arrive in order; with more, in any order."),
  insecure: z.boolean().prefault(false).describe("Whether `http:` may leave this machine."),
})
type Config = z.infer<typeof schema>

const compress = promisify(gzip)

const unlimited = { bytes: Number.POSITIVE_INFINITY, levels: Number.POSITIVE_INFINITY, trustSender: true }

/** Answers about this event, and not about the sink: the event would get them again. */
const permanent = new Set([400, 405, 406, 409, 411, 413, 414, 415, 422, 431])

/** The wait that `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3). At most an hour. */
export function retryAfter(value: string | string[] | undefined, now: number): number | undefined {
  if (typeof value !== "string") return undefined
  const wait = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), 3600e3) : undefined
}

class WebhookSink implements Sink {
  readonly #config: Config
  readonly #key: Uint8Array | undefined
  #agent: Agent | undefined

  constructor(config: Config) {
    this.#config = config
    this.#key = config.secret && standardKey(config.secret.reveal())
  }

  async start(): Promise<void> {
    const { timeout, concurrency: connections } = this.#config
    this.#agent = new Agent({ connections, connect: { timeout }, headersTimeout: timeout, bodyTimeout: timeout })
  }

  /** With a concurrency of one, one after the other, so that they arrive in order. After one that is to be tried again, none is begun. */
  async deliver(batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    let failure: Outcome | undefined
    let next = 0
    const sender = async () => {
      while (next < batch.length && failure === undefined) {
        const index = next++
        const outcome = await this.#send(batch[index] as Outgoing, signal)
        outcomes[index] = outcome
        if (outcome !== "done" && "retry" in outcome) failure = outcome
      }
    }
    await Promise.all(Array.from({ length: Math.min(this.#config.concurrency, batch.length) }, sender))
    return Array.from(batch, (_, index) => outcomes[index] ?? failure ?? { retry: "It was not sent" })
  }

  async #send(outgoing: Outgoing, stopped: AbortSignal): Promise<Outcome> {
    const { url, timeout, compression } = this.#config
    const body = eventJson(outgoing)
    const { source, id, traceparent, tracestate } = decode(outgoing.frames, unlimited)
    const message = messageId(source, id)
    const timestamp = String(Math.floor(Date.now() / 1000))
    const headers: Record<string, string> = {
      "content-type": "application/cloudevents+json",
      "user-agent": "ohmq-relay",
      "webhook-id": message,
      "webhook-timestamp": timestamp,
    }
    Object.assign(headers, outgoing.trace ?? traceContext(traceparent, tracestate))
    if (compression === "gzip") headers["content-encoding"] = "gzip"
    // Of what the receiver's code sees: servers decompress bodies before they hand them over.
    if (this.#key) headers["webhook-signature"] = `v1,${standardSignature(this.#key, message, timestamp, body)}`
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(timeout)])
    try {
      if (this.#agent === undefined) throw new Error("The sink is not started")
      const sent = compression === "gzip" ? await compress(body) : body
      const answer = await request(url, { method: "POST", headers, body: sent, signal, dispatcher: this.#agent })
      const status = answer.statusCode
      if (status >= 200 && status < 300) {
        await answer.body.dump()
        return "done"
      }
      const text = (await answer.body.text()).slice(0, 500).trim()
      const reason = `The server answered ${status}${text === "" ? "" : `: ${text}`}`
      if (permanent.has(status)) return { refused: reason }
      const afterMs = retryAfter(answer.headers["retry-after"], Date.now())
      return { retry: reason, ...(afterMs !== undefined && { afterMs }) }
    } catch (error) {
      const { message: why, code } = error as Error & { code?: string }
      return { retry: why || code || "The request failed" }
    }
  }

  async stop(): Promise<void> {
    await this.#agent?.destroy()
  }
}

const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/

export const webhookSink = sinkKind<Config>({
  schema,
  check: ({ url, insecure, secret: signing }) => {
    const { protocol, hostname } = new URL(url)
    if (protocol === "http:" && !insecure && !loopback.test(hostname))
      return [["url"], "http: is not encrypted. Use https:, or set insecure: true"]
    if (signing && standardKey(signing.reveal()) === undefined)
      return [["secret"], "A secret of Standard Webhooks is whsec_ and the Base64 of 24 to 64 bytes"]
    return undefined
  },
  create: (config) => new WebhookSink(config),
})
