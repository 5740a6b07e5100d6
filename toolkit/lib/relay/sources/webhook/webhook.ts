// The source `webhook`: signed HTTP requests. The answer 202 says that the event is on disk.

import { Buffer } from "node:buffer"
import { setMaxListeners } from "node:events"
import { acceptJson, createEvent, EventError, encode } from "../../../events/index.js"
import { StoreError } from "../../../store/index.js"
import { type Incoming, type Source, type SourceContext, sourceKind } from "../../components.js"
import type { HttpAnswer, HttpRequest } from "../../http/paths.js"
import { standardKey } from "../../http/signatures.js"
import { contextOf, endSpan, isTracing, startSpan, traceContext } from "../../observation/tracing.js"
import { Mapping, mapProblem } from "./mapping.js"
import { type Config, schema } from "./options.js"
import { presets } from "./presets/index.js"
import { type Denied, type Draft, headerOf, type Preset } from "./presets/preset.js"

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
  readonly #preset: Preset
  readonly #mapping: Mapping | undefined
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #stopping = new AbortController()

  constructor(config: Config, context: SourceContext) {
    this.#config = config
    this.#context = context
    this.#preset = presets[config.preset](config)
    this.#mapping = config.map && new Mapping(config.map)
    // Any number of requests may wait for room.
    setMaxListeners(0, this.#stopping.signal)
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
    const problem = this.#preset.verify(request, Date.now())
    if (problem) return this.#deny(problem, request)
    let taken: Incoming[] | Denied
    try {
      taken = this.#read(request)
    } catch (error) {
      if (!(error instanceof EventError)) throw error
      this.#context.refuse(error.code, { address: request.address })
      return answer(error.code === "too-large" ? 413 : 400, { error: error.message })
    }
    if (!Array.isArray(taken)) return this.#deny(taken, request)
    try {
      const { stored, duplicates } = await this.#context.intake(taken, {
        canRefuse: true,
        signal: this.#stopping.signal,
      })
      return answer(202, { stored, duplicates })
    } catch (error) {
      const isFull = error instanceof StoreError && error.code === "FULL"
      // Never 429: Alertmanager drops what is answered so.
      return answer(
        503,
        { error: isFull ? "The store is full" : "The event could not be stored" },
        { "retry-after": "10" },
      )
    }
  }

  #deny({ status, reason, message }: Denied, { address }: HttpRequest): HttpAnswer {
    this.#context.refuse(reason, { address })
    return answer(status, { error: message })
  }

  #read(request: HttpRequest): Incoming[] | Denied {
    const contentType = headerOf(request, "content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "application/json"
    const isJson = contentType === "application/json" || contentType.endsWith("+json")
    if (!isJson && this.#preset.isJson)
      throw new EventError("data-invalid", "Set the content type of the hook to application/json")
    let json: unknown
    try {
      if (isJson) json = JSON.parse(request.body.toString("utf8"))
    } catch {
      throw new EventError("not-json", "The body is not valid JSON")
    }
    const drafts = this.#preset.read(request, json)
    if ("reason" in drafts) return drafts
    const { events, omitted } = drafts
    if (omitted !== undefined) this.#context.refuse("omitted", { omitted }, omitted)
    return events.map((draft) => {
      const mapped = this.#mapping?.apply(draft, request, json) ?? draft
      return this.#incoming(request, mapped, contentType, isJson)
    })
  }

  #incoming(request: HttpRequest, draft: Draft, datacontenttype: string, isJson: boolean): Incoming {
    const { delivery, data, type, source = `/webhook/${this.#context.name}`, ...others } = draft
    const limits = { bytes: this.#config.maxBytes + envelopeBytes }
    const received = traceContext(request.headers.traceparent, request.headers.tracestate)
    const span = isTracing() ? startSpan("receive", this.#context.name, received) : undefined
    const given = { ...others, id: delivery, ...((span && contextOf(span)) ?? received) }
    const attributes = {
      type,
      source,
      datacontenttype,
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    }
    const extra = { ...(delivery !== undefined && { delivery }), ...(span && { span }) }
    try {
      if (isJson && data === undefined)
        return { ...acceptJson(createEvent(attributes, limits), request.body, limits), ...extra }
      const event = createEvent({ ...attributes, data: data ?? Buffer.from(request.body) }, limits)
      return { event, frames: encode(event, limits), ...extra }
    } catch (error) {
      if (span) endSpan(span, { type, source }, (error as Error).message)
      throw error
    }
  }

  async stop(): Promise<void> {
    this.#context.http.unmount(this.#config.path)
    // What waits for room is answered 503: its sender comes again.
    this.#stopping.abort()
    await Promise.allSettled(this.#underWay)
  }
}

export const webhookSource = sourceKind<Config>({
  schema,
  check: ({ path, preset, secret, map }, http) => {
    if (!http.isOn) return [[], 'A webhook needs the HTTP server. Add at the top: http: { listen: "127.0.0.1:8080" }']
    if (http.hasPage && path.startsWith("/status/"))
      return [["path"], "Paths that begin with /status/ belong to the status page. Take another one"]
    if (preset === "standard-webhooks" && secret.some((one) => standardKey(one.reveal()) === undefined))
      return [["secret"], "A secret of Standard Webhooks is whsec_ and the Base64 of 24 to 64 bytes"]
    if (map === undefined) return undefined
    if (!["hmac", "token", "standard-webhooks"].includes(preset))
      return [["map"], `The preset ${preset} has a mapping of its own. map is for hmac, token and standard-webhooks`]
    return mapProblem(map)
  },
  claims: ({ path }) => [`the path ${path}`],
  create: (config, context) => new WebhookSource(config, context),
})
