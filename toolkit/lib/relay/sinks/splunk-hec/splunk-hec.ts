// The sink `splunk-hec`: events to Splunk's HTTP Event Collector.

import { Buffer } from "node:buffer"
import { type ComponentContext, type Outcome, type Outgoing, type Sink, sinkKind } from "../../components.js"
import { chunkOf } from "../../delivery/chunks.js"
import { type Answer, HttpClient, httpCheck } from "../../http/client.js"
import { Acknowledgements } from "./acknowledgements.js"
import { envelope, line, rawQuery } from "./envelope.js"
import { type Config, schema } from "./options.js"
import { readAnswer, type Verdict } from "./verdict.js"

interface Taken {
  ackId: number
  from: number
  to: number
}

class SplunkSink implements Sink {
  readonly #config: Config
  readonly #folder: string
  readonly #acknowledgements = new Acknowledgements()
  #client: HttpClient | undefined
  #isHealthy = false

  constructor(config: Config, { folder }: ComponentContext) {
    this.#config = config
    this.#folder = folder
  }

  async start(): Promise<void> {
    const authorization = `Splunk ${this.#config.token.reveal()}`
    this.#client = await HttpClient.open(this.#config, this.#folder, { authorization })
  }

  async deliver(batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome[]> {
    const problem = await this.#checkHealth(signal)
    if (problem !== undefined) return batch.map(() => problem)
    const items = batch.map((outgoing) =>
      this.#config.endpoint === "event" ? envelope(outgoing, this.#config) : line(outgoing),
    )
    const outcomes: Outcome[] = []
    const taken: Taken[] = []
    const channel = this.#acknowledgements.channel(performance.now())
    let most = Number.POSITIVE_INFINITY
    while (outcomes.length < items.length) {
      const from = outcomes.length
      const chunk = chunkOf(items, from, most, this.#config.maxBytes)
      const verdict = await this.#post(chunk, channel, signal)
      for (let i = 0; i < verdict.taken; i++) outcomes.push("done")
      if (verdict.ackId !== undefined) taken.push({ ackId: verdict.ackId, from, to: outcomes.length })
      if (verdict.next === "done") most = Number.POSITIVE_INFINITY
      else if (verdict.next === "split" && chunk.length > 1) most = Math.ceil(chunk.length / 2)
      else if (verdict.next === "stop") {
        this.#isHealthy = false
        while (outcomes.length < items.length) outcomes.push(retry(verdict))
      } else outcomes.push({ refused: verdict.reason })
    }
    if (this.#config.ack) await this.#confirm(outcomes, taken, signal)
    return outcomes
  }

  /** Whether Splunk takes events, before the first one is sent and after it took none. */
  async #checkHealth(signal: AbortSignal): Promise<Outcome | undefined> {
    if (this.#isHealthy) return undefined
    const { status, text, retryAfter } = await this.#send("GET", "/services/collector/health", signal)
    if (status === 503 || status === 429)
      return retry({ reason: `Splunk is not healthy: ${text.slice(0, 200).trim()}`, afterMs: retryAfter })
    if (this.#config.ack) {
      // If the token does not acknowledge, Splunk would take events and never say that it has them.
      const channel = this.#acknowledgements.channel(performance.now())
      const asked = await this.#ask(channel, Buffer.from('{"acks":[]}'), signal)
      const verdict = readAnswer(asked, 0)
      if (asked.status !== 200 && verdict.isHeld) return retry(verdict)
    }
    this.#isHealthy = true
    return undefined
  }

  async #post(chunk: readonly Buffer[], channel: string, signal: AbortSignal): Promise<Verdict> {
    const { endpoint, ack } = this.#config
    const path =
      endpoint === "raw" ? `/services/collector/raw?${rawQuery(this.#config, channel)}` : "/services/collector/event"
    const headers = {
      "content-type": endpoint === "raw" ? "text/plain; charset=utf-8" : "application/json",
      ...(ack && { "x-splunk-request-channel": channel }),
    }
    try {
      const answer = await this.#send("POST", path, signal, { headers, body: Buffer.concat(chunk) })
      const verdict = readAnswer(answer, chunk.length)
      if (ack && verdict.taken > 0 && verdict.ackId === undefined)
        return { taken: 0, next: "stop", reason: "Splunk took events without a number to ask for" }
      return verdict
    } catch (error) {
      return { taken: 0, next: "stop", reason: (error as Error).message }
    }
  }

  /** Replaces `done` for events that were not indexed in time. */
  async #confirm(outcomes: Outcome[], taken: readonly Taken[], signal: AbortSignal): Promise<void> {
    const { ackInterval: interval, ackTimeout: timeout } = this.#config
    const done = await this.#acknowledgements.wait(
      taken.map(({ ackId }) => ackId),
      (channel, body) => this.#ask(channel, body, signal),
      { interval, timeout, signal },
    )
    for (const { ackId, from, to } of taken) {
      if (done.has(ackId)) continue
      outcomes.fill({ retry: `Splunk did not acknowledge events within ${timeout / 1000} s` }, from, to)
    }
  }

  #ask(channel: string, body: Buffer, signal: AbortSignal): Promise<Answer> {
    const headers = { "content-type": "application/json", "x-splunk-request-channel": channel }
    return this.#send("POST", `/services/collector/ack?channel=${channel}`, signal, { headers, body })
  }

  #send(
    method: "GET" | "POST",
    path: string,
    signal: AbortSignal,
    options: { headers?: Record<string, string>; body?: Buffer } = {},
  ): Promise<Answer> {
    if (this.#client === undefined) throw new Error("The sink is not started")
    return this.#client.send(method, new URL(path, this.#config.url).href, signal, options)
  }

  async stop(): Promise<void> {
    await this.#client?.close()
  }
}

const retry = ({ reason, isHeld, afterMs }: Pick<Verdict, "reason" | "isHeld" | "afterMs">): Outcome => ({
  retry: reason,
  ...(isHeld && { isHeld }),
  ...(afterMs !== undefined && { afterMs }),
})

export const splunkSink = sinkKind<Config>({
  schema,
  check: httpCheck,
  create: (config, context) => new SplunkSink(config, context),
})
