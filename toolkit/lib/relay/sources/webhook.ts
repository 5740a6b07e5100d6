// The source `webhook`: signed HTTP requests. The answer 202 says that the event is on disk.

import { Buffer } from "node:buffer"
import { acceptJson, createEvent, EventError, encode } from "../../events/index.js"
import { StoreError } from "../../store/index.js"
import { type Incoming, type Source, type SourceContext, sourceKind } from "../components.js"
import type { HttpAnswer, HttpRequest } from "../http.js"
import { standardKey } from "../signatures.js"
import { type Config, schema, text } from "./webhook-options.js"
import { presets, type Verified, type Verify } from "./webhook-presets.js"

/** The envelope is beside the body. */
const envelopeBytes = 64 << 10

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: `${JSON.stringify(body)}\n`,
})

class WebhookSource implements Source {
  readonly #config: Config
  readonly #context: SourceContext
  readonly #verify: Verify
  #underWay = new Set<Promise<unknown>>()

  constructor(config: Config, context: SourceContext) {
    this.#config = config
    this.#context = context
    this.#verify = presets[config.preset](config)
  }

  async start(): Promise<void> {
    const { path, maxBytes } = this.#config
    this.#context.http.mount(path, {
      maxBytes,
      handle: (request) => {
        const handled = this.#handle(request)
        this.#underWay.add(handled)
        return handled.finally(() => this.#underWay.delete(handled))
      },
    })
  }

  async #handle(request: HttpRequest): Promise<HttpAnswer> {
    const verified = this.#verify(request, Date.now())
    if ("reason" in verified) {
      this.#context.refuse(verified.reason)
      return answer(verified.status, { error: verified.message })
    }
    let incoming: Incoming
    try {
      incoming = this.#incoming(request, verified)
    } catch (error) {
      if (!(error instanceof EventError)) throw error
      this.#context.refuse(error.code)
      return answer(error.code === "too-large" ? 413 : 400, { error: error.message })
    }
    try {
      const { stored, duplicates } = await this.#context.intake([incoming], { canRefuse: true })
      return answer(202, { stored, duplicates })
    } catch (error) {
      const isFull = error instanceof StoreError && error.code === "FULL"
      if (!isFull) this.#context.log.error({ reason: (error as Error).message }, "An event could not be stored")
      // Never 429: Alertmanager drops what is answered so.
      return answer(
        503,
        { error: isFull ? "The store is full" : "The event could not be stored" },
        { "retry-after": "10" },
      )
    }
  }

  #incoming({ headers, body }: HttpRequest, { delivery, typeOf, sourceOf }: Verified): Incoming {
    const contentType = text(headers["content-type"])?.split(";", 1)[0]?.trim().toLowerCase() ?? "application/json"
    const limits = { bytes: this.#config.maxBytes + envelopeBytes }
    const isJson = contentType === "application/json" || contentType.endsWith("+json")
    let json: unknown
    if (isJson) {
      try {
        json = JSON.parse(body.toString("utf8"))
      } catch {
        throw new EventError("not-json", "The body is not valid JSON")
      }
    } else if (this.#config.preset === "github") {
      throw new EventError("data-invalid", "Set the content type of the hook to application/json")
    }
    const attributes = {
      ...(delivery !== undefined && { id: delivery }),
      source: sourceOf(json) ?? `/webhook/${this.#context.name}`,
      type: typeOf(json),
      datacontenttype: contentType,
      ...(text(headers.traceparent) !== undefined && { traceparent: text(headers.traceparent) as string }),
    }
    const extra = delivery === undefined ? {} : { delivery }
    if (isJson) return { ...acceptJson(createEvent(attributes, limits), body, limits), ...extra }
    const event = createEvent({ ...attributes, data: Buffer.from(body) }, limits)
    return { event, frames: encode(event, limits), ...extra }
  }

  async stop(): Promise<void> {
    this.#context.http.unmount(this.#config.path)
    await Promise.allSettled(this.#underWay)
  }
}

export const webhookSource = sourceKind<Config>({
  schema,
  check: ({ preset, secret }, http) => {
    if (!http.isOn) return [[], 'A webhook needs the HTTP server. Add at the top: http: { listen: "127.0.0.1:8080" }']
    if (preset === "standard-webhooks" && secret.some((one) => standardKey(one.reveal()) === undefined))
      return [["secret"], "A secret of Standard Webhooks is whsec_ and the Base64 of 24 to 64 bytes"]
    return undefined
  },
  claims: ({ path }) => [`the path ${path}`],
  create: (config, context) => new WebhookSource(config, context),
})
