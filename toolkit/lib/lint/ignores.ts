// Comments that say why a finding may stay: `ohmq-lint-ignore RULE reason`.

import { suggestion } from "../config/index.js"
import type { Comment, Violation } from "./place.js"
import { type RuleId, rules } from "./rules.js"

const mark = "ohmq-lint-ignore"

interface Ignore extends Comment {
  rule: RuleId
  isUsed: boolean
}

/** The violations that no comment ignores, and the comments that ignore nothing. In the order of their lines. */
export function withoutIgnored(violations: readonly Violation[], comments: readonly Comment[]): Violation[] {
  const wrong: Violation[] = []
  const ignores: Ignore[] = []
  for (const comment of comments) {
    const [first = "", rule = "", ...reason] = comment.text.trim().split(/\s+/)
    if (first !== mark) continue
    const refuse = (message: string) =>
      wrong.push({ rule: "bad-ignore", line: comment.line, column: comment.column, message })
    if (!Object.hasOwn(rules, rule)) refuse(`Unknown rule "${rule}".${suggestion(rule, Object.keys(rules))}`)
    else if (reason.length === 0) refuse(`There is no reason for ignoring ${rule}`)
    else ignores.push({ ...comment, rule: rule as RuleId, isUsed: false })
  }
  const left = violations.filter(({ rule, line }) => {
    const found = ignores.filter((one) => one.rule === rule && (one.line === line || one.line === line - 1))
    for (const one of found) one.isUsed = true
    return found.length === 0
  })
  for (const { isUsed, rule, line, column } of ignores) {
    if (!isUsed) wrong.push({ rule: "bad-ignore", line, column, message: `Nothing breaks ${rule} here` })
  }
  return [...left, ...wrong].toSorted((a, b) => a.line - b.line || a.column - b.column)
}
