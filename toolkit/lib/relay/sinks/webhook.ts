// The sink `webhook`: a signed POST for each event, with the event as JSON.

import { z } from "zod"
import { duration, secret } from "../../config/index.js"
import { type ComponentContext, type Outcome, type Outgoing, type Sink, sinkKind } from "../components.js"
import { deliverEach } from "../delivery/each.js"
import { eventJson } from "../formats/event-lines.js"
import { storedEvent } from "../formats/stored-event.js"
import { HttpClient, httpCheck, httpOptions } from "../http/client.js"
import { messageId, standardKey, standardSignature } from "../http/signatures.js"
import { traceContext } from "../observation/tracing.js"

const schema = z.strictObject({
  ...httpOptions,
  url: httpOptions.url.describe("Where to POST, one event a request."),
  secret: secret()
    .optional()
    .describe(
      "Signs by [Standard Webhooks](https://www.standardwebhooks.com): `whsec_` and Base64 of 24 to 64 bytes. Unsigned, by default.",
    ),
  timeout: duration().prefault("15s").describe("How long an answer may take."),
  // Not every receiver takes compressed bodies.
  compression: z.enum(["none", "gzip"]).prefault("none").describe("How bodies are compressed."),
  concurrency: z
    .int()
    .min(1)
    .max(256)
    .prefault(1)
    .describe("How many requests may be under way. With one, events arrive in order; with more, in any order."),
})
type Config = z.infer<typeof schema>

/** Answers about this event, and not about the sink: the event would get them again. */
const permanent = new Set([400, 405, 406, 409, 411, 413, 414, 415, 422, 431])

class WebhookSink implements Sink {
  readonly #config: Config
  readonly #key: Uint8Array | undefined
  readonly #folder: string
  #client: HttpClient | undefined

  constructor(config: Config, { folder }: ComponentContext) {
    this.#config = config
    this.#folder = folder
    this.#key = config.secret && standardKey(config.secret.reveal())
  }

  async start(): Promise<void> {
    this.#client = await HttpClient.open({ ...this.#config, connections: this.#config.concurrency }, this.#folder, {
      "content-type": "application/cloudevents+json",
    })
  }

  async deliver(batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome[]> {
    const { outcomes } = await deliverEach(batch, this.#config.concurrency, (outgoing) => this.#send(outgoing, signal))
    return outcomes
  }

  async #send(outgoing: Outgoing, stopped: AbortSignal): Promise<Outcome> {
    const body = eventJson(outgoing)
    const { source, id, traceparent, tracestate } = storedEvent(outgoing.frames)
    const message = messageId(source, id)
    const timestamp = String(Math.floor(Date.now() / 1000))
    const headers: Record<string, string> = { "webhook-id": message, "webhook-timestamp": timestamp }
    Object.assign(headers, outgoing.trace ?? traceContext(traceparent, tracestate))
    // Of what the receiver's code sees: servers decompress bodies before they hand them over.
    if (this.#key) headers["webhook-signature"] = `v1,${standardSignature(this.#key, message, timestamp, body)}`
    if (this.#client === undefined) throw new Error("The sink is not started")
    try {
      const { status, text, retryAfter } = await this.#client.send("POST", this.#config.url, stopped, { headers, body })
      if (status >= 200 && status < 300) return "done"
      const said = text.slice(0, 500).trim()
      const reason = `The server answered ${status}${said === "" ? "" : `: ${said}`}`
      if (permanent.has(status)) return { refused: reason }
      return { retry: reason, ...(retryAfter !== undefined && { afterMs: retryAfter }) }
    } catch (error) {
      return { retry: (error as Error).message }
    }
  }

  async stop(): Promise<void> {
    await this.#client?.close()
  }
}

export const webhookSink = sinkKind<Config>({
  schema,
  check: (config) => {
    if (config.secret && standardKey(config.secret.reveal()) === undefined)
      return [["secret"], "A secret of Standard Webhooks is whsec_ and the Base64 of 24 to 64 bytes"]
    return httpCheck(config)
  },
  create: (config, context) => new WebhookSink(config, context),
})
