// The sink `jetstream`: events to a stream of NATS JetStream. An event is delivered when the stream has acknowledged it.

import { sinkKind } from "../../components.js"
import { natsProblem } from "../../nats/options.js"
import { type Config, schema } from "./options.js"

export const jetstreamSink = sinkKind<Config>({
  schema,
  check: natsProblem,
  create: async (config, context) => {
    // The client of NATS is loaded only by relays that have such a sink.
    const { JetStreamPublisher } = await import("./publisher.js")
    return new JetStreamPublisher(config, context)
  },
})
