// What a `finding.reported` event has as data.

/** How bad a finding is. */
export type Severity = "critical" | "high" | "medium" | "low" | "info"

/** SARIF's levels: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html, section 3.27.10. */
export type Level = "error" | "warning" | "note" | "none"

/** Where a finding is. Lines and columns count from 1. */
export interface FindingLocation {
  /** The file, relative to the root of what was scanned if that is known. */
  readonly uri: string
  readonly line?: number
  readonly column?: number
  readonly endLine?: number
  readonly endColumn?: number
}

/** The data of a `finding.reported` event. */
export interface Finding {
  readonly tool: { readonly name: string; readonly version?: string; readonly uri?: string }
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
  readonly level: Level
  readonly severity: Severity
  readonly message: string
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
  readonly result: Readonly<Record<string, unknown>>
  /** The run without its results, rules and files. */
  readonly run: Readonly<Record<string, unknown>>
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
