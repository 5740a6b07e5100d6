// The source `link`: events from the stores of other relays. Each is stored in the same write as its sequence, before it is acknowledged.

import { z } from "zod"
import { duration, size } from "../../config/index.js"
import { type LinkReceiver, type Refusal, startReceiver } from "../../link/index.js"
import { type Source, type SourceContext, sourceKind } from "../components.js"
import { Complaints } from "../observation/complaints.js"
import { endpoint, farCheck, serverSecurity, serverSecuritySchema } from "../zmq-options.js"

const schema = z.strictObject({
  bind: endpoint.describe("Where to listen."),
  security: serverSecuritySchema
    .optional()
    .describe("CURVE. It is needed beyond this machine. Without it, events have no sender."),
  insecure: z.boolean().prefault(false).describe("Whether other machines may connect without CURVE."),
  maxEventBytes: size()
    .refine((bytes) => bytes >= 1 && bytes <= 256 * 2 ** 20, "Expected at least 1B and at most 256MiB")
    .prefault("1MiB")
    .describe("The largest event. A sender keeps larger ones as dead letters."),
  window: size()
    .refine((bytes) => bytes >= 1 && bytes <= 2 ** 30, "Expected at least 1B and at most 1GiB")
    .prefault("4MiB")
    .describe("How much one sender may have under way."),
  trustSender: z
    .array(z.string().min(1))
    .prefault([])
    .describe(
      "The names of relays whose events may say who sent them. By default the sender is the relay that they come from.",
    ),
  heartbeat: duration()
    .refine((milliseconds) => milliseconds > 0, "Expected more than 0")
    .prefault("5s")
    .describe("How often to send a heartbeat. A sender that does not answer for that long is given up."),
})
type Config = z.infer<typeof schema>

class LinkSource implements Source {
  readonly #config: Config
  readonly #context: SourceContext
  readonly #complaints: Complaints
  #receiver: LinkReceiver | undefined
  #release: (() => Promise<void>) | undefined
  #unwatch = () => {}

  constructor(config: Config, context: SourceContext) {
    this.#config = config
    this.#context = context
    this.#complaints = new Complaints(context.log)
  }

  async start(): Promise<void> {
    const { insecure: _, security, ...config } = this.#config
    const { name, store, routing, metrics, log } = this.#context
    const { options, release } = await serverSecurity(security, "source", this.#context)
    this.#release = release
    const receiver = await startReceiver(store, {
      ...config,
      ...(options.security ? options : { insecure: true }),
      admission: {
        admit: (incoming) => {
          const { claimedSender, event } = incoming
          if (claimedSender !== undefined) this.#context.refuse("claimed-sender", { id: event.id })
          return routing.route(incoming)
        },
        losers: () => routing.sinks(),
        appended: (count, position) => routing.stored(count, position),
      },
    }).catch(async (error: Error) => {
      await release()
      throw error
    })
    this.#receiver = receiver
    this.#unwatch = metrics.links.watchReceiver(name, () => receiver.stats())
    this.#report(receiver)
    log.info({ address: receiver.endpoint }, "The source listens")
  }

  #report(receiver: LinkReceiver): void {
    const { name: source, log, metrics } = this.#context
    receiver.on("connected", (session) => log.info({ ...session }, "A link is up"))
    receiver.on("disconnected", (session) => log.info({ ...session }, "A link is down"))
    receiver.on("refused", (refusal) => this.#refused(refusal))
    receiver.on("gap", (gap) => {
      metrics.links.missing.inc({ source }, gap.to - gap.from + 1)
      log.error({ ...gap }, "A sender has lost events")
    })
    receiver.on("restored", (session) => {
      log.error({ ...session }, "The store of a sender was restored from a backup, or copied: its link has stopped")
    })
    receiver.on("failed", ({ message }) => log.error({ reason: message }, "The source has ended"))
  }

  #refused({ sequence, code, reason, stream, sender }: Refusal): void {
    if (sequence > 0) {
      // The reason begins with the code of the event's error.
      this.#context.refuse(reason.split(":", 1)[0] ?? code, { message: reason, stream, sender })
      return
    }
    this.#context.metrics.links.streamsRefused.inc({ source: this.#context.name, code })
    this.#complaints.warn(code, { code, reason, stream, sender }, "A link was refused")
  }

  async stop(): Promise<void> {
    this.#unwatch()
    await this.#receiver?.close()
    await this.#release?.()
  }
}

export const linkSource = sourceKind<Config>({
  schema,
  check: ({ bind, security, insecure }) => (security || insecure ? undefined : farCheck("bind", [bind])),
  certificates: ({ security }) => security,
  claims: ({ bind }) => [bind],
  create: (config, context) => new LinkSource(config, context),
})
