// The source `timer`: an event at regular times.

import { clearInterval, setInterval } from "node:timers"
import { z } from "zod"
import { duration } from "../../config/index.js"
import { createEvent, encode } from "../../events/index.js"
import { type Source, type SourceContext, sourceKind } from "../components.js"

const schema = z.strictObject({
  every: duration()
    .refine((milliseconds) => milliseconds >= 10 && milliseconds < 2 ** 31, "Expected 10ms to 24d")
    .describe("The time between two events."),
  eventType: z.string().min(1).prefault("timer.fired").describe("The type of the events."),
})
type Config = z.infer<typeof schema>

class TimerSource implements Source {
  readonly #config: Config
  readonly #context: SourceContext
  readonly #stopping = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #count = 0
  #storing: Promise<unknown> | undefined

  constructor(config: Config, context: SourceContext) {
    this.#config = config
    this.#context = context
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => this.#fire(), this.#config.every)
  }

  #fire(): void {
    if (this.#storing) {
      this.#context.refuse("busy")
      return
    }
    const data = { count: ++this.#count }
    const event = createEvent({ source: `/timer/${this.#context.name}`, type: this.#config.eventType, data })
    this.#storing = this.#context
      .intake([{ event, frames: encode(event) }], { canRefuse: true, signal: this.#stopping.signal })
      .catch((error: Error) => this.#context.refuse("store", { message: error.message }))
      .finally(() => {
        this.#storing = undefined
      })
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#stopping.abort()
    await this.#storing
  }
}

export const timerSource = sourceKind<Config>({ schema, create: (config, context) => new TimerSource(config, context) })
