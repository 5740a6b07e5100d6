// What the rules report.

import type { RuleId } from "./rules.js"

/** A place that breaks a rule. */
export interface Violation {
  readonly rule: RuleId
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** What is there. */
  readonly message: string
  /** What to do here, if it is not what the rule says: an HTTP server has no CURVE, say. */
  readonly advice?: string
}

/** A violation, and the file that has it. */
export interface LintFinding extends Violation {
  /** The file, as it was named. */
  readonly file: string
  /** How serious it is. */
  readonly level: "error" | "warning"
  /** What to do. */
  readonly advice: string
}

/** A comment, without its marks, and the line it ends on. */
export interface Comment {
  readonly text: string
  readonly line: number
  readonly column: number
}
