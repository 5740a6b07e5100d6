// The action `task`: a task in a queue of `ohmq tasks`, for what takes long or runs elsewhere.

import { z } from "zod"
import { oneOrMore } from "../../config/index.js"
import type { ComponentContext } from "../../relay/components.js"
import { clientSecurity, endpoint, farCheck, securitySchema } from "../../relay/zmq-options.js"
import { TaskClient, TaskError } from "../../tasks/index.js"
import { actionKind, type Order, type Result, type Runner } from "./action.js"

const schema = z.strictObject({
  connect: oneOrMore(endpoint).describe(
    "The queue, as `ohmq tasks serve` binds it, or several that serve the same tasks.",
  ),
  queue: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe("The named queue in it. The one that tasks are in by default, if it is not given."),
  security: z
    .strictObject({
      cert: securitySchema.shape.cert,
      serverKey: z.string().min(1).describe("The public certificate of the queue."),
    })
    .optional()
    .describe("CURVE. See `ohmq keys certificate`."),
  insecure: z.boolean().prefault(false).describe("Whether other machines may be talked to without CURVE."),
})
type Config = z.infer<typeof schema>

/** Submits a task for each order. */
class TaskRunner implements Runner {
  readonly #config: Config
  readonly #folder: string
  #secured: Awaited<ReturnType<typeof clientSecurity>> | undefined

  constructor(config: Config, { folder }: ComponentContext) {
    this.#config = config
    this.#folder = folder
  }

  async start(): Promise<void> {
    this.#secured = await clientSecurity(this.#config.security, this.#folder)
  }

  async run(order: Order, timeout: number, stopped: AbortSignal): Promise<Result> {
    stopped.throwIfAborted()
    const { connect, queue, insecure } = this.#config
    const { security } = this.#secured?.options ?? {}
    using client = new TaskClient({ connect, insecure, timeout, ...(security && { security }) })
    const close = () => client.close()
    stopped.addEventListener("abort", close, { once: true })
    const id = order.run === "undo" ? `${order.id}-undo` : order.id
    try {
      await client.submit([{ id, input: { ...order }, ...(queue !== undefined && { queue }) }])
      return { outcome: "done" }
    } catch (error) {
      if (stopped.aborted) return { outcome: "ambiguous", reason: "The responder ended first" }
      const isLate = error instanceof TaskError && error.code === "TIMEOUT"
      return { outcome: isLate ? "timed out" : "failed", reason: (error as Error).message }
    } finally {
      stopped.removeEventListener("abort", close)
    }
  }

  async stop(): Promise<void> {
    await this.#secured?.release()
  }
}

export const taskAction = actionKind<Config>({
  schema,
  check: ({ connect, security, insecure }) =>
    security !== undefined || insecure ? undefined : farCheck("connect", connect),
  describe: ({ connect, queue }) => ["submit", connect.join(" "), ...(queue === undefined ? [] : [queue])],
  create: (config, context) => new TaskRunner(config, context),
})
