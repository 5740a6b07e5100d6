// What the status page is told about the relay, and how it acts on it.

import { resolve } from "node:path"
import type { Logger } from "pino"
import type { Counter, Histogram } from "prom-client"
import type {
  ApprovalSubject,
  ApprovalView,
  AuditSubject,
  LetterSubject,
  LetterView,
  LinkView,
  SinkView,
  Snapshot,
  SourceView,
  Subject,
} from "../status/index.js"
import type { DeadLetter, Selection, Store } from "../store/index.js"
import { AuditPages, type AuditPlace } from "./audit-pages.js"
import type { Clock } from "./clock.js"
import type { Outlet } from "./components.js"
import type { RelayConfig } from "./configuration/configuration.js"
import { replay } from "./delivery/replay.js"
import { storedEvent } from "./formats/stored-event.js"
import { decodeTag } from "./intake/tags.js"
import { Complaints } from "./observation/complaints.js"
import type { Metrics } from "./observation/metrics.js"
import type { Route } from "./routes/route.js"
import { version } from "./version.js"

/** What the page needs of its relay. */
export interface StatusContext {
  readonly store: Store
  readonly metrics: Metrics
  readonly log: Logger
  readonly clock: Clock
  readonly config: () => RelayConfig
  readonly routes: () => readonly Route[]
  readonly state: () => Snapshot["state"]
  readonly outlet: (sink: string) => Outlet | undefined
  readonly extension: PageExtension
}

/** What a program that has a relay inside adds to the page. */
export interface PageExtension {
  /** What the page is of. `ohmq relay` by default. */
  readonly title?: string
  readonly approvals?: ApprovalSubject & { waiting(): readonly ApprovalView[] }
  /** Its own audit logs. */
  readonly audit?: readonly AuditPlace[]
}

/** The logs that sinks write. */
const auditPlaces = ({ sinks, folder }: RelayConfig): AuditPlace[] =>
  sinks
    .filter(({ type }) => type === "audit")
    .map(({ name, config }) => ({ name, folder: resolve(folder, (config as { path: string }).path) }))

type Labels = Readonly<Record<string, string | number | undefined>>

/** Adds up a counter by one of its labels, or by several. */
async function totals(counter: Counter, keyOf: (labels: Labels) => string): Promise<Map<string, number>> {
  const sums = new Map<string, number>()
  for (const { labels, value } of (await counter.get()).values) {
    const key = keyOf(labels)
    sums.set(key, (sums.get(key) ?? 0) + value)
  }
  return sums
}

/** How many values a histogram has, and the bounds below which half and 99 % of them are, in milliseconds. */
async function writeTimes(histogram: Histogram) {
  const { values } = await histogram.get()
  const buckets = values.flatMap(({ labels: { le }, metricName, value }) =>
    metricName?.endsWith("_bucket")
      ? { bound: le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le) * 1000, value }
      : [],
  )
  const writes = buckets.at(-1)?.value ?? 0
  const below = (part: number) =>
    writes === 0 ? undefined : buckets.find(({ value }) => value >= part * writes)?.bound
  return { writes, medianWrite: below(0.5), slowWrite: below(0.99) }
}

const bySource = ({ source }: Labels): string => String(source)
const bySink = ({ sink }: Labels): string => String(sink)

/** The relay, as the status page needs it. */
export class RelayStatus implements Subject, LetterSubject {
  readonly title: string
  readonly letters: LetterSubject = this
  readonly approvals: ApprovalSubject | undefined
  readonly audit: AuditSubject
  readonly #audit: AuditPages
  readonly #complaints: Complaints
  readonly #context: StatusContext
  readonly #started = Date.now()

  constructor(context: StatusContext) {
    this.#context = context
    this.#complaints = new Complaints(context.log)
    const { title = "ohmq relay", approvals } = context.extension
    this.title = title
    this.approvals = approvals
    const own = context.extension.audit ?? []
    this.#audit = new AuditPages(() => [...own, ...auditPlaces(context.config())])
    this.audit = this.#audit
  }

  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return this.#context.clock.wait(milliseconds, signal)
  }

  async snapshot(): Promise<Snapshot> {
    const { store, metrics, config, state } = this.#context
    const { bytes, deadBytes, first, last, waitingForRoom, refused } = store.stats()
    const { maxBytes, retention } = config().store
    const taken = await totals(metrics.taken, ({ route, source }) => `${source} ${route}`)
    return {
      time: Date.now(),
      elapsed: this.#context.clock.now(),
      version,
      started: this.#started,
      state: state(),
      approvals: this.#context.extension.approvals?.waiting(),
      audit: this.#audit.views((name, reason) =>
        this.#complaints.warn(`audit ${name}`, { audit: name, reason }, "The page cannot show an audit log"),
      ),
      relay: {
        sources: await this.#sources(),
        routes: config().routes.map(({ name, from, to }) => ({
          name,
          from,
          to,
          taken: Object.fromEntries(from.map((source) => [source, taken.get(`${source} ${name}`) ?? 0])),
        })),
        sinks: await this.#sinks(),
        links: this.#links(),
        peers: metrics.peers
          .sockets()
          .flatMap(({ owner, peers }) =>
            peers.map((peer) => ({ ...owner, ...peer, ...(owner.role === "sink" && { messages: undefined }) })),
          ),
        denials: metrics.peers.denials().map(({ owner, last }) => ({ ...owner, count: last?.count ?? 0, last })),
        store: {
          ...{ bytes, deadBytes, first, last, waitingForRoom, refused, maxBytes, retention },
          ...(await writeTimes(metrics.fsyncTime)),
        },
      },
    }
  }

  async #sources(): Promise<SourceView[]> {
    const { metrics, config } = this.#context
    const stored = await totals(metrics.eventsIn, bySource)
    const duplicates = await totals(metrics.duplicates, bySource)
    const unrouted = await totals(metrics.unrouted, bySource)
    const refused = await totals(metrics.refused, bySource)
    return config().sources.map(({ name, type }) => ({
      name,
      type,
      stored: stored.get(name) ?? 0,
      duplicates: duplicates.get(name) ?? 0,
      unrouted: unrouted.get(name) ?? 0,
      refused: refused.get(name) ?? 0,
    }))
  }

  /** The sinks as configured, then those for which the store still keeps something. */
  async #sinks(): Promise<SinkView[]> {
    const { store, metrics, config, outlet } = this.#context
    const delivered = await totals(metrics.delivered, bySink)
    const lost = await totals(metrics.lost, bySink)
    const { cursors } = store.stats()
    const types = new Map<string, string | undefined>(config().sinks.map(({ name, type }) => [name, type]))
    for (const name of Object.keys(cursors)) if (!types.has(name)) types.set(name, undefined)
    return [...types].map(([name, type]) => ({
      name,
      type,
      delivered: delivered.get(name) ?? 0,
      lost: lost.get(name) ?? 0,
      waiting: cursors[name]?.waiting ?? 0,
      dead: cursors[name]?.dead ?? 0,
      oldest: outlet(name)?.oldest,
      failing: outlet(name)?.failing,
      servedBy: outlet(name)?.servedBy,
    }))
  }

  #links(): LinkView[] {
    const { links } = this.#context.metrics
    const out = links.senders().map(({ sink, identity, stats }): LinkView => {
      const { endpoint, state, acknowledged, underWayBytes } = stats
      return { name: sink, direction: "out", identity, peer: endpoint, state, acknowledged, underWayBytes }
    })
    const incoming = links.receivers().flatMap(({ source, stats: { sessions } }) =>
      sessions.map(({ stream, sender, acknowledged, pendingBytes }): LinkView => {
        const underWayBytes = pendingBytes
        return {
          name: source,
          direction: "in",
          identity: sender,
          peer: stream,
          state: "connected",
          acknowledged,
          underWayBytes,
        }
      }),
    )
    return [...out, ...incoming]
  }

  list(sink: string, selection: Selection): AsyncIterable<DeadLetter> {
    return this.#context.store.deadLetters(sink, selection)
  }

  describe({ id, reason, since, sender, frames: [tag, ...frames] }: DeadLetter): LetterView {
    const { source: from, held } = decodeTag(tag)
    const view = { id, reason, since, from, sender }
    // Its route may have to remove something, and has not.
    if (held !== undefined) return { ...view, event: undefined }
    try {
      const { id: eventId, type, source, subject = "" } = storedEvent(frames)
      return { ...view, event: { id: eventId, type, source, subject } }
    } catch {
      return { ...view, event: undefined }
    }
  }

  replay(sink: string, selection: Selection) {
    return replay(this.#context.store, sink, this.#context.routes(), selection)
  }

  discard(sink: string, selection: Selection): Promise<number> {
    return this.#context.store.discard(sink, selection)
  }

  log(level: "info" | "warn" | "error", details: Record<string, unknown>, message: string): void {
    this.#context.log[level](details, message)
  }
}
