// What people decide: whether a response may run, and whether it is to be undone.

import type { Rule } from "./decisions/rule.js"
import type { Journal } from "./journal/journal.js"
import type { Response } from "./journal/response.js"

/** A decision of a person that cannot be taken. */
export class ApprovalError extends Error {
  override readonly name = "ApprovalError"
}

/** What else has to be known about the configuration. */
export interface ApprovalPolicy {
  rule(name: string): Rule | undefined
  /** Whether an action can be undone. */
  canUndo(action: string): boolean
}

const maxReason = 500

const dateOf = (time: number) => new Date(time).toISOString()

/** Takes the decisions of people. Each resolves once it is in the audit log. */
export class Approvals {
  readonly #open: () => Journal | undefined
  readonly #policy: ApprovalPolicy
  readonly #decided: () => void

  /**
   * @param open The journal, once it is open.
   * @param decided Hears that there may be something to do.
   */
  constructor(open: () => Journal | undefined, policy: ApprovalPolicy, decided: () => void) {
    this.#open = open
    this.#policy = policy
    this.#decided = decided
  }

  /** Whether it is known what waits. */
  get isOpen(): boolean {
    return this.#open() !== undefined
  }

  get #journal(): Journal {
    const journal = this.#open()
    if (journal === undefined)
      throw new ApprovalError(
        "The audit log cannot be opened yet, so nothing is known or done: see the responder's log",
      )
    return journal
  }

  #find(id: string): Readonly<Response> {
    const { open, ended } = this.#journal.state
    const response = open.get(id) ?? ended.get(id)
    if (response === undefined)
      throw new ApprovalError(`There is no response ${JSON.stringify(id.slice(0, 64))}. See: ohmq respond list`)
    return response
  }

  /**
   * Approves a response that waits. Resolves to how many people have still to approve.
   *
   * @param who The person, as `people` names them. Whoever calls this has verified it.
   * @throws {@link ApprovalError} if it does not wait, the time is over, or this person may not
   */
  async approve(id: string, who: string): Promise<number> {
    let missing = 0
    await this.#journal.write((now) => {
      const { status, approvals, approval, rule } = this.#find(id)
      if (status !== "waiting")
        throw new ApprovalError(`The response ${id} does not wait for approval: it is ${status}`)
      const { until = 0, people = 1 } = approval ?? {}
      if (until <= now) throw new ApprovalError(`The time to approve ${id} was over at ${dateOf(until)}`)
      const by = this.#policy.rule(rule)?.approval?.by
      if (by !== undefined && !by.includes(who))
        throw new ApprovalError(`${who} may not approve what the rule ${rule} does. These may: ${by.join(", ")}`)
      if (approvals.includes(who))
        throw new ApprovalError(`${who} has approved ${id} already. It needs ${people} different people`)
      missing = people - approvals.length - 1
      return { type: "response.approved", id, by: who } as const
    })
    this.#decided()
    return missing
  }

  /**
   * Refuses a response that waits, or that has not begun yet.
   *
   * @param why For the audit log: at most 500 characters.
   * @throws {@link ApprovalError} if it has begun
   */
  async refuse(id: string, who: string, why: string): Promise<void> {
    if (why.length > maxReason) throw new ApprovalError(`The reason has more than ${maxReason} characters`)
    await this.#journal.write(() => {
      const { status } = this.#find(id)
      if (status !== "waiting" && status !== "queued")
        throw new ApprovalError(
          `The response ${id} cannot be refused any more: it is ${status}${status === "active" ? ". To take it back: ohmq respond undo" : ""}`,
        )
      return { type: "response.refused", id, by: who, reason: why } as const
    })
  }

  /**
   * Undoes a response now. One that runs is undone when it has ended.
   *
   * @throws {@link ApprovalError} if it has not run, was undone, or cannot be
   */
  async undo(id: string, who: string): Promise<void> {
    await this.#journal.write(() => {
      const { status, action, outcome, isDryRun, undoAttempts } = this.#find(id)
      if (status === "waiting" || status === "queued")
        throw new ApprovalError(`The response ${id} has not run yet. To refuse it: ohmq respond refuse ${id}`)
      if (status === "ended" && (isDryRun || outcome === "refused" || outcome === "failed" || undoAttempts > 0))
        throw new ApprovalError(
          `There is nothing to undo: the response ${id} has ended as ${undoAttempts > 0 ? "undone" : outcome}`,
        )
      if (!this.#policy.canUndo(action)) throw new ApprovalError(`The action ${action} has no undo`)
      return { type: "response.undo", id, by: who } as const
    })
    this.#decided()
  }

  /** What waits for approval, oldest first. */
  pending(): Readonly<Response>[] {
    return [...this.#journal.state.open.values()].filter(({ status }) => status === "waiting")
  }

  /** All that is open, then the last ones that ended. */
  list(): Readonly<Response>[] {
    const { open, ended } = this.#journal.state
    return [...open.values(), ...ended.values()]
  }
}
