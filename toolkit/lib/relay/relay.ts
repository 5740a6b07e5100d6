// The relay: sources, routes, store and sinks, wired as the configuration says.

import { join, resolve } from "node:path"
import process from "node:process"
import type { Logger } from "pino"
import type { EventError } from "../events/index.js"
import { StatusSite } from "../status/index.js"
import { DamageError, type Store } from "../store/index.js"
import type { Leases } from "../store/replicated/index.js"
import { type Clock, systemClock } from "./clock.js"
import type { IntakeOptions, Outlet, Source } from "./components.js"
import { type Component, type RelayConfig, readConfig, type SinkComponent } from "./configuration/configuration.js"
import { ControlServer } from "./control.js"
import { Delivery } from "./delivery/delivery.js"
import { LeasedOutlet, whileHeld } from "./delivery/leased.js"
import { replay } from "./delivery/replay.js"
import { drainOutlets, drainSignal, stopSources } from "./drain.js"
import { Gates } from "./gate/gates.js"
import { type HttpOptions, siteAccess } from "./http/options.js"
import { HttpServer } from "./http/server.js"
import { Intake } from "./intake/intake.js"
import { KnownDeliveries } from "./intake/known-deliveries.js"
import { Taps } from "./intake/taps.js"
import { Complaints } from "./observation/complaints.js"
import { Metrics } from "./observation/metrics.js"
import { StoreHealth } from "./observation/store-health.js"
import { type PageExtension, RelayStatus } from "./status.js"
import { openRelayStore, type RelayStore, storeFolder } from "./store.js"

/** The cursor of the relay itself. Nothing waits for it. */
const ownCursor = "relay.known"

interface Running<Part> {
  fingerprint: string
  part: Part
}

/** A relay that runs. */
export class Relay {
  readonly metrics: Metrics
  readonly taps = new Taps()
  readonly #gates = new Gates()
  readonly #log: Logger
  readonly #store: Store
  /** Who serves which sink, if relays share the store. */
  readonly #leases: Leases | undefined
  readonly #known: KnownDeliveries
  readonly #health: StoreHealth
  readonly #intake: Intake
  readonly #http: HttpServer
  readonly #control: ControlServer
  readonly #sources = new Map<string, Running<Source>>()
  readonly #outlets = new Map<string, Running<Outlet>>()
  #config: RelayConfig
  #state: "starting" | "ready" | "draining" = "starting"
  #address: string | undefined
  #changing: Promise<unknown> = Promise.resolve()

  readonly #clock: Clock

  private constructor(
    config: RelayConfig,
    { store, leases }: RelayStore,
    known: KnownDeliveries,
    metrics: Metrics,
    log: Logger,
    clock: Clock,
    extension: PageExtension,
  ) {
    this.#clock = clock
    this.#config = config
    this.#store = store
    this.#leases = leases
    this.#known = known
    this.#log = log
    this.metrics = metrics
    this.#health = new StoreHealth(store, resolve(config.folder, config.store.path))
    this.#intake = new Intake(store, this.#health, known, metrics, this.taps, log, clock)
    const complaints = new Complaints(log)
    this.#http = new HttpServer(config.http?.maxConnections ?? 1, () => {
      metrics.httpDropped.inc()
      complaints.warn("http", {}, "An HTTP connection was closed: http.maxConnections is reached")
    })
    this.#control = new ControlServer(store, this.taps, (sink) => replay(store, sink, this.#intake.routes))
    metrics.watch(store, config.store.maxBytes, () => [...this.#outlets].map(([name, { part }]) => [name, part]))
    if (config.http?.page) this.#serveStatus(config.http, extension)
    this.#http.page("/healthz", () => ({ status: 200, body: "ok\n" }))
    this.#http.page("/readyz", () => this.#readiness())
    this.#http.page("/metrics", async () => ({
      status: 200,
      headers: { "content-type": metrics.registry.contentType },
      body: await metrics.registry.metrics(),
    }))
  }

  #serveStatus(http: HttpOptions, extension: PageExtension): void {
    const status = new RelayStatus({
      store: this.#store,
      metrics: this.metrics,
      log: this.#log,
      clock: this.#clock,
      config: () => this.#config,
      routes: () => this.#intake.routes,
      state: () => this.#state,
      outlet: (sink) => this.#outlets.get(sink)?.part,
      extension,
    })
    this.#http.serve(new StatusSite(status, siteAccess(http)))
  }

  /**
   * Starts a relay. Resolves once it takes events.
   *
   * @param clock By which sinks are retried and rates are limited. Another one than the machine's is for trying out hours in seconds.
   * @param extension What else the status page shows, if the relay is a part of something.
   */
  static async start(
    config: RelayConfig,
    log: Logger,
    clock: Clock = systemClock,
    extension: PageExtension = {},
  ): Promise<Relay> {
    const folder = storeFolder(config)
    const metrics = new Metrics()
    const complaints = new Complaints(log)
    const { store, leases } = await openRelayStore(config, {
      onWrite: (milliseconds) => metrics.fsyncTime.observe(milliseconds / 1000),
      onProblem: (reason) => complaints.warn("store", { reason }, "The servers of the store fail"),
    })
    let relay: Relay | undefined
    let known: KnownDeliveries | undefined
    try {
      await addSinks(store, config)
      // Only to read with: it always stands behind the newest entry.
      await store.addCursor(ownCursor, "end")
      const notes = join(folder, "deliveries")
      known = await KnownDeliveries.open(notes, store, ownCursor, ({ message }) =>
        log.error({ reason: message }, "Deliveries could not be noted. That is tried again"),
      ).catch((error: Error) => {
        // It is a store within the store, which a repair has to name.
        throw error instanceof DamageError
          ? new Error(`Cannot read the notes of deliveries in ${notes}: ${error.message}`)
          : error
      })
      // With a store that others write to, too, it is read for as long as the relay runs.
      if (leases === undefined) await store.removeCursor(ownCursor)
      else known.follow(store, ownCursor).catch(() => {})
      relay = new Relay(config, { store, leases }, known, metrics, log, clock, extension)
      await relay.#start(folder)
      return relay
    } catch (error) {
      if (relay !== undefined) await relay.stop(0)
      else {
        await known?.close()
        await store.close()
      }
      throw error
    }
  }

  async #start(folder: string): Promise<void> {
    await this.#control.listen(folder)
    await this.#apply(this.#config)
    const { http } = this.#config
    if (http !== undefined) {
      this.#address = await this.#http.listen(http.listen.host.replace(/^\[|\]$/g, ""), http.listen.port)
    }
    this.#state = "ready"
    this.#log.info({ http: this.#address, pid: process.pid }, "The relay takes events")
  }

  /** Where webhooks are taken, such as `http://127.0.0.1:8080`. */
  get address(): string | undefined {
    return this.#address
  }

  #readiness() {
    if (this.#state !== "ready") return { status: 503, body: `${this.#state}\n` }
    const { problem } = this.#health
    return problem === undefined ? { status: 200, body: "ready\n" } : { status: 503, body: `${problem}\n` }
  }

  /**
   * Reads the configuration again and applies what has changed. Rejects, and changes nothing, if it has mistakes or cannot be started.
   *
   * @param read For programs whose relay is a part of a configuration of their own. By default the relay's file is read.
   */
  reload(read: () => RelayConfig = () => readConfig(this.#config.file)): Promise<void> {
    const change = this.#changing.then(async () => {
      if (this.#state !== "ready") return
      try {
        const config = read()
        if (config.fingerprint !== this.#config.fingerprint)
          throw new Error("A change of store or http takes effect after a restart only")
        await this.#replace(config)
      } catch (error) {
        this.metrics.reloads.inc({ outcome: "failed" })
        this.metrics.lastReload.set(0)
        throw error
      }
      this.metrics.reloads.inc({ outcome: "done" })
      this.metrics.lastReload.set(1)
      this.#log.info("The configuration was reloaded")
    })
    this.#changing = change.catch(() => {})
    return change
  }

  async #replace(config: RelayConfig): Promise<void> {
    const old = this.#config
    try {
      await this.#apply(config)
      this.#config = config
    } catch (error) {
      this.#log.error({ reason: (error as Error).message }, "The new configuration cannot be started: going back")
      await this.#apply(old)
      throw error
    }
  }

  /** Stops what is not in the configuration or has changed, then starts what is missing. Sinks first: events need somewhere to go. */
  async #apply(config: RelayConfig): Promise<void> {
    const isKept = (parts: readonly Component<unknown>[], name: string, fingerprint: string) =>
      parts.some((part) => part.name === name && part.fingerprint === fingerprint)
    for (const [name, { part, fingerprint }] of this.#sources) {
      if (isKept(config.sources, name, fingerprint)) continue
      this.#sources.delete(name)
      await part.stop()
    }
    await addSinks(this.#store, config)
    this.#intake.routes = config.routes
    for (const { name } of config.routes) this.metrics.addRoute(name)
    for (const [name, { part, fingerprint }] of this.#outlets) {
      if (isKept(config.sinks, name, fingerprint)) continue
      this.#outlets.delete(name)
      await part.stop(AbortSignal.timeout(10_000))
    }
    for (const component of config.sinks) {
      if (!this.#outlets.has(component.name)) await this.#startSink(component, config.folder)
    }
    for (const component of config.sources) {
      if (this.#sources.has(component.name)) continue
      const { name, fingerprint } = component
      this.metrics.addSource(name)
      const part = component.kind.create(component.config, this.#sourceContext(name, config.folder))
      await part.start().catch((error: Error) => this.#cannotStart(`source ${name}`, error))
      this.#sources.set(name, { fingerprint, part })
    }
    this.#warnOfOrphans(config)
  }

  #cannotStart(what: string, { message }: Error): never {
    throw new Error(`Cannot start ${what}: ${message}`)
  }

  async #startSink({ name, kind, config, delivery, fingerprint }: SinkComponent, folder: string): Promise<void> {
    const log = this.#log.child({ sink: name })
    const make = async (): Promise<Outlet> => {
      const own = { name, folder, log, store: this.#store, metrics: this.metrics, gates: this.#gates }
      const sink = await kind.create(config, own)
      const context = { store: this.#store, metrics: this.metrics, log: this.#log, clock: this.#clock }
      if (!("deliver" in sink)) return sink
      return new Delivery(name, this.#leases ? whileHeld(name, this.#leases, sink) : sink, delivery, context)
    }
    const part = this.#leases ? new LeasedOutlet(name, this.#leases, make, this.#log) : await make()
    await part.start().catch((error: Error) => this.#cannotStart(`sink ${name}`, error))
    this.#outlets.set(name, { fingerprint, part })
    this.metrics.addSink(name)
  }

  #sourceContext(name: string, folder: string) {
    const log = this.#log.child({ source: name })
    const complaints = new Complaints(log)
    return {
      name,
      folder,
      state: join(resolve(folder, this.#config.store.path), "sources"),
      log,
      store: this.#store,
      metrics: this.metrics,
      gates: this.#gates,
      http: this.#http,
      routing: this.#intake.routing(name),
      intake: (events: Parameters<Intake["take"]>[1], options: IntakeOptions) =>
        this.#intake.take(name, events, options),
      refuse: (reason: string, details: Record<string, unknown> = {}, count = 1) => {
        this.metrics.refused.inc({ source: name, reason }, count)
        complaints.warn(reason, { reason, ...details }, "Not taken in")
      },
      reject: (frames: readonly Uint8Array[], { code, message }: EventError, sender?: string) => {
        this.metrics.refused.inc({ source: name, reason: code })
        complaints.warn(
          code,
          { reason: code, message, sender },
          "A message could not be read: it becomes a dead letter",
        )
        this.#intake.reject(name, frames, `${code}: ${message}`, sender)
      },
    }
  }

  /** What waits for a sink that is configured no more is kept: its name may be a slip. */
  #warnOfOrphans({ sinks, file }: RelayConfig): void {
    for (const [name, { waiting }] of Object.entries(this.#store.stats().cursors)) {
      if (sinks.some((sink) => sink.name === name)) continue
      this.#log.warn(
        { sink: name, waiting },
        `The store keeps events for a sink that is not configured. To give them up: ohmq relay forget ${name} ${file}`,
      )
    }
  }

  /**
   * Stops the sources, delivers what can be delivered within a time, and closes.
   *
   * @param drain The time in milliseconds, or a signal that ends it.
   * @param waitsForFailing Whether sinks that fail are given that time, too. By default, what waits for them is left to the next start.
   */
  async stop(drain: number | AbortSignal, waitsForFailing = false): Promise<void> {
    await this.#changing
    this.#state = "draining"
    const signal = drainSignal(drain)
    this.#http.end()
    await stopSources(this.#sources, signal, this.#log)
    await this.#http.close()
    for (const { part } of this.#outlets.values()) part.hurry?.()
    const waiting = (sink: string) => this.#store.stats().cursors[sink]?.waiting ?? 0
    await drainOutlets({ outlets: this.#outlets, waiting, waitsForFailing, log: this.#log }, signal)
    await Promise.allSettled([...this.#outlets.values()].map(({ part }) => part.stop(signal)))
    await this.#control.close()
    await this.#known.close()
    await this.#store.close()
  }
}

/**
 * A new sink gets what comes in from now on: what is in the store with its name was for another one, which was given up. If there are
 * events and no cursor at all, a repair has lost the cursors, and the sinks get again what is there.
 */
async function addSinks(store: Store, { sinks }: RelayConfig): Promise<void> {
  const from = Object.keys(store.stats().cursors).length === 0 ? "start" : "end"
  for (const { name } of sinks) await store.addCursor(name, from)
}
