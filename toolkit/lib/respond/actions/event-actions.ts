// The actions `webhook` and `publish`: an event that asks another program for the response. The relay's sinks send it.

import { setTimeout } from "node:timers/promises"
import { z } from "zod"
import { AnySignal, duration, secret } from "../../config/index.js"
import { createEvent, type EventInit, encode } from "../../events/index.js"
import type { ComponentContext, Retry, Sink, SinkKind } from "../../relay/components.js"
import { backoff } from "../../relay/delivery/delivery.js"
import { httpOptions } from "../../relay/http/client.js"
import { webhookSink } from "../../relay/sinks/webhook.js"
import { zmqSink } from "../../relay/sinks/zmq.js"
import { securitySchema, zmqOptions } from "../../relay/zmq-options.js"
import { actionKind, type Order, type Result, type Runner } from "./action.js"

const event = z
  .string()
  .regex(/^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*$/, 'Expected a type such as "response.requested"')
  .prefault("response.requested")
  .describe(
    "The type of the event. Its data has the response's `id`, `rule`, `action`, `run` (`action` or `undo`) and `parameters`.",
  )

const webhookSchema = z.strictObject({
  url: httpOptions.url.describe("Where to POST the event, as CloudEvents has it in JSON. It cannot have parameters."),
  secret: secret()
    .optional()
    .describe("Signs by [Standard Webhooks](https://www.standardwebhooks.com). Unsigned, by default."),
  event,
  ca: httpOptions.ca,
  insecure: httpOptions.insecure,
})

const publishSchema = z.strictObject({
  socket: z.enum(["pub", "push"]).describe("The type of the socket."),
  event,
  ...zmqOptions,
  security: securitySchema.optional().describe("CURVE. See `ohmq keys certificate`."),
})

/** How long to wait before it is sent again. In milliseconds. */
interface Waits {
  readonly retryMin: number
  readonly retryMax: number
}

/** Sends an event for each order. */
class EventRunner implements Runner {
  readonly #type: string
  readonly #sink: Sink
  readonly #waits: Waits | undefined

  /** @param waits Sends it again while the other side fails for now. Without, it is sent once. */
  constructor(type: string, sink: Sink, waits?: Waits) {
    this.#type = type
    this.#sink = sink
    this.#waits = waits
  }

  start(): Promise<void> {
    return this.#sink.start()
  }

  async run(order: Order, timeout: number, stopped: AbortSignal): Promise<Result> {
    const { id, run } = order
    stopped.throwIfAborted()
    const init: EventInit = {
      id: run === "undo" ? `${id}-undo` : id,
      source: "/respond",
      type: this.#type,
      data: { ...order },
    }
    const ends = performance.now() + timeout
    const late = AbortSignal.timeout(timeout)
    using ending = new AnySignal([stopped, late])
    const sent = { source: "respond", position: 0, time: Date.now(), frames: encode(createEvent(init)) }
    for (let attempt = 1; ; attempt++) {
      const [outcome = { retry: "No outcome" }] = await this.#sink.deliver([sent], ending.signal)
      if (outcome === "done") return { outcome: "done" }
      if (late.aborted) return { outcome: "timed out", reason: `There was no answer within ${timeout / 1000} s` }
      if (stopped.aborted) return { outcome: "ambiguous", reason: "The responder ended first" }
      if ("refused" in outcome) return { outcome: "failed", reason: outcome.refused }
      const wait = this.#waitAfter(attempt, outcome)
      const last = lastWords(outcome, attempt, wait, ends - performance.now())
      // The other side may have done it before it failed.
      if (last !== undefined) return { outcome: "failed", reason: last, isPartial: true }
      await setTimeout(wait, undefined, { signal: stopped }).catch(() => {})
      if (stopped.aborted) return { outcome: "ambiguous", reason: "The responder ended first" }
    }
  }

  #waitAfter(attempt: number, { afterMs = 0 }: Retry): number {
    return this.#waits === undefined ? Number.POSITIVE_INFINITY : Math.max(afterMs, backoff(attempt - 1, this.#waits))
  }

  stop(): Promise<void> {
    return this.#sink.stop()
  }
}

/** Why it is not sent again, if the time that is left does not suffice. In milliseconds. */
function lastWords({ retry, afterMs }: Retry, attempts: number, wait: number, left: number): string | undefined {
  if (wait < left) return undefined
  const count = attempts === 1 ? "" : ` (${attempts} attempts)`
  const asked =
    afterMs !== undefined && afterMs >= left
      ? `. It wants to be asked again in ${afterMs / 1000} s, which is too late`
      : ""
  return `${retry}${count}${asked}`
}

/** The sink with some options. It sends events by itself, so that it is no outlet. */
const sinkOf = async (kind: SinkKind, config: unknown, context: ComponentContext): Promise<Sink> =>
  (await kind.create(config, context)) as Sink

/** The time limit is the responder's, so that it is known what has run into it. */
const longest = 2 ** 31 - 1

const webhookConfig = ({ event: _, ...config }: z.infer<typeof webhookSchema>) => ({
  ...config,
  timeout: longest,
  compression: "none",
  concurrency: 64,
})

/** People wait for it: it is not long until what works again is asked again. */
const webhookWaits: Waits = { retryMin: 500, retryMax: 10_000 }

export const webhookAction = actionKind<z.infer<typeof webhookSchema>>({
  schema: webhookSchema,
  check: (config, _, isHere) =>
    isHere ? webhookSink.check?.(webhookConfig(config), { isOn: false, hasPage: false }) : undefined,
  describe: ({ url, event }) => ["POST", url, event],
  create: async (config, context) =>
    new EventRunner(config.event, await sinkOf(webhookSink, webhookConfig(config), context), webhookWaits),
})

const zmqConfig = ({ event: _, ...config }: z.infer<typeof publishSchema>) => ({
  ...config,
  linger: duration().parse("5s"),
})

export const publishAction = actionKind<z.infer<typeof publishSchema>>({
  schema: publishSchema,
  check: (config) => zmqSink.check?.(zmqConfig(config), { isOn: false, hasPage: false }),
  describe: ({ socket, event }) => [socket, event],
  create: async (config, context) => new EventRunner(config.event, await sinkOf(zmqSink, zmqConfig(config), context)),
})
