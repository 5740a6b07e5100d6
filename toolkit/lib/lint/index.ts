/**
 * Checks that programs and configurations keep to what ZeroMQ's users should do.
 *
 * @module ohmq-toolkit/lint
 */

export { lintedExtensions, lintedFiles, type Skipped } from "./files.js"
export { lintFile, lintText } from "./lint.js"
export type { LintFinding } from "./place.js"
export { type Rule, type RuleId, rules } from "./rules.js"
export { sarifLog } from "./sarif-log.js"
