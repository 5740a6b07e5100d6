// The sink `gate`: decisions that came by other sources, such as a webhook, to a gate of this relay.

import { z } from "zod"
import { eventTypes } from "../../events/index.js"
import { readDecision } from "../../gate/index.js"
import { type ComponentContext, type Outcome, type Outgoing, type Sink, sinkKind } from "../components.js"
import { storedEvent } from "../formats/stored-event.js"

const schema = z.strictObject({
  gate: z
    .string()
    .min(1)
    .describe(
      "The name of the source `gate`. Whatever a route brings here decides, so name in `from` only sources that know who sends.",
    ),
})
type Config = z.infer<typeof schema>

class GateSink implements Sink {
  readonly #gate: string
  readonly #context: ComponentContext

  constructor({ gate }: Config, context: ComponentContext) {
    this.#gate = gate
    this.#context = context
  }

  async start(): Promise<void> {}

  async deliver(batch: readonly Outgoing[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    for (const outgoing of batch) outcomes.push(await this.#decide(outgoing))
    return outcomes
  }

  async #decide({ frames, sender }: Outgoing): Promise<Outcome> {
    const gate = this.#context.gates.find(this.#gate)
    if (gate === undefined) return { retry: `The source ${this.#gate} does not run` }
    const event = storedEvent(frames)
    if (event.type !== eventTypes.gateDecided)
      return { refused: `Expected ${eventTypes.gateDecided}, but received ${event.type}` }
    try {
      const decision = readDecision(event)
      const verdict = await gate.decide(decision, sender ?? decision.by ?? event.source)
      if (verdict === "done") return "done"
      return verdict === "busy" ? { retry: "Another decision is being stored" } : { refused: verdict.reason }
    } catch (error) {
      return "code" in (error as Error) && (error as { code: string }).code === "data-invalid"
        ? { refused: (error as Error).message }
        : { retry: (error as Error).message }
    }
  }

  async stop(): Promise<void> {}
}

export const gateSink = sinkKind<Config>({
  schema,
  source: ({ gate }) => ({ option: "gate", name: gate, type: "gate" }),
  create: (config, context) => new GateSink(config, context),
})
