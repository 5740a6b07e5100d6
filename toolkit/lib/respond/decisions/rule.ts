// Rules: which events lead to which responses.

import type { Expression } from "../../relay/routes/expression.js"
import type { Action } from "../actions/action.js"
import type { Limits } from "../journal/passes.js"

/** Who has to approve. */
export interface Approval {
  /** How many different people. */
  readonly people: number
  /** In milliseconds. Then it is refused. */
  readonly timeout: number
  /** Who may. Undefined: everyone who may approve at all. */
  readonly by?: readonly string[] | undefined
}

/** A rule that was checked. Times are in milliseconds. */
export interface Rule {
  readonly name: string
  /** The sources. All, by default. */
  readonly from?: readonly string[] | undefined
  /** The authenticated senders that it takes events from. Undefined: any, and none. */
  readonly senders?: readonly string[] | undefined
  readonly when: Expression
  readonly action: Action
  readonly values: ReadonlyMap<string, Expression>
  readonly dedupe?: { readonly key: Expression; readonly window: number } | undefined
  readonly limits: Limits
  readonly subject?: { readonly key: Expression; readonly limits: Limits } | undefined
  readonly maxAge: number
  readonly maxEvent: number
  readonly expires?: number | undefined
  readonly approval?: Approval | undefined
  readonly isDryRun: boolean
}

/** How far back the limits of a rule look. */
export function horizonOf({ limits, subject }: Rule): number {
  const all = [limits, subject?.limits ?? {}]
  return Math.max(0, ...all.flatMap(({ limit, cooldown }) => [limit?.per ?? 0, cooldown ?? 0]))
}
