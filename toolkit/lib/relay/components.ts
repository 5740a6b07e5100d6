// What sources and sinks are to the relay. Each kind is one file in sources/ or sinks/, with its schema beside its code.

import type { Logger } from "pino"
import type { z } from "zod"
import type { Event, Stored } from "../events/index.js"
import type { HttpServer } from "./http.js"

/** An event that a source took in. */
export interface Incoming extends Stored {
  readonly event: Event
  /** What identifies the delivery, if whoever sends it may send it again: it is stored once. */
  readonly delivery?: string
}

/** How a source hands events over. */
export interface IntakeOptions {
  /** Whether the source can tell its sender to come again later. If not, it waits while the store is full. */
  readonly canRefuse: boolean
  readonly signal?: AbortSignal
}

/** What became of the events of a source. */
export interface Receipt {
  /** Those on disk now. */
  stored: number
  /** Those that no route takes. */
  unrouted: number
  /** Those that were stored before. */
  duplicates: number
}

/** What every component is given. */
export interface ComponentContext {
  readonly name: string
  /** The folder of the configuration, which its paths are relative to. */
  readonly folder: string
  readonly log: Logger
}

export interface SourceContext extends ComponentContext {
  /** A folder for what sources remember. It may not be there yet. */
  readonly state: string
  readonly http: HttpServer
  /** Resolves once the events are on disk. Rejects with a `StoreError` whose code is `FULL` if there is no room. */
  intake(events: readonly Incoming[], options: IntakeOptions): Promise<Receipt>
  /** Counts something that was not an event, and logs why. */
  refuse(reason: string, details?: Record<string, unknown>, count?: number): void
}

/** A part of the relay that takes events in. */
export interface Source {
  start(): Promise<void>
  /** Takes nothing more, and resolves once all it had taken is stored. */
  stop(): Promise<void>
}

/** An event to deliver. */
export interface Outgoing extends Stored {
  readonly position: number
  /** When the relay received it, in milliseconds since 1970. */
  readonly time: number
}

/** What became of an event: delivered, refused by the other side for ever, or to be tried again. */
export type Outcome = "done" | { readonly refused: string } | Retry

export interface Retry {
  /** Why. */
  readonly retry: string
  /** Not before this time, in milliseconds. */
  readonly afterMs?: number
  /** A person must change something first, such as a token: trying again soon is of no use. */
  readonly isHeld?: boolean
}

/** A part of the relay that hands events on. */
export interface Sink {
  start(): Promise<void>
  /** Delivers a batch: an outcome for each event, in order. If it rejects, all of the batch is tried again. */
  deliver(batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome[]>
  stop(): Promise<void>
}

interface Kind<Config> {
  readonly schema: z.ZodType<Config>
  /** What the schema cannot express: returns the option's path and the problem. No network. */
  check?(config: Config, http: { isOn: boolean }): [path: string[], problem: string] | undefined
  /** What only one component can have, such as the path of a webhook. */
  claims?(config: Config): string[]
}

export interface SourceKind<Config = unknown> extends Kind<Config> {
  create(config: Config, context: SourceContext): Source
}

export interface SinkKind<Config = unknown> extends Kind<Config> {
  create(config: Config, context: ComponentContext): Sink
}

/** Types a kind by its schema. */
export const sourceKind = <Config>(kind: SourceKind<Config>): SourceKind => kind as unknown as SourceKind
export const sinkKind = <Config>(kind: SinkKind<Config>): SinkKind => kind as unknown as SinkKind
