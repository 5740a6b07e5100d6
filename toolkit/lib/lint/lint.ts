// Checks programs and configurations against the rules.

import { extname } from "node:path"
import { ConfigError, readText } from "../config/index.js"
import { lintConfiguration } from "./configuration/configuration.js"
import { configurations, isDeclaration, lintedExtensions, refusalOf } from "./files.js"
import { withoutIgnored } from "./ignores.js"
import type { LintFinding } from "./place.js"
import { lintSockets } from "./program/socket-rules.js"
import { Sockets } from "./program/socket-use.js"
import { parseProgram } from "./program/syntax.js"
import { lintHeaders } from "./program/trusted-header.js"
import { rules } from "./rules.js"

function lintProgram(text: string, file: string) {
  try {
    const { tree, comments } = parseProgram(text, file)
    const sockets = new Sockets(tree)
    return { violations: [...lintSockets(sockets), ...lintHeaders(tree, sockets)], comments }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ConfigError(file, [
      { line: 1, column: 1, path: "", message: "The program is nested too deeply to check" },
    ])
  }
}

/**
 * What breaks the rules in a program or in a configuration, in the order of the lines.
 *
 * @param file Its name: the ending says what it is, and paths in a configuration are relative to its folder
 * @throws ConfigError if it cannot be parsed, or is not a valid configuration
 */
export function lintText(text: string, file: string): LintFinding[] {
  const extension = extname(file)
  if (!lintedExtensions.includes(extension)) {
    const message = `Expected a file that ends in one of ${lintedExtensions.join(" ")}`
    throw new ConfigError(file, [{ line: 1, column: 1, path: "", message }])
  }
  if (isDeclaration(file)) return []
  const { violations, comments } = configurations.has(extension)
    ? lintConfiguration(text, file)
    : lintProgram(text, file)
  return withoutIgnored(violations, comments).map((violation) => {
    const { level, advice } = rules[violation.rule]
    return { file, level, advice, ...violation }
  })
}

/** Why a file cannot be read, and what to do. */
const unreadable: Readonly<Record<string, string>> = {
  ENOENT: "There is no such file",
  EACCES: "This user may not read it. Change its owner or mode",
}

/** What breaks the rules in a file. See {@link lintText}. What is not a regular file, or a program larger than 5 MiB, is refused. */
export function lintFile(file: string): LintFinding[] {
  const refusal = refusalOf(file)
  if (refusal !== undefined) throw new ConfigError(file, [{ line: 1, column: 1, path: "", message: refusal }])
  return lintText(readText(file, unreadable), file)
}
