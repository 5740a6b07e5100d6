// The sink `zmq`: events to the peers of a PUB or PUSH socket. What the socket has taken counts as delivered.

import { Publisher, Push } from "ohmq"
import { z } from "zod"
import { duration } from "../../config/index.js"
import { withSender } from "../../events/index.js"
import { type ComponentContext, type Outcome, type Outgoing, type Sink, sinkKind } from "../components.js"
import { openZmq, securitySchema, zmqCheck, zmqClaims, zmqOptions } from "../zmq-options.js"

const schema = z.strictObject({
  socket: z.enum(["pub", "push"]).describe("The type of the socket."),
  ...zmqOptions,
  linger: duration().prefault("5s").describe("How long messages that were sent may take to leave when the sink stops."),
  security: securitySchema.optional().describe("CURVE. See `ohmq keys certificate`."),
})
type Config = z.infer<typeof schema>

class ZmqSink implements Sink {
  readonly #config: Config
  readonly #context: ComponentContext
  #socket: Publisher | Push | undefined
  #release: (() => Promise<void>) | undefined

  constructor(config: Config, context: ComponentContext) {
    this.#config = config
    this.#context = context
  }

  async start(): Promise<void> {
    const { socket: kind, linger } = this.#config
    const { socket, release } = await openZmq(this.#config, "sink", this.#context, (options) =>
      kind === "pub" ? new Publisher({ linger, ...options }) : new Push({ linger, ...options }),
    )
    this.#socket = socket
    this.#release = release
  }

  async deliver(batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome[]> {
    const socket = this.#socket
    if (socket === undefined) throw new Error("The socket is not open")
    const outcomes: Outcome[] = []
    try {
      for (const outgoing of batch) {
        await socket.send([...withSender(outgoing)] as Buffer[], { signal })
        outcomes.push("done")
      }
    } catch (error) {
      // Those that left are not sent again.
      while (outcomes.length < batch.length) outcomes.push({ retry: (error as Error).message })
    }
    return outcomes
  }

  async stop(): Promise<void> {
    this.#socket?.close()
    await this.#release?.()
  }
}

export const zmqSink = sinkKind<Config>({
  schema,
  check: zmqCheck,
  certificates: ({ security }) => security,
  claims: zmqClaims,
  create: (config, context) => new ZmqSink(config, context),
})
