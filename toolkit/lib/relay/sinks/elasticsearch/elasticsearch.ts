// The sink `elasticsearch`: events to an index or data stream of Elasticsearch or OpenSearch, by bulk requests.

import { Buffer } from "node:buffer"
import { type ComponentContext, type Outcome, type Outgoing, type Sink, sinkKind } from "../../components.js"
import { chunkOf } from "../../delivery/chunks.js"
import { HttpClient, httpCheck } from "../../http/client.js"
import { readAnswer, type Verdict } from "./bulk-answer.js"
import { bulkLines } from "./document.js"
import { type Config, schema } from "./options.js"

/** Only what is read of an answer. */
const filter = "items.*.status,items.*.error.type,items.*.error.reason"

function authorization({ apiKey, username, password }: Config): Record<string, string> {
  if (apiKey) return { authorization: `ApiKey ${apiKey.reveal()}` }
  if (username === undefined || password === undefined) return {}
  return { authorization: `Basic ${Buffer.from(`${username}:${password.reveal()}`).toString("base64")}` }
}

class ElasticsearchSink implements Sink {
  readonly #config: Config
  readonly #folder: string
  readonly #url: string
  #client: HttpClient | undefined

  constructor(config: Config, { folder }: ComponentContext) {
    this.#config = config
    this.#folder = folder
    const { url, dataStream, index, pipeline } = config
    const target = encodeURIComponent(dataStream ?? index ?? "")
    const query = new URLSearchParams({ filter_path: filter, ...(pipeline !== undefined && { pipeline }) })
    this.#url = `${url.replace(/\/+$/, "")}/${target}/_bulk?${query.toString()}`
  }

  async start(): Promise<void> {
    this.#client = await HttpClient.open(this.#config, this.#folder, {
      ...authorization(this.#config),
      "content-type": "application/x-ndjson",
    })
  }

  async deliver(batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome[]> {
    const items = batch.map(bulkLines)
    const outcomes: Outcome[] = []
    let most = Number.POSITIVE_INFINITY
    while (outcomes.length < items.length) {
      const chunk = chunkOf(items, outcomes.length, most, this.#config.maxBytes)
      const verdict = await this.#post(chunk, signal)
      if (verdict === "split") {
        if (chunk.length > 1) most = Math.ceil(chunk.length / 2)
        else outcomes.push({ refused: "Elasticsearch answered 413: the event is too large" })
      } else if (Array.isArray(verdict)) {
        outcomes.push(...(verdict as Outcome[]))
        most = Number.POSITIVE_INFINITY
      } else while (outcomes.length < items.length) outcomes.push(verdict as Outcome)
    }
    return outcomes
  }

  async #post(chunk: readonly Buffer[], signal: AbortSignal): Promise<Verdict> {
    if (this.#client === undefined) throw new Error("The sink is not started")
    try {
      const answer = await this.#client.send("POST", this.#url, signal, { body: Buffer.concat(chunk) })
      return readAnswer(answer, chunk.length)
    } catch (error) {
      return { retry: (error as Error).message }
    }
  }

  async stop(): Promise<void> {
    await this.#client?.close()
  }
}

export const elasticsearchSink = sinkKind<Config>({
  schema,
  check: (config) => {
    const { dataStream, index, apiKey, username, password } = config
    if ((dataStream === undefined) === (index === undefined)) return [[], "Expected either dataStream or index"]
    if (apiKey !== undefined && username !== undefined) return [["apiKey"], "Expected either apiKey or username"]
    if ((username === undefined) !== (password === undefined))
      return [[], "username and password belong together: one of them is missing"]
    return httpCheck(config)
  },
  create: (config, context) => new ElasticsearchSink(config, context),
})
