// Where events are decided about: the sink of the relay that is inside a responder. An event is done with once each decision about it is on disk.

import { setImmediate } from "node:timers/promises"
import type { Logger } from "pino"
import type { Clock } from "../../relay/clock.js"
import type { Outcome, Outgoing, Sink } from "../../relay/components.js"
import { storedEvent } from "../../relay/formats/stored-event.js"
import { Complaints } from "../../relay/observation/complaints.js"
import type { Journal } from "../journal/journal.js"
import type { RespondMetrics } from "../metrics.js"
import type { Surroundings } from "../parameters/parameter.js"
import { type Alert, type Decision, decide, type Suppressing } from "./decision.js"
import { horizonOf, type Rule } from "./rule.js"
import { Suppressions } from "./suppressions.js"

/** So many responses can be open: waiting, running, or to be undone. */
const maxOpen = 10_000

/**
 * Suppressed events are recorded at most so often, however they arrive: a flood fills batches and not the audit log. What comes behind them waits
 * for no longer.
 */
const suppressedEveryMs = 200

/** So many events are decided about at a time, so that others get their turn. */
const turn = 64

/** How often what is over is forgotten. */
const pruneEveryMs = 10_000

/** What the desk decides by. It may change between two batches. */
export interface Policy {
  readonly rules: readonly Rule[]
  readonly surroundings: Surroundings
}

/** Decides about events. */
export class Desk implements Sink {
  readonly #journal: Journal
  readonly #policy: () => Policy
  readonly #metrics: RespondMetrics
  readonly #complaints: Complaints
  readonly #decided: () => void
  readonly #clock: Clock
  readonly #suppressions: Suppressions
  #prunedAt = 0
  #suppressedAt = Number.NEGATIVE_INFINITY

  /** @param decided Hears that there may be something to do. */
  constructor(
    journal: Journal,
    policy: () => Policy,
    metrics: RespondMetrics,
    log: Logger,
    clock: Clock,
    decided: () => void,
  ) {
    this.#clock = clock
    this.#journal = journal
    this.#policy = policy
    this.#metrics = metrics
    this.#complaints = new Complaints(log)
    this.#decided = decided
    this.#suppressions = new Suppressions(journal)
  }

  async start(): Promise<void> {}

  /** Decides about each event, in order. Rejects if the audit log cannot be written: the events come again, and nothing is done meanwhile. */
  async deliver(batch: readonly Outgoing[], stopped: AbortSignal): Promise<Outcome[]> {
    const { rules, surroundings } = this.#policy()
    this.#suppressions.clear()
    for (const [index, { frames, position, time, sender, source }] of batch.entries()) {
      if (index % turn === turn - 1) await setImmediate()
      const alert: Alert = {
        event: storedEvent(frames),
        ...(sender !== undefined && { sender }),
        from: source,
        position,
        received: time,
        bytes: frames.reduce((sum, { byteLength }) => sum + byteLength, 0),
      }
      for (const rule of rules) await this.#pass(rule, alert, surroundings)
    }
    if (!this.#suppressions.isEmpty) {
      const early = suppressedEveryMs - (this.#clock.now() - this.#suppressedAt)
      if (early > 0) await this.#clock.wait(Math.min(early, suppressedEveryMs), stopped)
      await this.#suppressions.write()
      this.#suppressedAt = this.#clock.now()
    }
    this.#prune(rules)
    return batch.map(() => "done")
  }

  async #pass(rule: Rule, alert: Alert, surroundings: Surroundings): Promise<void> {
    const { state } = this.#journal
    const passes = state.passes(rule.name)
    // The process ended before the cursor of the relay was on disk: this one was decided before.
    if (alert.position <= passes.position) return
    const decision = this.#decide(rule, alert, surroundings)
    if (decision === undefined) return
    const isOpen = "type" in decision && decision.decision !== "dry-run"
    const suppressing =
      isOpen && state.open.size >= maxOpen
        ? { reason: "full" as const, detail: `${maxOpen} responses are open` }
        : "reason" in decision
          ? decision
          : undefined
    if (suppressing !== undefined) {
      this.#metrics.suppressed.inc({ rule: rule.name, reason: suppressing.reason })
      this.#suppressions.add(rule, alert, suppressing)
      this.#complain(rule, suppressing)
      return
    }
    if (!("type" in decision)) return
    await this.#suppressions.write(rule.name)
    await this.#journal.write(() => decision)
    this.#metrics.decided.inc({ rule: rule.name, decision: decision.decision })
    this.#decided()
  }

  /** Windows and limits are there to suppress. Whatever else does is for somebody to look at. */
  #complain({ name }: Rule, { reason, detail }: Suppressing): void {
    if (detail === undefined) return
    this.#complaints.warn(
      `${name} ${reason}`,
      { rule: name, suppressed: reason, reason: detail },
      "An alert met a rule and led to nothing",
    )
  }

  #decide(rule: Rule, alert: Alert, surroundings: Surroundings): Decision {
    try {
      return decide(rule, alert, this.#journal.state.passes(rule.name), this.#journal.now, surroundings)
    } catch (error) {
      const { name } = rule
      this.#metrics.undecided.inc({ rule: name })
      const reason = (error as Error).message
      this.#complaints.warn(name, { rule: name, reason }, "The condition of a rule could not be decided")
      return undefined
    }
  }

  #prune(rules: readonly Rule[]): void {
    const { now } = this.#journal
    if (now - this.#prunedAt < pruneEveryMs) return
    this.#prunedAt = now
    this.#journal.prune(new Map(rules.map((rule) => [rule.name, horizonOf(rule)])))
  }

  async stop(): Promise<void> {}
}
