// The sink `link`: events to the store of another relay, which acknowledges each (docs/link.md).

import { basename } from "node:path"
import { z } from "zod"
import { duration } from "../../config/index.js"
import { LinkError, type LinkSender, startSender } from "../../link/index.js"
import type { Entry } from "../../store/index.js"
import { type ComponentContext, type Outlet, sinkKind } from "../components.js"
import { decodeTag } from "../intake/tags.js"
import { clientSecurity, endpoints, farCheck } from "../zmq-options.js"

const positive = () => duration().refine((milliseconds) => milliseconds > 0, "Expected more than 0")

const schema = z.strictObject({
  connect: endpoints.describe(
    "The receiver: a source `link` of another relay. Of several, the next one is tried if one fails.",
  ),
  security: z
    .strictObject({
      cert: z.string().min(1).describe("The relay's own certificate, with its secret key."),
      serverKey: z.string().min(1).describe("The receiver's public certificate. Several receivers share one."),
    })
    .optional()
    .describe("CURVE. It is needed beyond this machine."),
  insecure: z.boolean().prefault(false).describe("Whether other machines may be talked to without CURVE."),
  stream: z
    .string()
    .min(1)
    .max(60)
    .optional()
    .describe(
      "The name of the stream at the receiver. By default, the sink's name and a random number that is kept in the store. Give a new one after the store was restored from a backup.",
    ),
  onBehind: z
    .enum(["resend", "continue"])
    .optional()
    .describe(
      "If a receiver has less than was acknowledged: `resend` what the store still has and announce the rest as lost, or `continue`. By default `resend`, and `continue` with several receivers.",
    ),
  retryMin: positive()
    .prefault("100ms")
    .describe("The longest wait before the first new attempt to connect. It doubles with each."),
  retryMax: positive().prefault("5s").describe("The longest wait at all."),
  heartbeat: positive()
    .prefault("5s")
    .describe("How often to send a heartbeat. A receiver that does not answer for that long is given up."),
})
type Config = z.infer<typeof schema>

class LinkSink implements Outlet {
  readonly #config: Config
  readonly #context: ComponentContext
  #sender: LinkSender | undefined
  #unwatch = () => {}
  #failing: { since: number; reason: string } | undefined

  constructor(config: Config, context: ComponentContext) {
    this.#config = config
    this.#context = context
  }

  get oldest(): number | undefined {
    return this.#sender?.stats().oldest
  }

  get failing(): { since: number; reason: string } | undefined {
    return this.#failing
  }

  async start(): Promise<void> {
    const { connect, security, stream, onBehind, retryMin, retryMax, heartbeat } = this.#config
    const { name, folder, store, metrics } = this.#context
    const { options } = await clientSecurity(security, folder)
    const sender = await startSender(store, {
      connect,
      ...(options.security ? { security: options.security } : { insecure: true }),
      cursor: name,
      stream,
      onBehind,
      minBackoff: retryMin,
      maxBackoff: Math.max(retryMin, retryMax),
      heartbeat,
      select: ({ frames: [tag, ...frames] }: Entry) => (decodeTag(tag).sinks.includes(name) ? frames : undefined),
    })
    this.#sender = sender
    this.#unwatch = metrics.links.watchSender(name, () => sender.stats(), security && basename(security.serverKey))
    this.#count(sender)
    this.#report(sender)
  }

  #count(sender: LinkSender): void {
    const { name: sink, metrics } = this.#context
    sender.on("delivered", (events) => metrics.delivered.inc({ sink }, events))
    sender.on("lost", (events) => metrics.lost.inc({ sink }, events))
    sender.on("refused", () => metrics.dead.inc({ sink }))
    sender.on("connected", () => metrics.links.sessions.inc({ sink }))
    sender.on("disconnected", (error) => {
      if (error instanceof LinkError && error.refusal) metrics.links.refusals.inc({ sink, code: error.refusal })
    })
  }

  #report(sender: LinkSender): void {
    const { log } = this.#context
    sender.on("connected", (endpoint) => {
      log.info({ endpoint, stream: sender.stats().stream }, this.#failing ? "The sink works again" : "The link is up")
      this.#failing = undefined
    })
    sender.on("unreachable", (error) => this.#fail(error))
    sender.on("disconnected", (error) => this.#fail(error))
    sender.on("stopped", ({ message }) => {
      log.error({ reason: message }, "The link has stopped. Set stream to a new name in this sink's configuration")
    })
    sender.on("behind", (report) => log.warn(report, "The receiver has less than it had acknowledged"))
    sender.on("lost", (events) => log.error({ events }, "Events are missing from the store"))
    sender.on("refused", ({ sequence, reason }) => {
      log.warn({ position: sequence, reason }, "The sink refused an event: it is a dead letter now")
    })
  }

  /** The first failure in a row is logged. */
  #fail({ message }: Error): void {
    if (this.#failing === undefined) {
      this.#context.log.warn({ reason: message }, "The sink fails; its events wait in the store")
      this.#failing = { since: Date.now(), reason: message }
    } else this.#failing = { ...this.#failing, reason: message }
  }

  /** What is under way is sent again after the next start, and stored once. */
  async stop(): Promise<void> {
    this.#unwatch()
    await this.#sender?.close()
  }
}

export const linkSink = sinkKind<Config>({
  schema,
  isDelivered: false,
  check: ({ connect, security, insecure }) => (security || insecure ? undefined : farCheck("connect", connect)),
  certificates: ({ security }) => security,
  create: (config, context) => new LinkSink(config, context),
})
