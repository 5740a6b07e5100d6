// The responder: a relay whose one sink decides about events, and what runs the responses.

import { join, resolve } from "node:path"
import process from "node:process"
import type { Logger } from "pino"
import { z } from "zod"
import { AuditError } from "../audit/index.js"
import type { Clock } from "../relay/clock.js"
import { systemClock } from "../relay/clock.js"
import { type ComponentContext, sinkKind } from "../relay/components.js"
import { deliverySchema, type RelayConfig } from "../relay/configuration/configuration.js"
import { drainSignal } from "../relay/drain.js"
import { Complaints } from "../relay/observation/complaints.js"
import { Relay } from "../relay/relay.js"
import { Runners, StartError } from "./actions/runners.js"
import { ApprovalPage } from "./approval-page.js"
import { Approvals } from "./approvals.js"
import { type RespondConfig, readRules } from "./configuration/configuration.js"
import { socketOf } from "./configuration/place.js"
import { type Asker, Control, type ControlRequest, type Directory } from "./control.js"
import { Desk } from "./decisions/desk.js"
import { LateDesk } from "./decisions/late-desk.js"
import { type AuditTrail, Journal } from "./journal/journal.js"
import type { Response } from "./journal/response.js"
import { openTrail } from "./journal/trail.js"
import { RespondMetrics } from "./metrics.js"
import { Scheduler } from "./scheduler.js"

/** The name of the sink, and of its cursor. */
const sinkName = "respond"

/** Milliseconds since 1970: what is remembered must mean the same after a restart. */
const wallClock: Clock = { now: () => Date.now(), wait: systemClock.wait }

/** If it cannot begin to decide and to act, it tries again after so long. In milliseconds. */
const beginAgainMs = 1000

/** How a responder is started. */
export interface ResponderOptions {
  /** Milliseconds since 1970. Another clock than the machine's is for trying out hours in seconds. */
  readonly clock?: Clock
  /** Opens the audit log. By default, the one in the configuration. */
  readonly openTrail?: (config: RespondConfig, log: Logger) => Promise<AuditTrail>
}

const isFull = (error: unknown): error is AuditError => error instanceof AuditError && error.code === "DISK_FULL"

/** A responder that runs. */
export class Responder {
  readonly #log: Logger
  readonly #complaints: Complaints
  readonly #clock: Clock
  readonly #openTrail: NonNullable<ResponderOptions["openTrail"]>
  readonly #approvals: Approvals
  readonly #control: Control
  readonly #desk = new LateDesk()
  readonly #ending = new AbortController()
  #fail: (error: Error) => void = () => {}
  /**
   * Resolves to an error if the responder can never begin to decide, because its audit log is damaged, such as after its disk was full: {@link stop} it. Alerts
   * wait in the store.
   */
  readonly failed = new Promise<Error>((resolve) => {
    this.#fail = resolve
  })
  #config: RespondConfig
  #journal: Journal | undefined
  #relay: Relay | undefined
  /** What the relay inside gives its sink, and the actions. */
  #context: ComponentContext | undefined
  #metrics: RespondMetrics | undefined
  #runners: Runners | undefined
  #scheduler: Scheduler | undefined
  #changing: Promise<unknown> = Promise.resolve()
  #opening: Promise<void> = Promise.resolve()

  private constructor(config: RespondConfig, log: Logger, { clock, openTrail: open }: ResponderOptions) {
    this.#config = config
    this.#log = log
    this.#complaints = new Complaints(log)
    this.#clock = clock ?? wallClock
    this.#openTrail = open ?? openTrail
    this.#approvals = new Approvals(
      () => this.#journal,
      {
        rule: (name) => this.#config.rules.find((rule) => rule.name === name),
        canUndo: (action) => this.#config.actions.get(action)?.undo !== undefined,
      },
      () => this.#scheduler?.wake(),
    )
    this.#control = new Control(
      () => this.#directory(),
      (request, asker) => this.#answer(request, asker),
      log,
    )
  }

  /**
   * Starts a responder. Resolves once it takes events. If the disk of the audit log is full, they wait in the store, and nothing is decided or done until
   * there is room.
   *
   * @throws Error if something is in use, cannot be opened or is damaged
   */
  static async start(config: RespondConfig, log: Logger, options: ResponderOptions = {}): Promise<Responder> {
    const responder = new Responder(config, log, options)
    try {
      await responder.#start()
      return responder
    } catch (error) {
      await responder.stop(0)
      throw error
    }
  }

  async #start(): Promise<void> {
    // Before the relay: it takes no alerts if the audit log is another's, or is damaged.
    await this.#unlessFull(() => this.#openJournal())
    this.#relay = await Relay.start(this.#relayConfig(this.#config), this.#log, this.#clock, {
      title: "ohmq respond",
      approvals: new ApprovalPage(this.#approvals),
      audit: [{ name: "responses", folder: resolve(this.#config.folder, this.#config.audit.path) }],
    })
    const { folder, store, control } = this.#config
    await this.#control.listen(socketOf(folder, store, control))
    this.#log.info({ pid: process.pid, rules: this.#config.rules.length }, "The responder takes alerts")
    if (this.#desk.desk === undefined) this.#opening = this.#beginLater()
  }

  async #openJournal(): Promise<void> {
    if (this.#journal !== undefined) return
    const trail = await this.#openTrail(this.#config, this.#log)
    try {
      const file = join(resolve(this.#config.folder, this.#config.store.path), "respond", "state.json")
      this.#journal = await Journal.open(trail, file, this.#clock, () =>
        this.#log.warn(
          "The audit log is not the one that the responder wrote last: it was replaced, or is an older copy",
        ),
      )
    } catch (error) {
      await trail.close()
      throw error
    }
  }

  /** Does something that writes the audit log. If its disk is full, says so, and that is all. */
  async #unlessFull(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!isFull(error)) throw error
      this.#blocked(error)
    }
  }

  #blocked({ message: reason }: Error): void {
    this.#desk.problem = reason
    this.#metrics?.unrecorded.inc()
    this.#complaints.warn(
      "audit",
      { reason },
      "The audit log cannot be written yet: alerts wait, and nothing is decided or done",
    )
  }

  /** Tries until the audit log can be written and the actions have started. What would end a responder that starts ends this one, too. */
  async #beginLater(): Promise<void> {
    const { signal } = this.#ending
    for (;;) {
      await this.#clock.wait(beginAgainMs, signal)
      if (signal.aborted) return
      const change = this.#changing.then(() => this.#begin())
      this.#changing = change.catch(() => {})
      try {
        await change
        this.#log.info("The audit log can be written: the responder decides what has waited")
        return
      } catch (error) {
        if (isFull(error)) this.#blocked(error)
        else if (error instanceof StartError) this.#unstarted(error)
        else return this.#lost(error as Error)
      }
    }
  }

  /** What is in its way may go, or a reload bring other actions. */
  #unstarted({ message: reason }: StartError): void {
    this.#desk.problem = reason
    this.#complaints.warn(
      reason,
      { reason },
      "An action cannot be started yet: alerts wait, and nothing is decided or done",
    )
  }

  #lost(error: Error): void {
    this.#desk.problem = error.message
    this.#log.error({ reason: error.message }, "The responder cannot decide: alerts wait until it is started again")
    this.#fail(error)
  }

  /** The relay inside. */
  #relayConfig({ file, folder, store, http, sources, fingerprint }: RespondConfig): RelayConfig {
    const kind = sinkKind({ schema: z.unknown(), create: (_, context) => this.#sink(context) })
    return {
      file,
      folder,
      store,
      http,
      sources,
      routes: [{ name: sinkName, from: sources.map(({ name }) => name), to: [sinkName], whenFull: "refuse" }],
      sinks: [
        {
          name: sinkName,
          type: sinkName,
          kind,
          config: undefined,
          delivery: deliverySchema.parse({ batch: 4096, batchBytes: "4MiB", retryMax: "30s" }),
          // It stays over a reload: rules and actions are replaced in it.
          fingerprint: sinkName,
        },
      ],
      fingerprint,
    }
  }

  async #sink(context: ComponentContext): Promise<LateDesk> {
    this.#context = context
    this.#metrics = new RespondMetrics(context.metrics.registry, () => this.#journal?.state)
    if (this.#journal !== undefined) await this.#unlessFull(() => this.#begin())
    return this.#desk
  }

  /** Begins to decide and to act. If it rejects, call it again. */
  async #begin(): Promise<void> {
    await this.#openJournal()
    const [journal, context, metrics] = [this.#journal, this.#context, this.#metrics]
    if (journal === undefined || context === undefined || metrics === undefined)
      throw new Error("The relay inside has not started")
    const { last } = context.store.stats()
    if (journal.state.lastPosition > last) {
      const reason = `The store has ${last} positions, and decisions were taken up to ${journal.state.lastPosition}`
      await journal.write(() => ({ type: "response.restarted", reason }))
      // After that: while it cannot be recorded, this is called again and again.
      this.#log.warn(
        { reason },
        "The store is not the one that the responder had last: its events are decided about anew",
      )
    }
    this.#runners ??= new Runners(context)
    const runners = this.#runners
    await runners.apply(this.#config.actions)
    const surroundings = () => ({ folder: this.#config.folder, protection: this.#config.protection })
    const equipment = () => ({ actions: runners.actions, surroundings: surroundings() })
    const scheduler = new Scheduler(journal, equipment, this.#clock, this.#log, metrics)
    await scheduler.start()
    this.#scheduler = scheduler
    const policy = () => ({ rules: this.#config.rules, surroundings: surroundings() })
    this.#desk.desk = new Desk(journal, policy, metrics, this.#log, this.#clock, () => scheduler.wake())
    this.#warnOfOrphans()
  }

  /** What is to be undone and cannot be, because its action is gone. */
  #warnOfOrphans(): void {
    for (const { id, action } of this.#journal?.state.open.values() ?? [])
      if (!this.#config.actions.has(action))
        this.#log.error(
          { response: id, action },
          "A response is open whose action is not configured any more: it cannot be run or undone",
        )
  }

  /** Where webhooks are taken, such as `http://127.0.0.1:8081`. */
  get address(): string | undefined {
    return this.#relay?.address
  }

  /** Those of the relay inside, and the responder's own. */
  get metrics(): Relay["metrics"]["registry"] {
    if (this.#relay === undefined) throw new Error("The responder has not started")
    return this.#relay.metrics.registry
  }

  /** Who may reach it over its socket. With people who have tokens for the page, the user of the responder is not one more. */
  #directory(): Directory {
    const { people, http } = this.#config
    return { people, isOpen: Object.keys(people).length + Object.keys(http?.people ?? {}).length === 0 }
  }

  /**
   * What waits for approval, oldest first.
   *
   * @throws {@link ApprovalError} while the audit log cannot be opened yet, as all of these do
   */
  pending(): Readonly<Response>[] {
    return this.#approvals.pending()
  }

  /** All that is open, then the last ones that ended. */
  list(): Readonly<Response>[] {
    return this.#approvals.list()
  }

  /**
   * Approves a response that waits. Resolves to how many people have still to approve, once that is in the audit log.
   *
   * @param who The person. Whoever calls this has verified it.
   * @throws {@link ApprovalError} if it does not wait, the time is over, this person may not or has approved before
   */
  approve(id: string, who: string): Promise<number> {
    return this.#approvals.approve(id, who)
  }

  /**
   * Refuses a response that waits, or that has not begun yet.
   *
   * @param who The person. Whoever calls this has verified it.
   * @param why For the audit log: at most 500 characters.
   * @throws {@link ApprovalError} if it has begun
   */
  refuse(id: string, who: string, why: string): Promise<void> {
    return this.#approvals.refuse(id, who, why)
  }

  /**
   * Undoes a response now. One that runs is undone when it has ended.
   *
   * @param who The person. Whoever calls this has verified it.
   * @throws {@link ApprovalError} if it has not run, was undone, or cannot be
   */
  undo(id: string, who: string): Promise<void> {
    return this.#approvals.undo(id, who)
  }

  /** Resolves once all that was recorded so far is in a signed checkpoint of the audit log, where others can verify it. */
  async recorded(): Promise<void> {
    await this.#journal?.covered()
  }

  async #answer({ command, id = "", reason = "" }: ControlRequest, { name }: Asker): Promise<unknown> {
    switch (command) {
      case "pending":
        return this.pending()
      case "list":
        return this.list()
      case "approve":
        return { missing: await this.approve(id, name) }
      case "refuse":
        return await this.refuse(id, name, reason)
      case "undo":
        return await this.undo(id, name)
    }
  }

  /** Reads the configuration again and applies what has changed. Rejects, and changes nothing, if it has mistakes or cannot be started. */
  reload(): Promise<void> {
    const change = this.#changing.then(() => this.#reload())
    this.#changing = change.catch(() => {})
    return change
  }

  async #reload(): Promise<void> {
    const old = this.#config
    const config = readRules(old.file)
    if (config.fingerprint !== old.fingerprint)
      throw new Error(
        "A change of store, audit, control or http, or the first of people, takes effect after a restart only",
      )
    const end = await this.#scheduler?.pause()
    try {
      await this.#runners?.apply(config.actions)
      await this.#relay?.reload(() => this.#relayConfig(config))
      this.#config = config
    } catch (error) {
      // Before it has begun, those of before may not have started either.
      if (this.#desk.desk !== undefined) await this.#runners?.apply(old.actions)
      throw error
    } finally {
      end?.()
    }
    this.#warnOfOrphans()
  }

  /**
   * Stops the sources, decides what is there, waits for what runs until a time is over, and closes. What was cut off is ambiguous.
   *
   * @param drain The time in milliseconds, or a signal that ends it.
   */
  async stop(drain: number | AbortSignal): Promise<void> {
    this.#ending.abort()
    await this.#opening
    await this.#changing
    const signal = drainSignal(drain)
    await this.#control.close()
    await this.#relay?.stop(signal)
    await this.#scheduler?.stop(signal)
    await this.#runners?.stop()
    await this.#journal?.close()
  }
}
