// Publishes the events of the sink `jetstream`.

import { Buffer } from "node:buffer"
import { type JetStreamClient, jetstream } from "@nats-io/jetstream"
import { headers, type NatsConnection } from "@nats-io/transport-node"
import type { ComponentContext, Outcome, Outgoing, Sink } from "../../components.js"
import { deliverEach } from "../../delivery/each.js"
import { eventJson } from "../../formats/event-lines.js"
import { storedEvent } from "../../formats/stored-event.js"
import { messageId } from "../../http/signatures.js"
import { Connector } from "../../nats/connector.js"
import { traceContext } from "../../observation/tracing.js"
import { type Config, typeMark } from "./options.js"
import { isUnheard, verdictOf } from "./verdict.js"

/** Servers close the connection at a line of more than 4096 bytes, which has two subjects. */
const maxSubject = 1024

/** A type as tokens of a subject: without empty ones, wildcards, and what is not printable ASCII. */
const tokensOf = (type: string): string =>
  type
    .split(".")
    .map((token) => token.replace(/[^\x21-\x7e]|[*>]/g, "_") || "_")
    .join(".")

export class JetStreamPublisher implements Sink {
  readonly #config: Config
  readonly #connector: Connector
  #connection: NatsConnection | undefined
  #client: JetStreamClient | undefined

  constructor(config: Config, { folder }: ComponentContext) {
    this.#config = config
    this.#connector = new Connector(config, folder)
  }

  async start(): Promise<void> {}

  async deliver(batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome[]> {
    let client: JetStreamClient
    try {
      client = await this.#connected()
    } catch (error) {
      return batch.map(() => verdictOf(error, this.#config.subject))
    }
    const cut = () => void this.#connection?.close()
    signal.addEventListener("abort", cut, { once: true })
    const { outcomes, failure } = await deliverEach(batch, this.#config.concurrency, (outgoing) =>
      this.#publish(client, outgoing),
    )
    signal.removeEventListener("abort", cut)
    // The next batch tries another server, if there are several: this one may hang, or be cut off from the others.
    if (failure !== undefined && !failure.isHeld) await this.#connection?.close()
    return outcomes
  }

  async #connected(): Promise<JetStreamClient> {
    if (this.#client !== undefined && this.#connection?.isClosed() === false) return this.#client
    this.#connection = await this.#connector.connect()
    this.#client = jetstream(this.#connection, { timeout: this.#config.timeout })
    return this.#client
  }

  async #publish(client: JetStreamClient, outgoing: Outgoing): Promise<Outcome> {
    const { source, id, type, traceparent, tracestate } = storedEvent(outgoing.frames)
    const subject = this.#config.subject.replaceAll(typeMark, () => tokensOf(type))
    if (Buffer.byteLength(subject) > maxSubject)
      return { refused: `Its subject has more than ${maxSubject} bytes, because its type is that long` }
    const head = headers()
    head.set("Content-Type", "application/cloudevents+json")
    for (const [name, value] of Object.entries(outgoing.trace ?? traceContext(traceparent, tracestate) ?? {}))
      head.set(name, value)
    const { stream } = this.#config
    try {
      await client.publish(subject, eventJson(outgoing), {
        headers: head,
        msgID: messageId(source, id),
        timeout: this.#config.timeout,
        ...(stream !== undefined && { expect: { streamName: stream } }),
      })
      return "done"
    } catch (error) {
      return isUnheard(error) ? this.#unheard(client, subject) : verdictOf(error, subject)
    }
  }

  /** Nobody took the event: because there is no stream for it, or because its leader is away for a moment. */
  async #unheard(client: JetStreamClient, subject: string): Promise<Outcome> {
    try {
      const manager = await client.jetstreamManager(false)
      const name = await manager.streams.find(subject)
      return { retry: `The stream ${name} has no leader now` }
    } catch (error) {
      if ((error as Error).message === "no stream matches subject")
        return { retry: `No stream has the subject ${subject}. Add it to a stream`, isHeld: true }
      return isUnheard(error)
        ? { retry: "JetStream is off on this server, or has no leader now" }
        : verdictOf(error, subject)
    }
  }

  async stop(): Promise<void> {
    await this.#connection?.close()
  }
}
