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
  readonly id: string
  readonly rule: string
  readonly action: string
  readonly parameters: Readonly<Record<string, Value>>
  /** The program and its arguments, as they were when this was decided. */
  readonly command: readonly string[]
  readonly event: Cause
  /** What limits for a subject are about. */
  readonly subject?: string | undefined
  readonly decidedAt: number
  readonly isDryRun?: boolean
  status: Status
  /** When that began. */
  since: number
  /** Who has approved, and how many must until when. */
  approvals: readonly string[]
  readonly approval?: { readonly people: number; readonly until: number } | undefined
  /** After how many milliseconds it is undone. */
  readonly expires?: number | undefined
  /** When it is undone. */
  undoAt?: number | undefined
  /** Who wants it undone before. */
  undoBy?: string | undefined
  /** How often it was begun, and its undoing. */
  attempts: number
  undoAttempts: number
  /** How the last run ended. */
  outcome?: Finished["outcome"] | "dry run" | undefined
  reason?: string | undefined
}
