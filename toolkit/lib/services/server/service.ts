// A service of a server: its handler, its schemas, and how much it does at a time.

import { checkSchema, type InputOf, type OutputOf, type ServiceSchemas } from "../contract.js"
import { checkNames, namesOf, readLimits, type ServiceLimits } from "../options.js"
import { ServiceError } from "../service-error.js"
import type { Call, CallContext } from "./call.js"

/** Options of `handle`: schemas and limits. */
export interface HandleOptions extends ServiceSchemas, ServiceLimits {}

/** Answers the requests of a service: with a reply, or with a stream, as an async generator. */
export type Handler<Input = unknown, Output = unknown> = (
  body: Input,
  context: CallContext,
) => Output | Promise<Output> | AsyncIterable<Output>

/** The handler that fits the schemas: it gets what `input` makes of a body, and answers what `output` takes. */
export type HandlerOf<S extends ServiceSchemas> = Handler<OutputOf<S["input"]>, InputOf<S["output"]>>

const names = namesOf<HandleOptions>({ input: true, output: true, concurrency: true, queue: true })
/** How long a caller is told to wait at least, and at most, in milliseconds. */
const [MIN_RETRY, MAX_RETRY] = [10, 60_000]

/** What a server does for its services. */
export interface Work {
  /** Handles a call. Never rejects. */
  handle(call: Call): Promise<void>
  /** A call has ended. */
  ended(): void
}

/** A service: takes calls, and handles as many of them at a time as it may. */
export class Service {
  readonly name: string
  readonly handler: Handler
  readonly input: ServiceSchemas["input"]
  readonly output: ServiceSchemas["output"]
  readonly #concurrency: number
  readonly #limit: number
  readonly #queue = new Set<Call>()
  readonly #handle: Work["handle"]
  readonly #ended: Work["ended"]
  #running = 0
  /** How long a call takes, in milliseconds: a moving average. */
  #average = 0

  /** @param defaults Limits that hold if `options` has none. */
  constructor(name: string, options: HandleOptions, defaults: ServiceLimits, handler: Handler, work: Work) {
    checkNames(options, names)
    checkSchema(options.input, "input")
    checkSchema(options.output, "output")
    if (typeof handler !== "function") throw new TypeError(`Expected the handler of "${name}" to be a function`)
    this.name = name
    this.handler = handler
    this.input = options.input
    this.output = options.output
    const { concurrency, queue } = readLimits(options, defaults)
    this.#concurrency = concurrency
    this.#limit = queue
    this.#handle = work.handle
    this.#ended = work.ended
  }

  /** How many calls are handled. */
  get running(): number {
    return this.#running
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Handles a call, now or later. Throws if too many wait. */
  take(call: Call): void {
    if (this.#running < this.#concurrency) this.#run(call)
    else if (this.#queue.size < this.#limit) this.#queue.add(call)
    else {
      const expected = (this.#average * (this.#queue.size + 1)) / this.#concurrency
      throw new ServiceError(
        "BUSY",
        `"${this.name}" is busy: ${this.#running} requests are handled, ${this.#queue.size} wait`,
        {
          retryAfter: Math.ceil(Math.min(Math.max(expected, MIN_RETRY), MAX_RETRY)),
          notBegun: true,
        },
      )
    }
  }

  /** Takes a call out of the queue. */
  forget(call: Call): boolean {
    return this.#queue.delete(call)
  }

  async #run(call: Call): Promise<void> {
    this.#running++
    const since = performance.now()
    await this.#handle(call)
    this.#average += (performance.now() - since - this.#average) / 16
    this.#running--
    for (const next of this.#queue) {
      this.#queue.delete(next)
      this.#run(next)
      break
    }
    this.#ended()
  }
}
