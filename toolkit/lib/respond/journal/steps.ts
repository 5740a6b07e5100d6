// The steps of responses, as the audit log has them: a line of JSON each. They are all that the responder remembers by.

import type { Output, Result, Run } from "../actions/action.js"
import type { Value } from "../parameters/parameter.js"

/** The event that a response is to. Long attributes are cut. */
export interface Cause {
  /** The `source` of the event. */
  readonly source: string
  /** The `id` of the event. */
  readonly id: string
  /** The `type` of the event. */
  readonly type: string
  /** The authenticated sender. */
  readonly sender?: string
}

/** Why something that a rule was met by led to no response. */
export type Suppression =
  | "duplicate"
  | "limit"
  | "cooldown"
  | "subject limit"
  | "subject cooldown"
  | "refused"
  | "sender"
  | "too old"
  | "too large"
  | "full"

/** A rule was met, and a response begins. */
export interface Decided {
  readonly type: "response.decided"
  readonly id: string
  readonly rule: string
  readonly action: string
  readonly decision: "run" | "approve" | "dry-run"
  readonly parameters: Readonly<Record<string, Value>>
  /** What would be done: the program and its arguments. */
  readonly command: readonly string[]
  readonly event: Cause
  /** Where the event is in the store, and when it came, in milliseconds since 1970. */
  readonly position: number
  readonly received: number
  /** What counts as the same, and until when, in milliseconds since 1970. */
  readonly key?: { readonly value: string; readonly until: number }
  /** What limits for a subject are about. */
  readonly subject?: string
  /** After this many milliseconds it is undone. */
  readonly expires?: number
  /** How many people must approve, and until when. */
  readonly approval?: { readonly people: number; readonly until: number }
}

/** A rule was met, and nothing is done. Several events with the same reason share a step. */
export interface Suppressed {
  readonly type: "response.suppressed"
  readonly rule: string
  readonly reason: Suppression
  readonly count: number
  /** The positions of the first and the last event. */
  readonly from: number
  readonly to: number
  /** The first event, and what was wrong with it. */
  readonly example: { readonly event: Cause; readonly detail?: string }
}

/** A person has approved. */
export interface Approved {
  readonly type: "response.approved"
  readonly id: string
  readonly by: string
}

/** A person, or the time limit, has refused. */
export interface Refused {
  readonly type: "response.refused"
  readonly id: string
  readonly by: string
  readonly reason: string
}

/** It will be done, or undone, now. */
export interface Started {
  readonly type: "response.started"
  readonly id: string
  readonly action: string
  readonly run: Run
  readonly parameters: Readonly<Record<string, Value>>
  /** The program and its arguments. */
  readonly command: readonly string[]
  /** From 1. */
  readonly attempt: number
}

/** How a response, or its undoing, ended. */
export interface Finished {
  readonly type: "response.finished"
  readonly id: string
  readonly run: Run
  /** `refused`: what could be begun when it was decided cannot any more. `superseded`: a later response keeps what would be undone. */
  readonly outcome: Result["outcome"] | "refused" | "superseded"
  readonly reason?: string
  readonly isPartial?: true
  readonly code?: number
  readonly output?: Output
  /** When it will be undone, or when that will be tried again, in milliseconds since 1970. */
  readonly undoAt?: number
  /** It is done again: it is idempotent. */
  readonly again?: true
}

/** A person wants it undone now. */
export interface UndoAsked {
  readonly type: "response.undo"
  readonly id: string
  readonly by: string
}

/** A store that begins at 0 again: what was in it was lost, or removed. */
export interface Restarted {
  readonly type: "response.restarted"
  readonly reason: string
}

/** A step without its time. */
export type Step = Decided | Suppressed | Approved | Refused | Started | Finished | UndoAsked | Restarted

/** A step that is in the audit log. */
export type Timed<S extends Step = Step> = S & {
  /** In milliseconds since 1970. */
  readonly at: number
}

const types: ReadonlySet<string> = new Set<Step["type"]>([
  "response.decided",
  "response.suppressed",
  "response.approved",
  "response.refused",
  "response.started",
  "response.finished",
  "response.undo",
  "response.restarted",
])

/** The line of a step. */
export const stepLine = (step: Step, at: number): string =>
  JSON.stringify({ time: new Date(at).toISOString(), ...step })

/** The step in a line. Undefined if it is something else: other programs may have written to the log. */
export function parseStep(line: string): Timed | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== "object" || value === null) return undefined
  const { time, ...step } = value as { time?: unknown; type?: unknown }
  if (typeof time !== "string" || !types.has(String(step.type))) return undefined
  return { ...(step as unknown as Step), at: Date.parse(time) }
}
