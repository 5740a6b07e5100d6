// What the responder remembers: a fold over the steps in the audit log. Nothing else changes it, so that it is after a crash what it was before.

import { Passes } from "./passes.js"
import type { Response, Status } from "./response.js"
import type { Approved, Decided, Finished, Refused, Started, Timed, UndoAsked } from "./steps.js"

/** So many responses that have ended are kept, for lists. */
const maxEnded = 1000

/** The state as JSON. */
export interface Frozen {
  readonly rules: Readonly<Record<string, ReturnType<Passes["freeze"]>>>
  readonly responses: readonly Response[]
}

/** The state. */
export class State {
  readonly #rules = new Map<string, Passes>()
  readonly #open = new Map<string, Response>()
  readonly #ended = new Map<string, Response>()

  constructor(frozen?: Frozen) {
    for (const [rule, passes] of Object.entries(frozen?.rules ?? {})) this.#rules.set(rule, new Passes(passes))
    for (const response of frozen?.responses ?? [])
      (response.status === "ended" ? this.#ended : this.#open).set(response.id, response)
  }

  /** As JSON. */
  freeze(): Frozen {
    return {
      rules: Object.fromEntries([...this.#rules].map(([rule, passes]) => [rule, passes.freeze()])),
      responses: [...this.#ended.values(), ...this.#open.values()],
    }
  }

  /** What a rule has let pass. */
  passes(rule: string): Passes {
    let passes = this.#rules.get(rule)
    if (passes === undefined) {
      passes = new Passes()
      this.#rules.set(rule, passes)
    }
    return passes
  }

  /** The last position that a rule has decided about. */
  get lastPosition(): number {
    return Math.max(0, ...[...this.#rules.values()].map(({ position }) => position))
  }

  /** Those that have not ended, oldest first. */
  get open(): ReadonlyMap<string, Readonly<Response>> {
    return this.#open
  }

  /** Those that ended last. */
  get ended(): ReadonlyMap<string, Readonly<Response>> {
    return this.#ended
  }

  /** Forgets what no limit needs any more. */
  prune(now: number, horizons: ReadonlyMap<string, number>): void {
    for (const [rule, passes] of this.#rules) passes.prune(now, horizons.get(rule) ?? 0)
  }

  /** Takes a step in. One that does not fit is left out: it was written by something else. */
  apply(step: Timed): void {
    if (step.type === "response.decided") this.#decide(step)
    else if (step.type === "response.suppressed") this.passes(step.rule).passed(step.to)
    else if (step.type === "response.restarted") for (const passes of this.#rules.values()) passes.restart()
    else {
      const response = this.#open.get(step.id) ?? (step.type === "response.undo" ? this.#ended.get(step.id) : undefined)
      if (response !== undefined) this.#continue(response, step)
    }
  }

  #continue(response: Response, step: Timed<Approved | Refused | Started | Finished | UndoAsked>): void {
    switch (step.type) {
      case "response.approved":
        if (response.status !== "waiting" || response.approvals.includes(step.by)) break
        response.approvals = [...response.approvals, step.by]
        if (response.approvals.length >= (response.approval?.people ?? 1)) this.#become(response, "queued", step.at)
        break
      case "response.refused":
        response.outcome = "refused"
        response.reason = `${step.by}: ${step.reason}`
        this.#become(response, "ended", step.at)
        break
      case "response.started":
        if (step.run === "action") response.attempts = step.attempt
        else response.undoAttempts = step.attempt
        this.#become(response, step.run === "action" ? "running" : "undoing", step.at)
        break
      case "response.finished":
        this.#finish(response, step)
        break
      case "response.undo":
        response.undoBy = step.by
        // What runs is undone when it has ended.
        if (response.status === "running" || response.status === "undoing") break
        response.undoAt = step.at
        this.#ended.delete(response.id)
        this.#open.set(response.id, response)
        this.#become(response, "active", step.at)
    }
  }

  #decide(step: Timed<Decided>): void {
    const { id, rule, action, parameters, command, event, subject, decision, approval, expires, at } = step
    this.passes(rule).pass(step)
    const response: Response = {
      id,
      rule,
      action,
      parameters,
      command,
      event,
      subject,
      decidedAt: at,
      status: decision === "approve" ? "waiting" : "queued",
      since: at,
      approvals: [],
      approval,
      expires,
      attempts: 0,
      undoAttempts: 0,
    }
    if (decision !== "dry-run") {
      this.#open.set(id, response)
      return
    }
    this.#become({ ...response, isDryRun: true, outcome: "dry run" }, "ended", at)
  }

  #finish(response: Response, { outcome, reason, undoAt, again, run, at }: Timed<Finished>): void {
    // An attempt that could not even begin.
    if (run === "undo" && response.status === "active") response.undoAttempts++
    response.outcome = outcome
    response.reason = reason
    response.undoAt = undoAt
    this.#become(response, again ? "queued" : undoAt === undefined ? "ended" : "active", at)
  }

  #become(response: Response, status: Status, at: number): void {
    response.status = status
    response.since = at
    if (status !== "ended") return
    this.#open.delete(response.id)
    this.#ended.set(response.id, response)
    const [oldest] = this.#ended.keys()
    if (this.#ended.size > maxEnded && oldest !== undefined) this.#ended.delete(oldest)
  }
}
