// A response: what has become of one decision.

import type { Value } from "../parameters/parameter.js"
import type { Cause, Finished } from "./steps.js"

/**
 * - `waiting`: for approval.
 * - `queued`: it will run.
 * - `running`, `undoing`: now.
 * - `active`: it is done, and will be undone.
 * - `ended`.
 */
export type Status = "waiting" | "queued" | "running" | "active" | "undoing" | "ended"

/** A response. Times are in milliseconds since 1970. */
export interface Response {
  /** Its id, which its steps in the audit log have, too. */
  readonly id: string
  /** The name of the rule that led to it. */
  readonly rule: string
  /** The name of the action. */
  readonly action: string
  /** The values that the rule gave to the action, checked. */
  readonly parameters: Readonly<Record<string, Value>>
  /** The program and its arguments, as they were when this was decided. */
  readonly command: readonly string[]
  /** The alert that led to it. */
  readonly event: Cause
  /** What limits for a subject are about. */
  readonly subject?: string | undefined
  /** When it was decided, in milliseconds since 1970, as all times here. */
  readonly decidedAt: number
  /** Whether nothing is done, because the rule is a dry run. */
  readonly isDryRun?: boolean
  /** Where it is in its life. */
  status: Status
  /** When that began. */
  since: number
  /** Who has approved. */
  approvals: readonly string[]
  /** How many people must approve, and until when. Undefined if nobody has to. */
  readonly approval?: { readonly people: number; readonly until: number } | undefined
  /** After how many milliseconds it is undone. */
  readonly expires?: number | undefined
  /** When it is undone. */
  undoAt?: number | undefined
  /** Who wants it undone before. */
  undoBy?: string | undefined
  /** How often it was begun. */
  attempts: number
  /** How often its undoing was begun. */
  undoAttempts: number
  /** How the last run ended. */
  outcome?: Finished["outcome"] | "dry run" | undefined
  /** Why the last run is not done, or why it was refused. */
  reason?: string | undefined
}
