// What the status page shows, and what it can do. The programs that have a page implement it, so that this folder knows nothing of them.

import type { ApprovalSubject, ApprovalView } from "./approvals.js"
import type { AuditSubject, AuditView } from "./audit.js"
import type { LetterSubject, RelayView } from "./relay.js"
import type { WorkSubject, WorkView } from "./work.js"

/** The state of a program at one time. Parts that it does not have are undefined. */
export interface Snapshot {
  /** In milliseconds since 1970. */
  readonly time: number
  /** The same by a clock that never goes back, since some time. */
  readonly elapsed: number
  readonly version: string
  /** When the program started, in milliseconds since 1970. */
  readonly started: number
  readonly state: "starting" | "ready" | "draining"
  readonly relay?: RelayView | undefined
  readonly work?: WorkView | undefined
  readonly approvals?: readonly ApprovalView[] | undefined
  readonly audit?: readonly AuditView[] | undefined
}

/** A program, as the page needs it. What it does not have cannot be done. */
export interface Subject {
  /** What the page is of, such as `ohmq relay`. */
  readonly title: string
  snapshot(): Promise<Snapshot>
  /** Resolves after a time, or once the signal is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>
  /** Writes a line into the program's log. */
  log(level: "info" | "warn" | "error", details: Record<string, unknown>, message: string): void
  readonly letters?: LetterSubject | undefined
  readonly work?: WorkSubject | undefined
  readonly approvals?: ApprovalSubject | undefined
  readonly audit?: AuditSubject | undefined
}
