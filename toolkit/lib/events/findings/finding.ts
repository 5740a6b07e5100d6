// What a `finding.reported` event has as data.

/** How bad a finding is. */
export type Severity = "critical" | "high" | "medium" | "low" | "info"

/** SARIF's levels: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html, section 3.27.10. */
export type Level = "error" | "warning" | "note" | "none"

/** Where a finding is. Lines and columns count from 1. */
export interface FindingLocation {
  /** The file, relative to the root of what was scanned if that is known. */
  readonly uri: string
  /** The first line, from 1. */
  readonly line?: number
  /** The first column, from 1. */
  readonly column?: number
  /** The last line, from 1. */
  readonly endLine?: number
  /** The column behind the last character, from 1. */
  readonly endColumn?: number
}

/** The data of a `finding.reported` event. */
export interface Finding {
  /** The scanner: its name, its version and its page, if they are known. */
  readonly tool: { readonly name: string; readonly version?: string; readonly uri?: string }
  /** The rule that was violated: its id, and what the tool says of it. */
  readonly rule: {
    readonly id: string
    readonly name?: string
    readonly text?: string
    readonly uri?: string
    /** Such as `CWE-79`. */
    readonly cwe?: readonly string[]
    /** Such as `CVE-2021-44228`. */
    readonly cve?: string
  }
  /** How the tool rates it, as SARIF has it. */
  readonly level: Level
  /** How severe it is, made of the tool's score, or else of the level. */
  readonly severity: Severity
  /** What was found, as plain text. */
  readonly message: string
  /** Where it is. Absent if it is in no place, such as a finding about the whole project. */
  readonly location?: FindingLocation
  /** How it compares with an earlier run, if the tool says so. */
  readonly baseline?: "new" | "unchanged" | "updated" | "absent"
  /** Whether someone has decided that it need not be fixed. */
  readonly suppressed?: boolean
  /** The result as the tool wrote it, and what else `toSarif` needs. */
  readonly sarif?: SarifParts
}

/** The parts of a SARIF log that belong to one result. */
export interface SarifParts {
  /** The result, as the tool wrote it. */
  readonly result: Readonly<Record<string, unknown>>
  /** The run without its results, rules and files. */
  readonly run: Readonly<Record<string, unknown>>
  /** The description of the rule, if the tool has one. */
  readonly rule?: Readonly<Record<string, unknown>>
  /** The extension of the tool that has the rule, without its rules. */
  readonly extension?: Readonly<Record<string, unknown>>
}

const ofLevel: Record<Level, Severity> = { error: "high", warning: "medium", note: "low", none: "info" }

/**
 * The severity of a finding: from a score of CVSS if the rule has one, as GitHub reads `security-severity`
 * (https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning), else from its level.
 */
export function severityOf(level: Level, score: number): Severity {
  if (!(score > 0 && score <= 10)) return ofLevel[level]
  if (score >= 9) return "critical"
  if (score >= 7) return "high"
  return score >= 4 ? "medium" : "low"
}
