// Events that lead to nothing, counted: a flood of them takes one entry of the audit log for each batch and reason, not one for each event.

import type { Journal } from "../journal/journal.js"
import type { Suppressed } from "../journal/steps.js"
import { type Alert, causeOf, type Suppressing } from "./decision.js"
import type { Rule } from "./rule.js"

/** What is to be written. */
export class Suppressions {
  readonly #journal: Journal
  readonly #pending = new Map<string, Suppressed>()

  constructor(journal: Journal) {
    this.#journal = journal
  }

  add({ name: rule }: Rule, alert: Alert, { reason, detail }: Suppressing): void {
    const key = `${reason} ${rule}`
    const { position } = alert
    const before = this.#pending.get(key)
    this.#pending.set(
      key,
      before
        ? { ...before, count: before.count + 1, to: position }
        : {
            type: "response.suppressed",
            rule,
            reason,
            count: 1,
            from: position,
            to: position,
            example: { event: causeOf(alert), ...(detail !== undefined && { detail }) },
          },
    )
  }

  /** Whether nothing is pending. */
  get isEmpty(): boolean {
    return this.#pending.size === 0
  }

  /** Writes what is pending of a rule, or of all. A rule's must be there before its next decision: what is before that is not looked at again. */
  async write(rule?: string): Promise<void> {
    for (const [key, step] of this.#pending) {
      if (rule !== undefined && step.rule !== rule) continue
      await this.#journal.write(() => step)
      this.#pending.delete(key)
    }
  }

  /** Forgets what is pending: the events come again. */
  clear(): void {
    this.#pending.clear()
  }
}
