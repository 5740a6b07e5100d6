// The responder: a relay whose one sink decides about events, and what runs the responses.

import { join, resolve } from "node:path"
import process from "node:process"
import type { Logger } from "pino"
import { z } from "zod"
import type { Clock } from "../relay/clock.js"
import { systemClock } from "../relay/clock.js"
import { type ComponentContext, sinkKind } from "../relay/components.js"
import { deliverySchema, type RelayConfig } from "../relay/configuration/configuration.js"
import { Relay } from "../relay/relay.js"
import { Runners } from "./actions/runners.js"
import { ApprovalPage } from "./approval-page.js"
import { Approvals } from "./approvals.js"
import { type RespondConfig, readRules } from "./configuration/configuration.js"
import { type Asker, Control, type ControlRequest, type Directory } from "./control.js"
import { Desk } from "./decisions/desk.js"
import { type AuditTrail, Journal } from "./journal/journal.js"
import type { Response } from "./journal/response.js"
import { openTrail } from "./journal/trail.js"
import { RespondMetrics } from "./metrics.js"
import { Scheduler } from "./scheduler.js"

/** The name of the sink, and of its cursor. */
const sinkName = "respond"

/** Milliseconds since 1970: what is remembered must mean the same after a restart. */
const wallClock: Clock = { now: () => Date.now(), wait: systemClock.wait }

/** How a responder is started. */
export interface ResponderOptions {
  /** Milliseconds since 1970. Another clock than the machine's is for trying out hours in seconds. */
  readonly clock?: Clock
  /** Opens the audit log. By default, the one in the configuration. */
  readonly openTrail?: (config: RespondConfig, log: Logger) => Promise<AuditTrail>
}

/** A responder that runs. */
export class Responder {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #journal: Journal
  readonly #approvals: Approvals
  readonly #control: Control
  #config: RespondConfig
  #relay: Relay | undefined
  #runners: Runners | undefined
  #scheduler: Scheduler | undefined
  #changing: Promise<unknown> = Promise.resolve()

  private constructor(config: RespondConfig, journal: Journal, log: Logger, clock: Clock) {
    this.#config = config
    this.#journal = journal
    this.#log = log
    this.#clock = clock
    this.#approvals = new Approvals(
      journal,
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
   * Starts a responder. Resolves once it takes events.
   *
   * @throws Error if something is in use, cannot be opened or is damaged
   */
  static async start(config: RespondConfig, log: Logger, options: ResponderOptions = {}): Promise<Responder> {
    const { clock = wallClock, openTrail: open = openTrail } = options
    const trail = await open(config, log)
    let responder: Responder | undefined
    let journal: Journal | undefined
    try {
      const file = join(resolve(config.folder, config.store.path), "respond", "state.json")
      journal = await Journal.open(trail, file, clock, () =>
        log.warn("The audit log is not the one that the responder wrote last: it was replaced, or is an older copy"),
      )
      responder = new Responder(config, journal, log, clock)
      await responder.#start()
      return responder
    } catch (error) {
      if (responder !== undefined) await responder.stop(0)
      else await (journal ?? trail).close()
      throw error
    }
  }

  async #start(): Promise<void> {
    this.#relay = await Relay.start(this.#relayConfig(this.#config), this.#log, this.#clock, {
      title: "ohmq respond",
      approvals: new ApprovalPage(this.#approvals),
      audit: [{ name: "responses", folder: resolve(this.#config.folder, this.#config.audit.path) }],
    })
    const { folder, store, control } = this.#config
    await this.#control.listen(resolve(folder, control.socket ?? join(store.path, "respond.sock")))
    this.#warnOfOrphans()
    this.#log.info({ pid: process.pid, rules: this.#config.rules.length }, "The responder takes alerts")
  }

  /** The relay inside. */
  #relayConfig({ file, folder, store, http, sources, fingerprint }: RespondConfig): RelayConfig {
    const kind = sinkKind({ schema: z.unknown(), create: (_, context) => this.#desk(context) })
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

  async #desk(context: ComponentContext): Promise<Desk> {
    const { last } = context.store.stats()
    if (this.#journal.state.lastPosition > last) {
      const reason = `The store has ${last} positions, and decisions were taken up to ${this.#journal.state.lastPosition}`
      this.#log.warn(
        { reason },
        "The store is not the one that the responder had last: its events are decided about anew",
      )
      await this.#journal.write(() => ({ type: "response.restarted", reason }))
    }
    const metrics = new RespondMetrics(context.metrics.registry, this.#journal.state)
    const runners = new Runners(context)
    this.#runners = runners
    await runners.apply(this.#config.actions)
    const surroundings = () => ({ folder: this.#config.folder, protection: this.#config.protection })
    const equipment = () => ({ actions: runners.actions, surroundings: surroundings() })
    const scheduler = new Scheduler(this.#journal, equipment, this.#clock, this.#log, metrics)
    this.#scheduler = scheduler
    await scheduler.start()
    const policy = () => ({ rules: this.#config.rules, surroundings: surroundings() })
    return new Desk(this.#journal, policy, metrics, this.#log, this.#clock, () => scheduler.wake())
  }

  /** What is to be undone and cannot be, because its action is gone. */
  #warnOfOrphans(): void {
    for (const { id, action } of this.#journal.state.open.values())
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

  /** What waits for approval, oldest first. */
  pending(): Readonly<Response>[] {
    return this.#approvals.pending()
  }

  /** All that is open, then the last ones that ended. */
  list(): Readonly<Response>[] {
    return [...this.#journal.state.open.values(), ...this.#journal.state.ended.values()]
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
  recorded(): Promise<void> {
    return this.#journal.covered()
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
      await this.#runners?.apply(old.actions)
      throw error
    } finally {
      end?.()
    }
    this.#warnOfOrphans()
  }

  /** Stops the sources, decides what is there, waits for what runs until a time is over, and closes. What was cut off is ambiguous. */
  async stop(drainMs: number): Promise<void> {
    await this.#changing
    const signal = AbortSignal.timeout(drainMs)
    await this.#control.close()
    await this.#relay?.stop(drainMs)
    await this.#scheduler?.stop(signal)
    await this.#runners?.stop()
    await this.#journal.close()
  }
}
