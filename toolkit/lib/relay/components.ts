// What sources and sinks are to the relay. Each kind is one file in sources/ or sinks/, with its schema beside its code.

import type { Logger } from "pino"
import type { z } from "zod"
import type { Event, EventError, Stored } from "../events/index.js"
import type { NewEvent, Store, WhenFull } from "../store/index.js"
import type { CertificateFiles } from "./certificates.js"
import type { Gates } from "./gate/gates.js"
import type { HttpServer } from "./http/server.js"
import type { Metrics } from "./observation/metrics.js"
import type { Span, TraceContext } from "./observation/tracing.js"

/** An event that a source took in. */
export interface Incoming extends Stored {
  /** The event, decoded. */
  readonly event: Event
  /** What identifies the delivery, if whoever sends it may send it again: it is stored once. */
  readonly delivery?: string
  /** The span of its receipt, if the source has begun one. It ends when the event is stored. */
  readonly span?: Span
}

/** How a source hands events over. */
export interface IntakeOptions {
  /** Whether the source can tell its sender to come again later. If not, it waits while the store is full. */
  readonly canRefuse: boolean
  /** Ends the wait for room in the store. */
  readonly signal?: AbortSignal
}

/** What became of the events of a source. */
export interface Receipt {
  /** Those on disk now. */
  stored: number
  /** Those that no route takes. */
  unrouted: number
  /** Those that routes let go, by sample or rate, and that no other route takes. */
  dropped: number
  /** Those that were stored before. */
  duplicates: number
}

/** What every component is given. */
export interface ComponentContext {
  /** The name in the configuration. */
  readonly name: string
  /** The folder of the configuration, which its paths are relative to. */
  readonly folder: string
  /** Its log, which names it in each line. */
  readonly log: Logger
  /** The store of the relay, for those that have a protocol of their own for what is in it. */
  readonly store: Store
  /** The metrics of the relay. */
  readonly metrics: Metrics
  /** The gates of the relay that are open. */
  readonly gates: Gates
}

/** What the routes make of an event. */
export interface Routed {
  /** The event with its tag. */
  readonly event: NewEvent
  readonly whenFull: WhenFull
  /** Stores what must be on disk before the event: what other routes make of it. */
  before?(): Promise<unknown>
}

/** For sources that store their events themselves, because something else must be in the same write. */
export interface Routing {
  /** Finds the sinks of an event, and counts it if there are none. */
  route(incoming: Incoming): Routed | undefined
  /** The sinks that events of this source can go to. */
  sinks(): string[]
  /** Counts events that are on disk. */
  stored(count: number, position: number): void
}

export interface SourceContext extends ComponentContext {
  /** A folder for what sources remember. It may not be there yet. */
  readonly state: string
  readonly http: HttpServer
  /** Resolves once the events are on disk. Rejects with a `StoreError` whose code is `FULL` if there is no room. */
  intake(events: readonly Incoming[], options: IntakeOptions): Promise<Receipt>
  readonly routing: Routing
  /** Counts something that was not an event, and logs why. */
  refuse(reason: string, details?: Record<string, unknown>, count?: number): void
  /** Keeps what could not be read as an event as a dead letter of the sinks that the source's events can go to, and counts it. */
  reject(frames: readonly Uint8Array[], error: EventError, sender?: string): void
}

/** A part of the relay that takes events in. */
export interface Source {
  /** Begins to take events in. Rejects if it cannot, such as when a port is in use. */
  start(): Promise<void>
  /** Takes nothing more, and resolves once all it had taken is stored. */
  stop(): Promise<void>
}

/** An event to deliver. */
export interface Outgoing extends Stored {
  /** The name of the source that took it in. */
  readonly source: string
  /** Its position in the store. */
  readonly position: number
  /** When the relay received it, in milliseconds since 1970. */
  readonly time: number
  /** The context of the span of this attempt, if there is one. */
  readonly trace?: TraceContext
}

/** What became of an event: delivered, refused by the other side for ever, or to be tried again. */
export type Outcome = "done" | { readonly refused: string } | Retry

/** An event is to be tried again. */
export interface Retry {
  /** Why. */
  readonly retry: string
  /** Not before this time, in milliseconds. */
  readonly afterMs?: number
  /** A person must change something first, such as a token: trying again soon is of no use. */
  readonly isHeld?: boolean
}

/** What brings the events of one sink from the store to where they belong. It reads and commits the cursor that has the sink's name. */
export interface Outlet {
  start(): Promise<void>
  /** Begins nothing new, and ends what is under way when the signal is aborted. What was not committed is delivered again after the next start. */
  stop(signal: AbortSignal): Promise<void>
  /** When the relay received the oldest event that is being delivered, in milliseconds since 1970. */
  readonly oldest: number | undefined
  /** Since when nothing can be delivered, and why. */
  readonly failing: { since: number; reason: string; isOpen?: boolean; isHeld?: boolean } | undefined
  /** The relay that serves the sink, if it is another one. */
  readonly servedBy?: string | undefined
  /** From now on, events do not wait for others: the relay stops. */
  hurry?(): void
}

/** A sink that takes batches. `Delivery` is its outlet. */
export interface Sink {
  /** Opens what it delivers to. Rejects if that cannot be opened. */
  start(): Promise<void>
  /** Delivers a batch: an outcome for each event, in order. If it rejects, all of the batch is tried again. */
  deliver(batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome[]>
  /** Closes it. Deliveries under way have ended. */
  stop(): Promise<void>
}

interface Kind<Config> {
  readonly schema: z.ZodType<Config>
  /** What the schema cannot express: returns the option's path and the problem. No network. */
  check?(config: Config, http: { isOn: boolean; hasPage: boolean }): [path: PropertyKey[], problem: string] | undefined
  /** The certificates that it needs. */
  certificates?(config: Config): CertificateFiles | undefined
  /** What only one component can have, such as the path of a webhook. */
  claims?(config: Config): string[]
}

export interface SourceKind<Config = unknown> extends Kind<Config> {
  create(config: Config, context: SourceContext): Source
}

export interface SinkKind<Config = unknown> extends Kind<Config> {
  /** Most sinks take batches. One with acknowledgements of its own is its own outlet. */
  create(config: Config, context: ComponentContext): Sink | Outlet | Promise<Sink | Outlet>
  /** The source that it needs: the option that names it, and its kind. */
  source?(config: Config): { option: string; name: string; type: string }
  /** Whether its options are those of `delivery`, too. True by default. */
  readonly isDelivered?: boolean
}

/** Types a kind by its schema. */
export const sourceKind = <Config>(kind: SourceKind<Config>): SourceKind => kind as unknown as SourceKind
export const sinkKind = <Config>(kind: SinkKind<Config>): SinkKind => kind as unknown as SinkKind
