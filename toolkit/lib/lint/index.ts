// Checks that programs and configurations keep to what ZeroMQ's users should do.

export { findingEvents } from "./finding-events.js"
export { lintedExtensions, lintedFiles, lintFile, lintText } from "./lint.js"
export type { LintFinding } from "./place.js"
export { type Rule, type RuleId, rules } from "./rules.js"
