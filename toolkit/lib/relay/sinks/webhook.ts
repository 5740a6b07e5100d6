// The sink `webhook`: a signed POST for each event, with the event as JSON.

import { Agent, request } from "undici"
import { z } from "zod"
import { duration, secret } from "../../config/index.js"
import { decode } from "../../events/index.js"
import { type Outcome, type Outgoing, type Sink, sinkKind } from "../components.js"
import { eventJson } from "../event-lines.js"
import { messageId, standardKey, standardSignature } from "../signatures.js"

const schema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'Expected a URL such as "https://example.com/hook"' })
    .describe("Where to POST, one event a request, in order."),
  secret: secret()
    .optional()
    .describe(
      "Signs by [Standard Webhooks](https://www.standardwebhooks.com): `whsec_` and Base64 of 24 to 64 bytes. Unsigned, by default.",
    ),
  timeout: duration().prefault("15s").describe("How long an answer may take."),
  insecure: z.boolean().prefault(false).describe("Whether `http:` may leave this machine."),
})
type Config = z.infer<typeof schema>

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
    const { timeout } = this.#config
    this.#agent = new Agent({ connect: { timeout }, headersTimeout: timeout, bodyTimeout: timeout })
  }

  /** One after the other, so that they arrive in order. */
  async deliver(batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    for (const outgoing of batch) {
      const outcome = await this.#send(outgoing, signal)
      outcomes.push(outcome)
      if (outcome === "done" || "refused" in outcome) continue
      while (outcomes.length < batch.length) outcomes.push(outcome)
      break
    }
    return outcomes
  }

  async #send(outgoing: Outgoing, stopped: AbortSignal): Promise<Outcome> {
    const { url, timeout } = this.#config
    const body = eventJson(outgoing)
    const { source, id } = decode(outgoing.frames, unlimited)
    const message = messageId(source, id)
    const timestamp = String(Math.floor(Date.now() / 1000))
    const headers: Record<string, string> = {
      "content-type": "application/cloudevents+json",
      "user-agent": "ohmq-relay",
      "webhook-id": message,
      "webhook-timestamp": timestamp,
    }
    if (this.#key) headers["webhook-signature"] = `v1,${standardSignature(this.#key, message, timestamp, body)}`
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(timeout)])
    try {
      if (this.#agent === undefined) throw new Error("The sink is not started")
      const answer = await request(url, { method: "POST", headers, body, signal, dispatcher: this.#agent })
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
